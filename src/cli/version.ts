/** `minisql version`: what is running, for people and for bug reports. */
import { buildInfo } from "./build_info.ts";
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";

export const versionCommand = command({
  name: "version",
  summary: "Show the version",
  group: "Tools",
  positionals: {},
  flags: {
    json: {
      kind: "boolean",
      env: false,
      help: "Show it with all that is known of the build, as JSON",
    },
  },
  examples: [{ line: "minisql version --json", does: "For a bug report" }],
  async run({ json }, { out }) {
    const info = buildInfo();
    await out.line(json ? JSON.stringify(info) : `minisql ${info.version}`);
    return EXIT.ok;
  },
});
