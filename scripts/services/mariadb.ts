/** Private MariaDB servers on the loopback address, for tests, benchmarks and trying things out. */
import { resolve } from "node:path";
import { createConnection } from "mysql2/promise";
import { findProgram } from "./commands.ts";
import { readKept, writeKept } from "./kept_folder.ts";
import { DATABASE, HOST, type MariadbPlace, placeIn, USER, writeConfig } from "./mariadb_config.ts";
import { copyTemplate, type MariadbPrograms } from "./mariadb_template.ts";
import { startOnFreePorts } from "./ports.ts";
import { createRunFolder, removeFolder } from "./run_folder.ts";
import { ServerProcess, startFailure } from "./server_process.ts";
import { ServiceError } from "./service_error.ts";
import { waitUntil } from "./wait.ts";

const READY_LIMIT_MS = 60_000;

export interface MariadbServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly socket: string;
  /** May do everything, over TCP and through the socket. Its database `minisql` exists. */
  readonly user: string;
  readonly password: string;
  readonly dataDir: string;
  readonly logFile: string;
  /** Changes at a restart. */
  readonly pid: number;
  /** Ends the server for good and removes its data, but for a `dir` that was given. */
  stop(): Promise<void>;
  /** Ends it as a crash would. Port and data stay, for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after a clean shutdown when it is running. */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface MariadbOptions {
  /** Shown in messages. */
  readonly name?: string;
  /** Server options by name, as `{ "innodb-flush-log-at-trx-commit": "1" }`; "" for a bare flag. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A folder that stays, with data, port and password; an earlier server's is taken up again. */
  readonly dir?: string;
}

/** Resolves when the server answers queries over TCP. */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer> {
  const programs = await installedPrograms();
  const folder = await createRunFolder("mariadb");
  try {
    const dir = options.dir === undefined ? null : resolve(options.dir);
    const kept = dir === null ? null : await readKept(dir);
    const dataDir = `${dir ?? folder}/data`;
    if (kept === null) await copyTemplate(programs, dataDir);
    const password = kept?.password ?? newPassword();
    return await startOnFreePorts(kept?.ports ?? 1, async (ports) => {
      const place = placeIn(folder, { dataDir, port: ports[0] as number, password });
      await writeConfig(place, options.settings ?? {});
      const server = new PrivateMariadb(programs.server, place, options);
      await server.start([`--init-file=${place.initFile}`]);
      if (dir !== null) await writeKept(dir, { ports, password });
      return server;
    });
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

async function installedPrograms(): Promise<MariadbPrograms> {
  const server = await findProgram("mariadbd");
  const installDb = await findProgram("mariadb-install-db");
  if (server !== null && installDb !== null) return { server, installDb };
  throw new ServiceError(
    "Cannot start MariaDB: it is not installed; run `deno task services install`",
  );
}

function newPassword(): string {
  return crypto.getRandomValues(new Uint8Array(12)).toHex();
}

class PrivateMariadb implements MariadbServer {
  readonly name: string;
  readonly host = HOST;
  readonly user = USER;
  readonly #program: string;
  readonly #place: MariadbPlace;
  readonly #isKept: boolean;
  #process: ServerProcess | null = null;

  constructor(program: string, place: MariadbPlace, options: MariadbOptions) {
    this.name = options.name ?? `mariadb-${place.port}`;
    this.#program = program;
    this.#place = place;
    this.#isKept = options.dir !== undefined;
  }

  get port(): number {
    return this.#place.port;
  }

  get socket(): string {
    return this.#place.socket;
  }

  get password(): string {
    return this.#place.password;
  }

  get dataDir(): string {
    return this.#place.dataDir;
  }

  get logFile(): string {
    return this.#place.logFile;
  }

  get pid(): number {
    return this.#started.pid;
  }

  async start(extraArgs: readonly string[] = []): Promise<void> {
    const { folder, optionFile, logFile } = this.#place;
    const process = new ServerProcess({
      program: this.#program,
      args: [`--defaults-file=${optionFile}`, ...extraArgs],
      logFile,
      folder,
    });
    this.#process = process;
    const settled = await waitUntil(
      READY_LIMIT_MS,
      async () => !process.running || await answers(this.#place),
    );
    if (!settled || !process.running) {
      throw await startFailure(process, `MariaDB ${this.name} on ${HOST}:${this.port}`);
    }
  }

  async stop(): Promise<void> {
    if (this.#isKept) await this.#started.stop();
    else await this.#started.kill();
    await removeFolder(this.#place.folder);
  }

  async kill(): Promise<void> {
    await this.#started.kill();
  }

  async restart(): Promise<void> {
    await this.#started.stop();
    await this.start();
  }

  pause(): void {
    this.#started.signal("SIGSTOP");
  }

  resume(): void {
    this.#started.signal("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #started(): ServerProcess {
    if (this.#process === null) throw new Error(`MariaDB ${this.name} was never started`);
    return this.#process;
  }
}

/** True when the server does for its user what it is there for. */
async function answers({ port, password }: MariadbPlace): Promise<boolean> {
  try {
    const connection = await createConnection({
      host: HOST,
      port,
      user: USER,
      password,
      database: DATABASE,
      connectTimeout: 1_000,
    });
    try {
      await connection.query("SELECT 1");
      return true;
    } finally {
      await connection.end();
    }
  } catch {
    return false;
  }
}
