/** `minisql region`: the data plane. One beside each MySQL server. */
import { SystemClock } from "../adapters/system_clock.ts";
import { SystemRandom } from "../adapters/system_random.ts";
import { ZookeeperCoordinator } from "../adapters/zookeeper/coordinator.ts";
import { READ_LIMITS } from "../region/read/limits.ts";
import { RegionServer } from "../region/region_server.ts";
import { buildInfo } from "./build_info.ts";
import { command } from "./command.ts";
import { DataFolder } from "./data_folder.ts";
import { ENGINE_FLAGS, engineSource } from "./engine_flags.ts";
import { EXIT } from "./exit_codes.ts";
import { formatAddress } from "../cluster/address.ts";
import { LOG_FLAGS, openLogging } from "./logging.ts";
import { ownHost, SERVER_FLAGS, serverNetwork, ZOOKEEPER_FLAGS } from "./server_flags.ts";

const GATHERING = "Gathering";
const MIB = 1024 * 1024;

export const regionCommand = command({
  name: "region",
  summary: "Run a region server: it keeps copies of tables in one MySQL database",
  group: "Servers",
  description: "Run one beside each MySQL or MariaDB server. It registers with the master, is " +
    "given copies of tables to keep, writes to them in step with the other copies and reads from " +
    "them. All of its database belongs to it: whatever is changed there behind its back is found " +
    "and put right. Its data folder holds its log and says who it is, so it must outlive the " +
    "process. Ends in good order at SIGTERM.",
  positionals: {},
  flags: {
    ...SERVER_FLAGS,
    listen: {
      kind: "address",
      default: "0.0.0.0:9091",
      port: 9091,
      anyPort: true,
      help: "Where to take connections",
    },
    zone: {
      kind: "text",
      default: "",
      pattern: /^[\w.:-]{0,64}$/,
      accepts: "at most 64 letters, digits, dots, colons, dashes and underscores",
      value: "NAME",
      help: "Where this server stands: a table's copies are spread over zones",
    },
    "data-dir": {
      kind: "text",
      default: "/var/lib/minisql",
      value: "DIR",
      help: "This server's own folder: its name, its log, what repairs have set aside",
    },
    "gather-rows": {
      kind: "integer",
      default: READ_LIMITS.gatherRows,
      min: 1,
      max: 100_000_000,
      section: GATHERING,
      help: "Rows that may be brought here for a query whose tables no server holds all of",
    },
    "gather-size": {
      kind: "integer",
      default: READ_LIMITS.gatherBytes / MIB,
      min: 1,
      max: 1_000_000,
      value: "MIB",
      section: GATHERING,
      help: "And how much that may be",
    },
    ...ENGINE_FLAGS,
    ...ZOOKEEPER_FLAGS,
    ...LOG_FLAGS,
  },
  examples: [
    {
      line: "minisql region --zookeeper zk1:2181,zk2:2181,zk3:2181 " +
        "--mysql mysql://minisql@127.0.0.1/minisql_data --zone a",
      does: "Run a region server; MINISQL_MYSQL_PASSWORD_FILE names a file with the password",
    },
    {
      line: "minisql region --engine sqlite --data-dir ./r1 --listen 127.0.0.1:9091",
      does: "Without a MySQL server, to try it out",
    },
  ],
  async run(config, context) {
    const { environment, out, process } = context;
    const clock = new SystemClock();
    const random = new SystemRandom();
    // First of all, so that whatever goes wrong next is told.
    const reporter = openLogging(config, context).reporter.child({ role: "region" });
    const network = serverNetwork(config, environment);
    const source = engineSource(config, environment);
    const folder = await DataFolder.open(config.dataDir, config.cluster, random);
    try {
      const opened = await source.open({ clock, random }, folder);
      const { engine } = opened;
      try {
        await folder.bind(engine, opened.name);
        const coordinator = new ZookeeperCoordinator({
          connect: config.zookeeper,
          sessionTimeoutMs: config.sessionTimeout,
          clock,
        });
        const { log: disk, quarantine } = folder;
        const deps = {
          ...{ clock, random, network, coordinator, reporter },
          ...{ engine, disk, quarantine },
        };
        const server = await RegionServer.start(deps, {
          cluster: config.cluster,
          root: config.root,
          identity: folder.identity,
          incarnation: random.id(),
          zone: config.zone,
          listen: config.listen,
          advertise: config.advertise ?? ownHost(config.listen.host),
          version: buildInfo().version,
          reading: { gatherRows: config.gatherRows, gatherBytes: config.gatherSize * MIB },
        });
        await out.line(
          `region server at ${formatAddress(server.address)} keeps its copies in ${opened.name} ` +
            `and its log in ${folder.path}`,
        );
        await server.run(process.stop);
      } finally {
        await engine.close();
      }
    } finally {
      folder.close();
    }
    return EXIT.ok;
  },
});
