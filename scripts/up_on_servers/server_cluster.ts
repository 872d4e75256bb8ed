/** Masters and region servers as processes of ./minisql, on private ZooKeeper and MariaDB servers. */
import { createConnection } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "../services/mariadb.ts";
import { MinisqlServer, type MinisqlServerOptions } from "../services/minisql_server.ts";
import { waitUntil } from "../services/wait.ts";
import { startZookeeper } from "../services/zookeeper.ts";
import { ROOT } from "../build/root.ts";
import { run } from "../build/run.ts";

export interface ServerClusterOptions {
  readonly folder: string;
  /** Servers leave their data in the folder, and take up what they find there. */
  readonly isKept: boolean;
  readonly engine: "mysql" | "sqlite";
  readonly masterPorts: readonly number[];
  readonly regionPorts: readonly number[];
  readonly say: (line: string) => void;
}

/** Where something is kept, as a process is told: a password is nothing for its command line. */
interface Place {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Stoppable {
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const PROGRAM = `${ROOT}minisql`;
const CATALOG = "minisql_catalog";
const READY_MS = 30_000;
/** Of a session: short, so that what dies is soon noticed. */
const SESSION = "2s";

export function addressOf({ address }: MinisqlServer): string {
  return `${address.host}:${address.port}`;
}

export class ServerCluster {
  readonly masters: MinisqlServer[] = [];
  readonly regions: MinisqlServer[] = [];
  readonly #options: ServerClusterOptions;
  /** What they stand on. */
  readonly #services: Stoppable[] = [];

  private constructor(options: ServerClusterOptions) {
    this.#options = options;
  }

  /** Resolves when a master leads and every region server has joined. */
  static async start(options: ServerClusterOptions): Promise<ServerCluster> {
    const cluster = new ServerCluster(options);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A shell at this terminal; answers with its exit code. */
  async shell(): Promise<number> {
    const masters = this.masters.map(addressOf).join(",");
    const child = new Deno.Command(PROGRAM, { args: ["shell", "--masters", masters] }).spawn();
    return (await child.status).code;
  }

  /** Ends everything in good order. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.regions, ...this.masters].map((server) => server.stop()));
    await Promise.all(this.#services.map((service) => service.stop()));
  }

  async #start(): Promise<void> {
    const { engine, regionPorts, masterPorts, folder, say } = this.#options;
    await Deno.mkdir(folder, { recursive: true });
    const wanted = engine === "mysql" ? regionPorts.length : 0;
    const [zookeeper, ...databases] = await this.#startServices(wanted);
    const connect = ["--zookeeper", zookeeper, "--session-timeout", SESSION, "--advertise", HOST];
    const catalog = await this.#catalog(databases[0] ?? null);
    for (const [at, port] of masterPorts.entries()) {
      const name = `m${at + 1}`;
      const args = ["master", "--id", name, ...connect, ...catalog.flags];
      const timing = ["--heartbeat", "1s", "--silence", "6s"];
      const { env } = catalog;
      this.masters.push(await this.#launch({ name, port, env, args: [...args, ...timing] }));
    }
    for (const [at, port] of regionPorts.entries()) {
      const name = `r${at + 1}`;
      const { flags, env } = databaseOf(databases[at] ?? null);
      const args = ["region", ...connect, "--data-dir", `${folder}/${name}`, ...flags];
      this.regions.push(await this.#launch({ name, port, env, args }));
      // One after the other, so that r1 is the server that the master calls 1.
      await this.#online(at + 1);
    }
    for (const server of [...this.masters, ...this.regions]) {
      const what = server.name.startsWith("m") ? "master" : "region server";
      say(`${server.name}  ${what} at ${addressOf(server)}, pid ${server.pid}`);
    }
  }

  /** Where ZooKeeper is, and the databases. */
  async #startServices(count: number): Promise<readonly [string, ...MariadbServer[]]> {
    const { folder, isKept, say } = this.#options;
    const at = (name: string) => isKept ? { dir: `${folder}/${name}` } : {};
    const zookeeper = startZookeeper(at("zookeeper")).then((ensemble) => {
      this.#services.push(ensemble);
      say(`zookeeper at ${ensemble.connect}, pid ${ensemble.servers[0]?.pid}`);
      return ensemble.connect;
    });
    const databases = Array.from({ length: count }, async (_, index) => {
      const name = `mariadb-${index + 1}`;
      const server = await startMariadb({ name, ...at(name) });
      this.#services.push(server);
      say(`${name} at ${server.host}:${server.port}, pid ${server.pid}`);
      return server;
    });
    // All of them, so that those that have started can be stopped when one has not.
    await Promise.allSettled([zookeeper, ...databases]);
    return [await zookeeper, ...await Promise.all(databases)];
  }

  async #catalog(server: MariadbServer | null): Promise<Place> {
    if (server === null) {
      return { flags: ["--catalog", `sqlite:${this.#options.folder}/catalog.sqlite`], env: {} };
    }
    const { host, port, user, password } = server;
    const connection = await createConnection({ host, port, user, password });
    try {
      await connection.query(`CREATE DATABASE IF NOT EXISTS ${CATALOG}`);
    } finally {
      await connection.end();
    }
    const url = `mysql://${user}@${host}:${port}/${CATALOG}`;
    return { flags: ["--catalog", url], env: { MINISQL_CATALOG_PASSWORD: password } };
  }

  #launch(
    options: Pick<MinisqlServerOptions, "name" | "args" | "env"> & { readonly port: number },
  ): Promise<MinisqlServer> {
    return MinisqlServer.start({ ...options, program: PROGRAM, folder: this.#options.folder });
  }

  async #online(count: number): Promise<void> {
    const masters = this.masters.map(addressOf).join(",");
    const isOnline = async () => {
      const { stdout } = await run(PROGRAM, ["status", "--json", "--masters", masters]);
      return stdout !== "" && JSON.parse(stdout).servers.online >= count;
    };
    if (await waitUntil(READY_MS, isOnline)) return;
    throw new Error(
      `Only some region servers have joined; see the logs in ${this.#options.folder}`,
    );
  }
}

/** The database that a region server is to use. */
function databaseOf(server: MariadbServer | null): Place {
  if (server === null) return { flags: ["--engine", "sqlite"], env: {} };
  const { host, port, user, password } = server;
  const url = `mysql://${user}@${host}:${port}/minisql`;
  return { flags: ["--mysql", url], env: { MINISQL_MYSQL_PASSWORD: password } };
}
