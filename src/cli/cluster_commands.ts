/** `minisql status`, `servers`, `tables`, `regions`, …: looks at a cluster. */
import { SystemClock } from "../adapters/system_clock.ts";
import { viewLines } from "../shell/columns.ts";
import { type Look, LOOKS, type Seen } from "../shell/cluster/looks.ts";
import { CLIENT_FLAGS, namedMasters, openClient } from "./client_flags.ts";
import { type Command, command, type CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import type { ConfigOf } from "./flags.ts";

export const LOOK_FLAGS = {
  ...CLIENT_FLAGS,
  timeout: {
    ...CLIENT_FLAGS.timeout,
    default: "10s",
    help: "How long to try, an election included",
  },
  json: { kind: "boolean", env: false, help: "Print the answer as JSON" },
} as const;

const FLAGS = {
  ...LOOK_FLAGS,
  watch: {
    kind: "duration",
    env: false,
    min: "100ms",
    max: "1h",
    help: "Show it again so often, until Ctrl-C",
  },
  "exit-code": { kind: "boolean", env: false, help: "End with 4 unless all is well" },
} as const;

type Config = ConfigOf<typeof FLAGS>;

function lookCommand(look: Look): Command {
  return command({
    name: look.name,
    summary: look.summary,
    group: "Clients",
    positionals: {},
    flags: FLAGS,
    examples: [
      { line: `minisql ${look.name} --masters m1:9090,m2:9090`, does: "Ask whichever leads" },
      { line: `minisql ${look.name} --json`, does: "For a program to read" },
      { line: `minisql ${look.name} --watch 2s`, does: "Keep an eye on it" },
    ],
    run: (config, context) => runLook(look, config, context),
  });
}

async function runLook(look: Look, config: Config, context: CommandContext): Promise<number> {
  const { process } = context;
  const clock = new SystemClock();
  const client = openClient(config, context, look.name);
  try {
    while (true) {
      const seen = await look.see(client.admin, {
        timeoutMs: config.timeout,
        signal: process.stop,
        now: clock.wallMicros() / 1000,
        masters: namedMasters(config),
      });
      await show(seen, config, context);
      if (config.watch === null) {
        return seen.isWell || !config.exitCode ? EXIT.ok : EXIT.problems;
      }
      await clock.sleep(config.watch, process.stop);
    }
  } catch (error) {
    process.stop.throwIfAborted();
    throw error;
  } finally {
    await client.close();
  }
}

/** At a terminal a watched view is drawn over the last one; elsewhere each follows the other. */
async function show(seen: Seen, config: Config, { out }: CommandContext): Promise<void> {
  if (config.json) return await out.line(JSON.stringify(seen.answer));
  const again = config.watch !== null && out.terminal.isTerminal ? "\x1b[H\x1b[2J" : "";
  await out.write(`${again}${viewLines(seen.view).map((line) => `${line}\n`).join("")}`);
}

export const CLUSTER_COMMANDS: readonly Command[] = LOOKS.map(lookCommand);
