/** A private minisql cluster of real processes, each region server beside a MariaDB of its own. */
import { createConnection } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "./mariadb.ts";
import { MinisqlServer } from "./minisql_server.ts";
import { createRunFolder, removeFolder } from "./run_folder.ts";
import { startZookeeper, type ZookeeperEnsemble } from "./zookeeper.ts";

/** The database of each MariaDB that a region server keeps its copies in. */
export const COPIES = "minisql_data";

export interface MinisqlOptions {
  /** The built program. */
  readonly program: string;
  /** Region servers; 3. */
  readonly regions?: number;
  /** Masters; 1. */
  readonly masters?: number;
  /** For each MariaDB, as `startMariadb` takes them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Silence after which a server is held to be gone, as the flag takes it. */
  readonly sessionTimeout?: string;
  /** Given to every master and region server besides. */
  readonly flags?: readonly string[];
}

export interface MinisqlRegion {
  readonly server: MinisqlServer;
  readonly mariadb: MariadbServer;
}

export class MinisqlCluster {
  readonly zookeeper: ZookeeperEnsemble;
  readonly masters: readonly MinisqlServer[];
  readonly regions: readonly MinisqlRegion[];
  readonly #folder: string;

  private constructor(parts: {
    readonly zookeeper: ZookeeperEnsemble;
    readonly masters: readonly MinisqlServer[];
    readonly regions: readonly MinisqlRegion[];
    readonly folder: string;
  }) {
    this.zookeeper = parts.zookeeper;
    this.masters = parts.masters;
    this.regions = parts.regions;
    this.#folder = parts.folder;
  }

  /** Resolves when every process takes connections; servers may have yet to register. */
  static async start(options: MinisqlOptions): Promise<MinisqlCluster> {
    const { regions: count = 3, masters: masterCount = 1 } = options;
    const folder = await createRunFolder("cluster");
    const started: { stop(): Promise<void> }[] = [];
    const keep = <T extends { stop(): Promise<void> }>(server: T): T => {
      started.push(server);
      return server;
    };
    try {
      const zookeeper = keep(await startZookeeper());
      const mariadbs: MariadbServer[] = [];
      for (let number = 1; number <= count; number++) {
        const settings = options.settings ?? {};
        mariadbs.push(keep(await startMariadb({ name: `mariadb-${number}`, settings })));
      }
      const masters: MinisqlServer[] = [];
      for (let number = 1; number <= masterCount; number++) {
        const catalog = mariadbs[0] as MariadbServer;
        const args = masterArgs(number, catalog, zookeeper, options);
        masters.push(keep(await MinisqlServer.start({ ...args, folder })));
      }
      const regions: MinisqlRegion[] = [];
      for (const [at, mariadb] of mariadbs.entries()) {
        await createDatabase(mariadb);
        const args = regionArgs({ number: at + 1, mariadb, zookeeper, folder }, options);
        regions.push({ server: keep(await MinisqlServer.start({ ...args, folder })), mariadb });
      }
      return new MinisqlCluster({ zookeeper, masters, regions, folder });
    } catch (error) {
      await Promise.all(started.map((server) => server.stop()));
      await removeFolder(folder);
      throw error;
    }
  }

  /** Ends every process and removes all data. */
  async stop(): Promise<void> {
    const servers = [...this.masters, ...this.regions.map(({ server }) => server)];
    await Promise.all(servers.map((server) => server.kill()));
    await Promise.all(this.regions.map(({ mariadb }) => mariadb.stop()));
    await this.zookeeper.stop();
    await removeFolder(this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function sharedFlags(
  zookeeper: ZookeeperEnsemble,
  { sessionTimeout, flags = [] }: MinisqlOptions,
): string[] {
  const timeout = sessionTimeout === undefined ? [] : ["--session-timeout", sessionTimeout];
  return ["--zookeeper", zookeeper.connect, "--advertise", "127.0.0.1", ...timeout, ...flags];
}

function masterArgs(
  number: number,
  catalog: MariadbServer,
  zookeeper: ZookeeperEnsemble,
  options: MinisqlOptions,
) {
  const { user, password, host, port } = catalog;
  const name = `master-${number}`;
  return {
    name,
    program: options.program,
    args: [
      ...["master", "--id", name, "--catalog", `mysql://${user}@${host}:${port}/minisql`],
      ...["--heartbeat", "1s", "--silence", "10s"],
      ...sharedFlags(zookeeper, options),
    ],
    env: { MINISQL_CATALOG_PASSWORD: password },
  };
}

interface RegionPlace {
  readonly number: number;
  readonly mariadb: MariadbServer;
  readonly zookeeper: ZookeeperEnsemble;
  readonly folder: string;
}

function regionArgs({ number, mariadb, zookeeper, folder }: RegionPlace, options: MinisqlOptions) {
  const { user, password, host, port } = mariadb;
  const name = `region-${number}`;
  return {
    name,
    program: options.program,
    args: [
      ...["region", "--mysql", `mysql://${user}@${host}:${port}/${COPIES}`],
      ...["--data-dir", `${folder}/${name}`],
      ...sharedFlags(zookeeper, options),
    ],
    env: { MINISQL_MYSQL_PASSWORD: password },
  };
}

async function createDatabase({ host, port, user, password }: MariadbServer): Promise<void> {
  const connection = await createConnection({ host, port, user, password });
  try {
    await connection.query(`CREATE DATABASE ${COPIES} CHARACTER SET utf8mb4`);
  } finally {
    await connection.end();
  }
}
