/** `minisql status`, `servers`, `tables`, `regions`, `events`, `jobs`: a look at a cluster. */
import { SystemClock } from "../adapters/system_clock.ts";
import { SystemRandom } from "../adapters/system_random.ts";
import { MasterClient } from "../client/master_client.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import { viewLines } from "../shell/columns.ts";
import {
  eventsView,
  jobsView,
  regionsView,
  serversView,
  statusView,
  tablesView,
  type View,
} from "../shell/views.ts";
import { CLUSTER_FLAGS, clusterNetwork, LOGIN_FLAGS } from "./cluster_flags.ts";
import { type Command, command, type CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import type { ConfigOf } from "./flags.ts";

const FLAGS = {
  ...CLUSTER_FLAGS,
  ...LOGIN_FLAGS,
  masters: {
    kind: "addresses",
    default: "127.0.0.1:9090",
    port: 9090,
    help: "Any of the cluster's masters; the one that leads is found by itself",
  },
  timeout: {
    kind: "duration",
    default: "10s",
    min: "10ms",
    max: "10m",
    help: "How long to try, an election included",
  },
  watch: {
    kind: "duration",
    min: "100ms",
    max: "1h",
    help: "Show it again so often, until Ctrl-C",
  },
  json: { kind: "boolean", help: "Print the answer as JSON, one line each time" },
  "exit-code": { kind: "boolean", help: "With status: end with 1 unless all is well" },
} as const;

type Config = ConfigOf<typeof FLAGS>;
type Looked = "status" | "servers" | "meta" | "regions" | "events" | "jobs";

interface Look<N extends Looked> {
  readonly name: string;
  readonly op: N;
  readonly summary: string;
  readonly view: (answer: Answer<N>, now: number) => View;
  readonly isWell?: (answer: Answer<N>) => boolean;
}

function lookCommand<N extends Looked>(look: Look<N>): Command {
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

async function runLook<N extends Looked>(
  look: Look<N>,
  config: Config,
  context: CommandContext,
): Promise<number> {
  const { environment, process } = context;
  const clock = new SystemClock();
  const network = clusterNetwork(config, environment);
  const client = new MasterClient({ clock, random: new SystemRandom(), network }, {
    masters: config.masters,
    greeting: {
      ...{ cluster: config.cluster, role: "shell", name: `minisql ${look.name}` },
      ...(config.user === null ? {} : { user: config.user }),
      ...(config.password === null ? {} : { password: config.password }),
    },
  });
  const options = { timeoutMs: config.timeout, signal: process.stop };
  try {
    while (true) {
      const answer = await client.call(look.op, {} as Request<N>, options) as Answer<N>;
      await show(look, answer, config, context);
      const isWell = !config.exitCode || (look.isWell?.(answer) ?? true);
      if (config.watch === null) return isWell ? EXIT.ok : EXIT.failed;
      await clock.sleep(config.watch, process.stop);
    }
  } finally {
    client.close();
  }
}

/** At a terminal a watched view is drawn over the last one; elsewhere each follows the other. */
async function show<N extends Looked>(
  look: Look<N>,
  answer: Answer<N>,
  config: Config,
  { out }: CommandContext,
): Promise<void> {
  if (config.json) return await out.line(JSON.stringify(answer));
  const { terminal } = out;
  const again = config.watch !== null && terminal.isTerminal ? "\x1b[H\x1b[2J" : "";
  const lines = viewLines(look.view(answer, Date.now()));
  await out.write(`${again}${lines.map((line) => `${line}\n`).join("")}`);
}

export const CLUSTER_COMMANDS: readonly Command[] = [
  lookCommand({
    name: "status",
    op: "status",
    summary: "Is the cluster well? A verdict, in one sentence",
    view: statusView,
    isWell: ({ verdict }) => verdict.healthy,
  }),
  lookCommand({
    name: "servers",
    op: "servers",
    summary: "List region servers",
    view: serversView,
  }),
  lookCommand({
    name: "tables",
    op: "meta",
    summary: "List tables and their copies",
    view: tablesView,
  }),
  lookCommand({
    name: "regions",
    op: "regions",
    summary: "List regions and in-sync sets",
    view: regionsView,
  }),
  lookCommand({
    name: "events",
    op: "events",
    summary: "List what happened, newest last",
    view: eventsView,
  }),
  lookCommand({ name: "jobs", op: "jobs", summary: "List long operations", view: jobsView }),
];
