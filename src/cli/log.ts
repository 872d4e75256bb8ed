/** `minisql log TABLE`: the end of a table's replication log. */
import { seeLog } from "../shell/cluster/log.ts";
import { viewLines } from "../shell/columns.ts";
import { openClient } from "./client_flags.ts";
import { LOOK_FLAGS } from "./cluster_commands.ts";
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";

export const logCommand = command({
  name: "log",
  summary: "Show a table's replication log: positions, statements, fingerprints",
  group: "Clients",
  description:
    "Each entry is what was committed together: its position and epoch, the statements " +
    "with the rows they changed, and the fingerprints of the tables as they were afterwards.",
  positionals: {
    table: { kind: "text", value: "TABLE", env: false, required: true, help: "The table" },
  },
  flags: {
    from: {
      kind: "integer",
      min: 0,
      env: false,
      help: "The first position to show; the last entries where none is given",
    },
    limit: {
      kind: "integer",
      default: 20,
      min: 1,
      max: 1000,
      env: false,
      help: "How many entries",
    },
    ...LOOK_FLAGS,
  },
  examples: [
    { line: "minisql log orders", does: "What was done last" },
    { line: "minisql log orders --from 100 --limit 1000 --json", does: "For a program to read" },
  ],
  async run(config, context) {
    const { out, process } = context;
    const client = openClient(config, context, "log");
    try {
      const { from, limit } = config;
      const { view, answer } = await seeLog(client.admin, config.table, {
        ...{ from, limit },
        signal: process.stop,
      });
      if (config.json) await out.line(JSON.stringify(answer));
      else for (const line of viewLines(view)) await out.line(line);
      return EXIT.ok;
    } catch (error) {
      process.stop.throwIfAborted();
      throw error;
    } finally {
      await client.close();
    }
  },
});
