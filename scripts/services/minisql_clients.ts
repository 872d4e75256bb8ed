/** Clients of a private cluster, and what its operator sees of it. */
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import { TcpNetwork } from "../../src/adapters/tcp_network.ts";
import type { Client } from "../../src/client/api.ts";
import { connect } from "../../src/client/connect.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type { RegionState } from "../../src/protocol/model.ts";
import type { MinisqlCluster, MinisqlRegion } from "./minisql.ts";
import { waitUntil } from "./wait.ts";

const READY_LIMIT_MS = 30_000;
const IN_SYNC_LIMIT_MS = 60_000;
const LOOK_TIMEOUT_MS = 2000;

export function clientOf(cluster: MinisqlCluster, name: string): Client {
  const deps = {
    clock: new SystemClock(),
    random: new SystemRandom(),
    network: new TcpNetwork(),
  };
  return connect(deps, { masters: cluster.masters.map(({ address }) => address), name });
}

export function clientsOf(cluster: MinisqlCluster, name: string, count: number): readonly Client[] {
  return Array.from({ length: count }, (_, number) => clientOf(cluster, `${name} ${number}`));
}

export class Operator {
  readonly client: Client;
  readonly #cluster: MinisqlCluster;

  constructor(cluster: MinisqlCluster) {
    this.#cluster = cluster;
    this.client = clientOf(cluster, "operator");
  }

  async allRegistered(): Promise<void> {
    const count = this.#cluster.regions.length;
    const isReady = await waitUntil(READY_LIMIT_MS, async () => {
      const { servers } = await this.client.admin.master("status", {});
      return servers.online === count;
    });
    if (!isReady) throw new Error(`${count} region servers did not register`);
  }

  /** Waits until every server holds the table in sync; answers with its region. */
  async allInSync(table: string): Promise<RegionState> {
    let found: RegionState | undefined;
    const isInSync = await waitUntil(IN_SYNC_LIMIT_MS, async () => {
      found = await this.#regionOf(table);
      return found?.primary !== null && found?.isr.length === this.#cluster.regions.length;
    });
    if (isInSync && found !== undefined) return found;
    throw new Error(`Not all copies came to be in sync: ${JSON.stringify(found)}`);
  }

  async serverOf(rid: number): Promise<MinisqlRegion> {
    const { servers } = await this.client.admin.master("servers", {});
    const port = servers.find((each) => each.rid === rid)?.port;
    const region = this.#cluster.regions.find(({ server }) => server.address.port === port);
    if (region === undefined) throw new Error(`No region server of this run has rid ${rid}`);
    return region;
  }

  async #regionOf(table: string): Promise<RegionState | undefined> {
    try {
      const timeoutMs = LOOK_TIMEOUT_MS;
      const { regions } = await this.client.admin.master("regions", {}, { timeoutMs });
      return regions.find(({ tables }) => tables.includes(table));
    } catch (error) {
      if (error instanceof MinisqlError) return undefined;
      throw error;
    }
  }
}
