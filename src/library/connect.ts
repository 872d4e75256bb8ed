/** `connect` for applications: the client library on the real network, clock and ZooKeeper. */
import { SystemClock } from "../adapters/system_clock.ts";
import { SystemRandom } from "../adapters/system_random.ts";
import { TcpNetwork } from "../adapters/tcp_network.ts";
import { ZookeeperCoordinator } from "../adapters/zookeeper/coordinator.ts";
import type { Client, ConnectOptions as ClientOptions } from "../client/api.ts";
import { connect as connectClient } from "../client/connect.ts";
import { readAddress } from "../cluster/address.ts";
import type { Address } from "../ports/network.ts";
import { MinisqlError } from "../protocol/errors.ts";

export interface TlsOptions {
  /** Certificates to trust beside those that are trusted everywhere, in PEM. */
  readonly ca?: string | readonly string[];
}

export interface ConnectOptions extends Omit<ClientOptions, "masters"> {
  /** Any of the cluster's masters: `m1:9090,m2`, or each by itself. */
  readonly masters?: string | readonly (string | Address)[];
  /** ZooKeeper's servers, where masters are found: `zk1:2181,zk2:2181`, and `/node` behind them. */
  readonly zookeeper?: string;
  /** Connections are TLS; servers take no others where they have a certificate. */
  readonly tls?: boolean | TlsOptions;
}

const MASTER_PORT = 9090;
/** The least that ensembles grant is twice their tick; a client's session holds nothing. */
const SESSION_MS = 10_000;

/**
 * A client of a cluster. Nothing is connected before it is needed, so only what the options say can
 * be wrong here, which raises `BAD_REQUEST`. Close it when all is done.
 */
export function connect({ masters, zookeeper, tls, ...options }: ConnectOptions): Client {
  const clock = new SystemClock();
  const named = masters === undefined ? [] : addressesOf(masters);
  if (named.length === 0 && zookeeper === undefined) {
    throw new MinisqlError("BAD_REQUEST", "Cannot connect: name masters, or zookeeper");
  }
  const coordinator = zookeeper === undefined ? {} : {
    coordinator: new ZookeeperCoordinator({
      connect: zookeeper,
      sessionTimeoutMs: SESSION_MS,
      clock,
    }),
  };
  const deps = { clock, random: new SystemRandom(), network: networkOf(tls), ...coordinator };
  return connectClient(deps, { ...options, masters: named });
}

function networkOf(tls: boolean | TlsOptions = false): TcpNetwork {
  if (tls === false) return new TcpNetwork();
  const { ca = [] } = tls === true ? {} : tls;
  return new TcpNetwork({ trust: typeof ca === "string" ? [ca] : ca });
}

function addressesOf(masters: string | readonly (string | Address)[]): readonly Address[] {
  const items = typeof masters === "string" ? masters.split(",") : masters;
  return items.map((item) => {
    const address = typeof item === "string" ? readAddress(item.trim(), MASTER_PORT) : item;
    if (address !== null) return address;
    throw new MinisqlError("BAD_REQUEST", `Cannot connect to "${item}": it is not host:port`);
  });
}
