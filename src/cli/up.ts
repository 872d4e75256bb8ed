/** `minisql up`: a whole cluster in one process, on embedded parts. */
import { SystemClock } from "../adapters/system_clock.ts";
import { CLUSTER_FLAGS } from "./cluster_flags.ts";
import { command, type CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { LOG_FLAGS } from "./logging.ts";
import { clean, list, stop } from "./up/manage.ts";
import { MASTERS_MAX, PORT_OFFSET_MAX, REGIONS_MAX } from "./up/ports.ts";
import { Records } from "./up/records.ts";
import { runUp, startDetached, type UpConfig } from "./up/run.ts";
import { UsageError } from "./usage_error.ts";

export const upCommand = command({
  name: "up",
  summary: "Run a whole cluster here, to try it out; at a terminal with a shell",
  group: "Servers",
  description: "Starts masters and region servers in this process, each on a port of its own, " +
    "with an embedded database in place of MySQL and of ZooKeeper; nothing else is needed. At a " +
    "terminal it opens a shell, where \\demo makes servers fail and shows what happens then. " +
    "Elsewhere it serves until SIGTERM. Without --data all of it is gone afterwards.",
  positionals: {
    action: {
      kind: "choice",
      values: ["ls", "stop", "clean"],
      value: "ACTION",
      env: false,
      help:
        "What to do in place of starting one: ls lists the clusters that run here, stop ends one, clean removes what is left of " +
        "those that were killed",
    },
    port: {
      kind: "integer",
      value: "PORT",
      env: false,
      min: 1,
      max: 65_535,
      help: "With stop: which cluster, by its first master's port, as ls lists it",
    },
  },
  flags: {
    // MINISQL_MASTERS is where a cluster's masters are, for every other command.
    masters: {
      kind: "integer",
      default: 1,
      min: 1,
      max: MASTERS_MAX,
      env: false,
      help: "How many masters",
    },
    regions: {
      kind: "integer",
      env: false,
      default: 3,
      min: 1,
      max: REGIONS_MAX,
      help: "How many region servers",
    },
    data: {
      kind: "text",
      value: "DIR",
      help: "Keep everything in this folder, and go on from what it holds; without it data is " +
        "gone when the cluster ends",
    },
    "port-offset": {
      kind: "integer",
      default: 0,
      min: 0,
      max: PORT_OFFSET_MAX,
      help: "Add so much to each port: for several clusters at a time",
    },
    sample: {
      kind: "choice",
      values: ["none", "shop"],
      help: "Tables to play with: shop has customers, products and orders; shop with a shell, " +
        "none without",
    },
    "ready-file": {
      kind: "text",
      value: "FILE",
      env: false,
      help: "Written as JSON once the cluster can be used, removed when it ends",
    },
    shell: { kind: "boolean", default: true, help: "Open no shell, also at a terminal" },
    detach: {
      kind: "boolean",
      env: false,
      help: "Start it in the background and return once it is ready",
    },
    engine: {
      kind: "choice",
      values: ["sqlite", "mysql"],
      env: false,
      default: "sqlite",
      help: "What copies are kept in; for mysql use scripts/up, which starts private servers",
    },
    coordinator: {
      kind: "choice",
      values: ["memory", "zookeeper"],
      env: false,
      default: "memory",
      help: "What coordinates; for zookeeper use scripts/up, which starts a private server",
    },
    cluster: CLUSTER_FLAGS.cluster,
    ...LOG_FLAGS,
    "log-level": { ...LOG_FLAGS["log-level"], default: "warning" },
    "log-file": {
      kind: "text",
      value: "FILE",
      section: "Logging",
      help: "Log to the end of this file; with a shell it is minisql.log in the data folder, " +
        "without one stderr",
    },
  },
  examples: [
    { line: "minisql up", does: "A cluster of one master and three region servers, and a shell" },
    { line: "minisql up --masters 3 --regions 5 --data ./data", does: "A larger one that stays" },
    {
      line: "minisql up --detach --port-offset 1000 && minisql up ls && minisql up stop",
      does: "A second one in the background, for tests",
    },
  ],
  runsPrograms: true,
  async run(config, context) {
    const records = new Records(context.environment);
    if (config.action !== null) await manage(config, context, records);
    else {
      requireEmbedded(config);
      if (config.port !== null) throw new UsageError(`Unexpected argument "${config.port}"`);
      if (config.detach) await startDetached(config, context, records);
      else await runUp(config, context, records);
    }
    return EXIT.ok;
  },
});

async function manage(
  { action, port }: UpConfig & { readonly action: string | null; readonly port: number | null },
  { out }: CommandContext,
  records: Records,
): Promise<void> {
  const deps = { clock: new SystemClock(), records, out };
  if (action === "stop") return await stop(deps, port);
  if (port !== null) throw new UsageError(`Unexpected argument "${port}": ${action} takes none`);
  if (action === "clean") await clean(deps);
  else await list(deps);
}

/** Servers of other programs are started where their starters are: in the source code. */
function requireEmbedded({ engine, coordinator }: UpConfig): void {
  const asked = engine === "mysql" ? "--engine mysql" : "--coordinator zookeeper";
  if (engine === "sqlite" && coordinator === "memory") return;
  throw new UsageError(
    `Cannot use ${asked} here: only scripts/up, in the source code, starts MariaDB and ` +
      "ZooKeeper servers. Run scripts/up --engine mysql --coordinator zookeeper",
  );
}
