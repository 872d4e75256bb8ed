/** `minisql verify`, `move`, `drain`, `cancel`, `step-down`: what operators do to a cluster. */
import type { Client } from "../client/api.ts";
import {
  type Plan,
  planCancel,
  planDrain,
  planMove,
  planStepDown,
} from "../shell/cluster/actions.ts";
import { followJob } from "../shell/cluster/follow_job.ts";
import { readRid } from "../shell/cluster/rid.ts";
import { verifyTables } from "../shell/cluster/verify.ts";
import { viewLines } from "../shell/columns.ts";
import { isConfirmed } from "../shell/confirm.ts";
import { openClient } from "./client_flags.ts";
import { LOOK_FLAGS } from "./cluster_commands.ts";
import { type Command, command, type CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import type { ConfigOf } from "./flags.ts";
import { realShellPort } from "./shell_port.ts";

const ACTION_FLAGS = {
  ...LOOK_FLAGS,
  yes: { kind: "boolean", short: "y", env: false, help: "Do not ask" },
  "dry-run": { kind: "boolean", env: false, help: "Only say what would be done" },
  wait: { kind: "boolean", default: true, env: false, help: "Do not wait until it is done" },
} as const;

type ActionConfig = ConfigOf<typeof ACTION_FLAGS>;

const SERVER = {
  kind: "text",
  value: "SERVER",
  env: false,
  pattern: /^[rR]?[1-9]\d{0,8}$/,
  accepts: "a server's number, as r3 or 3",
} as const;

const TABLE = { kind: "text", value: "TABLE", env: false } as const;

type Planner = (client: Client, signal: AbortSignal) => Promise<Plan>;

async function act(
  name: string,
  config: ActionConfig,
  context: CommandContext,
  planner: Planner,
): Promise<number> {
  const { out, err, process } = context;
  const port = realShellPort(context);
  const client = openClient(config, context, name);
  try {
    const plan = await planner(client, process.stop);
    const told = config.dryRun ? out : err;
    for (const line of plan.lines) await told.line(line);
    if (config.dryRun) return EXIT.ok;
    if (!config.yes && !await isConfirmed(port, "Go on?")) {
      await err.line("Nothing was done.");
      return EXIT.failed;
    }
    const { job, says, answer } = await plan.order(process.stop);
    if (job !== null && config.wait) {
      await err.line(`${says}, as job ${job}.`);
      try {
        await followJob(client.admin, port, job, process.stop);
      } catch (error) {
        if (process.stop.aborted) await err.line(`It goes on; minisql cancel ${job} ends it.`);
        throw error;
      }
    }
    const line = job === null ? `${says}.` : `${says}: ${config.wait ? "done" : `job ${job}`}.`;
    await out.line(config.json ? JSON.stringify(answer) : line);
    return EXIT.ok;
  } catch (error) {
    process.stop.throwIfAborted();
    throw error;
  } finally {
    await client.close();
  }
}

const verifyCommand = command({
  name: "verify",
  summary: "Have every copy recount its rows, and compare them",
  group: "Clients",
  description: "Reads every row of every copy; the cluster goes on meanwhile. Ends with 4 when a " +
    "copy does not agree with the others or could not be asked.",
  positionals: { table: { ...TABLE, help: "One table only" } },
  flags: LOOK_FLAGS,
  examples: [
    { line: "minisql verify", does: "Everything" },
    { line: "minisql verify orders --json", does: "One table, for a program to read" },
  ],
  async run(config, context) {
    const { out, process } = context;
    const client = openClient(config, context, "verify");
    try {
      const port = realShellPort(context);
      const seen = await verifyTables(client.admin, port, config.table, process.stop);
      if (config.json) await out.line(JSON.stringify(seen.answer));
      else for (const line of viewLines(seen.view)) await out.line(line);
      return seen.isWell ? EXIT.ok : EXIT.problems;
    } catch (error) {
      process.stop.throwIfAborted();
      throw error;
    } finally {
      await client.close();
    }
  },
});

const moveCommand = command({
  name: "move",
  summary: "Move a copy of a table to another server",
  group: "Clients",
  positionals: { table: { ...TABLE, required: true, help: "The table to move" } },
  flags: {
    from: { ...SERVER, help: "The server that gives its copy up; the busiest where none is named" },
    to: { ...SERVER, help: "The server that gets it; the one that suits best where none is named" },
    primary: {
      kind: "boolean",
      env: false,
      help: "Move only the primary's role, to a server that has a copy",
    },
    ...ACTION_FLAGS,
  },
  examples: [
    { line: "minisql move orders --to r4", does: "From the busiest of its servers" },
    { line: "minisql move orders --primary --to r2 --yes", does: "Only who writes changes" },
  ],
  run(config, context) {
    const { table, from, to, primary: role } = config;
    const request = {
      ...{ table, role },
      from: from === null ? null : readRid(from),
      to: to === null ? null : readRid(to),
    };
    return act("move", config, context, (client) => planMove(client.admin, request));
  },
});

const drainCommand = command({
  name: "drain",
  summary: "Move everything off a server, before it is taken away",
  group: "Clients",
  positionals: { server: { ...SERVER, required: true, help: "The server to empty" } },
  flags: {
    undo: { kind: "boolean", env: false, help: "Let it have copies again" },
    ...ACTION_FLAGS,
  },
  examples: [
    { line: "minisql drain r3 --dry-run", does: "What would move" },
    { line: "minisql drain r3 --yes", does: "Move it" },
    { line: "minisql drain r3 --undo", does: "Take it back" },
  ],
  run: (config, context) =>
    act(
      "drain",
      config,
      context,
      (client, signal) => planDrain(client.admin, readRid(config.server), config.undo, signal),
    ),
});

const cancelCommand = command({
  name: "cancel",
  summary: "Take back a move, a drain or a new copy that is under way",
  group: "Clients",
  positionals: {
    job: { kind: "text", value: "JOB", env: false, required: true, help: "As jobs lists it" },
  },
  flags: ACTION_FLAGS,
  examples: [{ line: "minisql cancel j17", does: "What was begun is undone" }],
  run: (config, context) =>
    act("cancel", config, context, async (client, signal) => {
      signal.throwIfAborted();
      return await Promise.resolve(planCancel(client.admin, config.job));
    }),
});

const stepDownCommand = command({
  name: "step-down",
  summary: "Have the master that leads hand over to another",
  group: "Clients",
  positionals: {},
  flags: ACTION_FLAGS,
  examples: [{ line: "minisql step-down --yes", does: "Before its machine is restarted" }],
  run: (config, context) =>
    act("step-down", config, context, (client, signal) => planStepDown(client.admin, signal)),
});

export const ACTION_COMMANDS: readonly Command[] = [
  verifyCommand,
  moveCommand,
  drainCommand,
  cancelCommand,
  stepDownCommand,
];
