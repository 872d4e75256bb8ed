/** `minisql master`: the control plane. Any number of them, one leads. */
import { SystemClock } from "../adapters/system_clock.ts";
import { SystemRandom } from "../adapters/system_random.ts";
import { ZookeeperCoordinator } from "../adapters/zookeeper/coordinator.ts";
import { Master } from "../master/master.ts";
import type { UpkeepOptions } from "../master/upkeep.ts";
import { buildInfo } from "./build_info.ts";
import { CATALOG_FLAGS, openCatalog } from "./catalog_flags.ts";
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { formatAddress } from "../cluster/address.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import { LOG_FLAGS, openLogging } from "./logging.ts";
import { ownHost, SERVER_FLAGS, serverNetwork, ZOOKEEPER_FLAGS } from "./server_flags.ts";
import { UsageError } from "./usage_error.ts";

/** A server may miss one heartbeat, and be heard by the next. */
const HEARTBEATS_MIN = 2;

/** What a master does by itself, and when. */
export const UPKEEP_FLAGS = {
  "repair-after": {
    kind: "duration",
    default: "5m",
    min: "1s",
    max: "7d",
    section: "Upkeep",
    help: "A region server away for so long is not waited for: its copies are made anew elsewhere",
  },
  balance: {
    kind: "boolean",
    default: true,
    section: "Upkeep",
    help: "Leave regions where they are, however uneven the load",
  },
  "balance-interval": {
    kind: "duration",
    default: "1m",
    min: "1s",
    max: "1d",
    section: "Upkeep",
    help: "How often the servers' load is compared",
  },
  "balance-threshold": {
    kind: "integer",
    default: 100,
    min: 1,
    section: "Upkeep",
    help: "Reads and writes a second below which a server never counts as busy",
  },
} as const satisfies FlagTable;

export function upkeepOf(config: ConfigOf<typeof UPKEEP_FLAGS>): UpkeepOptions {
  return {
    repairAfterMs: config.repairAfter,
    balanceMs: config.balance ? config.balanceInterval : null,
    balanceThreshold: config.balanceThreshold,
  };
}

export const masterCommand = command({
  name: "master",
  summary: "Run a master: it places, routes, watches and repairs",
  group: "Servers",
  description: "Run two or three, on different machines: one is elected and leads, the others " +
    "stand by and take over when it dies. No row of user data passes through a master, and reads " +
    "and writes go on while there is none. Ends in good order at SIGTERM: the mastership is " +
    "handed over at once.",
  positionals: {},
  flags: {
    ...SERVER_FLAGS,
    listen: {
      kind: "address",
      default: "0.0.0.0:9090",
      port: 9090,
      anyPort: true,
      help: "Where to take connections",
    },
    id: {
      kind: "text",
      value: "NAME",
      pattern: /^[\w.:-]{1,128}$/,
      accepts: "1 to 128 letters, digits, dots, colons, dashes and underscores",
      help: "This master's name, unlike any other's; its address unless told",
    },
    heartbeat: {
      kind: "duration",
      default: "5s",
      min: "100ms",
      max: "5m",
      help: "How often region servers report",
    },
    silence: {
      kind: "duration",
      default: "30s",
      min: "500ms",
      max: "1h",
      help: "A region server not heard for so long is evicted",
    },
    ...UPKEEP_FLAGS,
    ...ZOOKEEPER_FLAGS,
    ...CATALOG_FLAGS,
    ...LOG_FLAGS,
  },
  examples: [
    {
      line:
        "minisql master --zookeeper zk1:2181,zk2:2181,zk3:2181 --catalog mysql://minisql@db1/minisql",
      does: "Run a master; MINISQL_CATALOG_PASSWORD_FILE names a file with the password",
    },
  ],
  async run(config, context) {
    const { environment, out, process } = context;
    if (config.silence < HEARTBEATS_MIN * config.heartbeat) {
      throw new UsageError(
        `Cannot use --silence=${config.silence}ms with --heartbeat=${config.heartbeat}ms: ` +
          `servers would be evicted between two heartbeats; give at least twice as much`,
      );
    }
    const clock = new SystemClock();
    // First of all, so that whatever goes wrong next is told.
    const logging = openLogging(config, context);
    const reporter = logging.reporter.child({ role: "master" });
    const network = serverNetwork(config, environment);
    const catalog = openCatalog(config, clock);
    const coordinator = new ZookeeperCoordinator({
      connect: config.zookeeper,
      sessionTimeoutMs: config.sessionTimeout,
      clock,
    });
    const advertise = config.advertise ?? ownHost(config.listen.host);
    const id = config.id ?? formatAddress({ host: advertise, port: config.listen.port });
    const deps = { clock, random: new SystemRandom(), network, catalog, coordinator, reporter };
    const master = await Master.start(deps, {
      ...{
        id,
        advertise,
        cluster: config.cluster,
        root: config.root,
        version: buildInfo().version,
      },
      listen: config.listen,
      heartbeatMs: config.heartbeat,
      silenceMs: config.silence,
      upkeep: upkeepOf(config),
    });
    await out.line(`master ${id} listens on ${formatAddress(master.address)}`);
    try {
      await master.run(process.stop);
    } finally {
      await catalog.close();
    }
    return EXIT.ok;
  },
});
