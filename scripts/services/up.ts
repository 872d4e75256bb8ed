/** Runs private servers until it is told to end. */
import type { UpArguments } from "./arguments.ts";
import { type MariadbServer, startMariadb } from "./mariadb.ts";
import { startZookeeper, type ZookeeperEnsemble } from "./zookeeper.ts";

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A server, or an ensemble of them, that can be ended for good. */
interface Running {
  stop(): Promise<void>;
}

/** Starts all, says how to reach them, waits for a signal and stops them. */
export async function up(options: UpArguments): Promise<void> {
  const told = Promise.withResolvers<Deno.Signal>();
  const listeners = ENDING_SIGNALS.map((signal) => [signal, () => told.resolve(signal)] as const);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  try {
    await runUntil(told.promise, options);
  } finally {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  }
}

async function runUntil(told: Promise<Deno.Signal>, options: UpArguments): Promise<void> {
  const results = await Promise.allSettled([
    ...Array.from({ length: options.mariadb }, (_, index) => runMariadb(index + 1, options.keep)),
    ...(options.zookeeper === 0 ? [] : [runZookeeper(options.zookeeper, options.keep)]),
  ]);
  const faults = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
  try {
    if (faults.length > 0) throw faults[0];
    console.log("All servers are up; Ctrl-C stops them");
    console.log(`${await told}: stopping`);
  } finally {
    const running = results.flatMap((result) => result.status === "fulfilled" ? result.value : []);
    await Promise.all(running.map((server) => server.stop()));
  }
}

async function runMariadb(number: number, keep: string | null): Promise<Running> {
  const name = `mariadb-${number}`;
  const server = await startMariadb(keep === null ? { name } : { name, dir: `${keep}/${name}` });
  for (const line of describeMariadb(server)) console.log(line);
  return server;
}

function describeMariadb(server: MariadbServer): readonly string[] {
  const { name, host, port, user, password } = server;
  return [
    `${name} is ready (pid ${server.pid})`,
    `  mysql://${user}:${password}@${host}:${port}/minisql`,
    `  mariadb --protocol=tcp -h ${host} -P ${port} -u ${user} -p${password} minisql`,
  ];
}

async function runZookeeper(servers: 1 | 3, keep: string | null): Promise<Running> {
  const ensemble = await startZookeeper(
    keep === null ? { servers } : { servers, dir: `${keep}/zookeeper-${servers}` },
  );
  for (const line of describeZookeeper(ensemble)) console.log(line);
  return ensemble;
}

function describeZookeeper(ensemble: ZookeeperEnsemble): readonly string[] {
  const pids = ensemble.servers.map((server) => server.pid).join(", ");
  return [`zookeeper is ready (pid ${pids})`, `  ${ensemble.connect}`];
}
