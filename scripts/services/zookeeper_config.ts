/** Where a private ZooKeeper server keeps its files, its configuration and its Java options. */

export interface ZookeeperPlace {
  /** Its number in the ensemble, from 1. */
  readonly id: number;
  /** Where it runs: configuration, data and log. */
  readonly folder: string;
  readonly port: number;
  readonly quorumPort: number;
  readonly electionPort: number;
}

export const HOST = "127.0.0.1";
export const PORTS_PER_SERVER = 3;

const LIBRARIES = "/usr/share/java";
const ZOOKEEPER_JAR = `${LIBRARIES}/zookeeper.jar`;
const LOGGING_JAR = `${LIBRARIES}/slf4j-simple.jar`;

/** A small heap, a quick start, and none of the files Java likes to leave in /tmp. */
const JAVA_OPTIONS: readonly string[] = [
  "-Xmx128m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-XX:-UsePerfData",
  "-XX:+ExitOnOutOfMemoryError",
  "-Djava.awt.headless=true",
  "-Djava.io.tmpdir=.",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
  "-Dzookeeper.jmx.log4j.disable=true",
  "-Dzookeeper.preAllocSize=1024",
  // A crash of the process loses nothing without it; only one of the machine would.
  "-Dzookeeper.forceSync=no",
];

/** The jars Debian's packages bring; ZooKeeper's own names all the others it needs. */
export const JARS: readonly string[] = [ZOOKEEPER_JAR, LOGGING_JAR];

export function javaArgs(place: ZookeeperPlace): readonly string[] {
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  return [...JAVA_OPTIONS, "-cp", JARS.join(":"), main, `${place.folder}/zoo.cfg`];
}

export async function writeConfig(
  place: ZookeeperPlace,
  ensemble: readonly ZookeeperPlace[],
  tickMs: number,
): Promise<void> {
  const dataDir = `${place.folder}/data`;
  await Deno.mkdir(dataDir, { recursive: true });
  await Deno.writeTextFile(`${dataDir}/myid`, `${place.id}\n`);
  const lines = [
    `tickTime=${tickMs}`,
    `dataDir=${dataDir}`,
    `clientPort=${place.port}`,
    `clientPortAddress=${HOST}`,
    "4lw.commands.whitelist=ruok,srvr",
    "admin.enableServer=false",
    "initLimit=20",
    "syncLimit=10",
    "maxClientCnxns=0",
    "maxSessionTimeout=60000",
    ...(ensemble.length > 1 ? ensemble.map(memberLine) : []),
  ];
  await Deno.writeTextFile(`${place.folder}/zoo.cfg`, lines.map((line) => `${line}\n`).join(""));
}

function memberLine({ id, quorumPort, electionPort }: ZookeeperPlace): string {
  return `server.${id}=${HOST}:${quorumPort}:${electionPort}`;
}
