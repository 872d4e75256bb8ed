/** minisql: argv to exit code. Nothing else ends the process. */
import { main } from "./src/cli/main.ts";

Deno.exit(await main(Deno.args));
