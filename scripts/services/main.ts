/** The services command: see the usage text. */
import { readArguments, USAGE } from "./arguments.ts";
import { ensureInstalled } from "./install.ts";
import { ServiceError } from "./service_error.ts";
import { up } from "./up.ts";

async function main(args: readonly string[]): Promise<void> {
  const chosen = readArguments(args);
  switch (chosen.command) {
    case "help":
      return console.log(USAGE);
    case "install":
      return await ensureInstalled();
    case "up":
      return await up(chosen);
  }
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    console.error(`services: ${error.message}`);
    Deno.exitCode = 1;
  }
}
