/** Masters and region servers as processes of ./minisql, on private ZooKeeper and MariaDB servers. */
import { createConnection } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "../services/mariadb.ts";
import { ServerProcess, startFailure } from "../services/server_process.ts";
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

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A process of ./minisql that serves. */
export interface Part {
  readonly name: string;
  readonly address: Address;
  readonly pid: number;
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

export function addressOf({ address }: Part): string {
  return `${address.host}:${address.port}`;
}

export class ServerCluster {
  readonly masters: Part[] = [];
  readonly regions: Part[] = [];
  readonly #options: ServerClusterOptions;
  /** In the order in which they were started. */
  readonly #started: Stoppable[] = [];

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

  /** Ends everything, the last started first. */
  async [Symbol.asyncDispose](): Promise<void> {
    const processes = this.#started.filter((each) => each instanceof ServerProcess);
    await Promise.all(processes.map((each) => each.stop()));
    await Promise.all(
      this.#started.filter((each) => !(each instanceof ServerProcess)).map((each) => each.stop()),
    );
  }

  async #start(): Promise<void> {
    const { engine, regionPorts, masterPorts, folder, say } = this.#options;
    await Deno.mkdir(folder, { recursive: true });
    const wanted = engine === "mysql" ? regionPorts.length : 0;
    const [zookeeper, ...databases] = await this.#services(wanted);
    const connect = ["--zookeeper", zookeeper, "--session-timeout", SESSION];
    const catalog = await this.#catalog(databases[0] ?? null);
    for (const [at, port] of masterPorts.entries()) {
      const name = `m${at + 1}`;
      const args = ["master", "--id", name, ...connect, ...catalog];
      const timing = ["--heartbeat", "1s", "--silence", "6s"];
      this.masters.push(await this.#launch(name, port, [...args, ...timing]));
    }
    for (const [at, port] of regionPorts.entries()) {
      const name = `r${at + 1}`;
      const database = await this.#databaseFlags(name, databases[at] ?? null);
      const args = ["region", ...connect, "--data-dir", `${folder}/${name}`, ...database];
      this.regions.push(await this.#launch(name, port, args));
      // One after the other, so that r1 is the server that the master calls 1.
      await this.#online(at + 1);
    }
    for (const part of [...this.masters, ...this.regions]) {
      const what = part.name.startsWith("m") ? "master" : "region server";
      say(`${part.name}  ${what} at ${addressOf(part)}, pid ${part.pid}`);
    }
  }

  /** Where ZooKeeper is, and the databases. */
  async #services(count: number): Promise<readonly [string, ...MariadbServer[]]> {
    const { folder, isKept, say } = this.#options;
    const at = (name: string) => isKept ? { dir: `${folder}/${name}` } : {};
    const zookeeper = startZookeeper(at("zookeeper")).then((ensemble) => {
      this.#started.push(ensemble);
      say(`zookeeper at ${ensemble.connect}, pid ${ensemble.servers[0]?.pid}`);
      return ensemble.connect;
    });
    const databases = Array.from({ length: count }, async (_, index) => {
      const name = `mariadb-${index + 1}`;
      const server = await startMariadb({ name, ...at(name) });
      this.#started.push(server);
      say(`${name} at ${server.host}:${server.port}, pid ${server.pid}`);
      return server;
    });
    // All of them, so that those that have started can be stopped when one has not.
    await Promise.allSettled([zookeeper, ...databases]);
    return [await zookeeper, ...await Promise.all(databases)];
  }

  async #catalog(server: MariadbServer | null): Promise<readonly string[]> {
    if (server === null) return ["--catalog", `sqlite:${this.#options.folder}/catalog.sqlite`];
    const { host, port, user, password } = server;
    const connection = await createConnection({ host, port, user, password });
    try {
      await connection.query(`CREATE DATABASE IF NOT EXISTS ${CATALOG}`);
    } finally {
      await connection.end();
    }
    const file = await this.#secret("catalog", password);
    const url = `mysql://${user}@${host}:${port}/${CATALOG}`;
    return ["--catalog", url, "--catalog-password-file", file];
  }

  async #databaseFlags(name: string, server: MariadbServer | null): Promise<readonly string[]> {
    if (server === null) return ["--engine", "sqlite"];
    const { host, port, user, password } = server;
    const file = await this.#secret(name, password);
    const url = `mysql://${user}@${host}:${port}/minisql`;
    return ["--mysql", url, "--mysql-password-file", file];
  }

  /** A password in a file: on the command line every user of the machine could read it. */
  async #secret(name: string, password: string): Promise<string> {
    const path = `${this.#options.folder}/${name}.password`;
    await Deno.writeTextFile(path, password, { mode: 0o600 });
    return path;
  }

  /** Starts a process and waits until it serves. */
  async #launch(name: string, port: number, args: readonly string[]): Promise<Part> {
    const { folder } = this.#options;
    const process = new ServerProcess({
      program: PROGRAM,
      args: [...args, "--listen", `${HOST}:${port}`, "--advertise", HOST],
      logFile: `${folder}/${name}.log`,
      folder,
    });
    this.#started.push(process);
    const address = { host: HOST, port };
    const health = ["healthcheck", `${HOST}:${port}`];
    const serves = async () => (await run(PROGRAM, health)).success || !process.running;
    if (!await waitUntil(READY_MS, serves) || !process.running) {
      throw await startFailure(process, `${name} on ${HOST}:${port}`);
    }
    return { name, address, pid: process.pid };
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
