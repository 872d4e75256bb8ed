/** `minisql protocol`: the wire protocol, written from its declarations. */
import { protocolPage } from "../protocol/page.ts";
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";

export const protocolCommand = command({
  name: "protocol",
  summary: "Print the wire protocol as a page of Markdown",
  group: "Tools",
  positionals: {},
  flags: {},
  examples: [{ line: "minisql protocol > protocol.md", does: "The page of this version" }],
  async run(_config, { out }) {
    const page = protocolPage();
    await out.write(page.endsWith("\n") ? page : `${page}\n`);
    return EXIT.ok;
  },
});
