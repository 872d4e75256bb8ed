/** Flags of every command that uses a cluster as its clients do, and the client they describe. */
import { SystemClock } from "../adapters/system_clock.ts";
import { SystemRandom } from "../adapters/system_random.ts";
import { ZookeeperCoordinator } from "../adapters/zookeeper/coordinator.ts";
import type { Client } from "../client/api.ts";
import { connect } from "../client/connect.ts";
import type { Address } from "../ports/network.ts";
import { READ_LEVELS } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer } from "../protocol/messages.ts";
import { CLUSTER_FLAGS, clusterNetwork, LOGIN_FLAGS } from "./cluster_flags.ts";
import type { CommandContext } from "./command.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import { ZOOKEEPER_FLAGS } from "./server_flags.ts";

const MASTER_PORT = 9090;
const MASTER_HERE: Address = { host: "127.0.0.1", port: MASTER_PORT };
/** The least that ensembles grant is twice their tick; a client's session holds nothing. */
const SESSION_MS = 10_000;

export const CLIENT_FLAGS = {
  masters: {
    kind: "addresses",
    port: MASTER_PORT,
    help: "Any of the cluster's masters; the one that leads is found by itself. Where neither " +
      "they nor --zookeeper are told, 127.0.0.1:9090",
  },
  zookeeper: {
    kind: "text",
    value: ZOOKEEPER_FLAGS.zookeeper.value,
    help: "The ensemble's servers: masters are found there, in place of --masters or beside them",
  },
  root: { ...ZOOKEEPER_FLAGS.root, section: "Options" },
  ...CLUSTER_FLAGS,
  ...LOGIN_FLAGS,
  timeout: {
    kind: "duration",
    default: "30s",
    min: "10ms",
    max: "1h",
    help: "What one statement may take, a failover on its way included",
  },
} as const satisfies FlagTable;

export const READ_FLAGS = {
  read: {
    kind: "choice",
    values: READ_LEVELS,
    default: "voted",
    help: "How reads are checked: by one copy, a vote of fingerprints, all copies, the primary",
  },
  zone: { kind: "text", value: "NAME", help: "Where we stand: copies in this zone are read first" },
} as const satisfies FlagTable;

export type ClientConfig =
  & ConfigOf<typeof CLIENT_FLAGS>
  & Partial<ConfigOf<typeof READ_FLAGS>>;

/** The masters that these flags name. */
export function namedMasters({ masters, zookeeper }: ClientConfig): readonly Address[] {
  return masters.length === 0 && zookeeper === null ? [MASTER_HERE] : masters;
}

/** A client that nothing has been asked of yet. */
export function openClient(
  config: ClientConfig,
  { environment }: CommandContext,
  name: string,
  masters: readonly Address[] = namedMasters(config),
): Client {
  const { cluster, root, user, password, timeout, read, zone, zookeeper } = config;
  const clock = new SystemClock();
  const coordinator = zookeeper === null ? {} : {
    coordinator: new ZookeeperCoordinator({
      connect: zookeeper,
      sessionTimeoutMs: SESSION_MS,
      clock,
    }),
  };
  const network = clusterNetwork(config, environment);
  return connect({ clock, random: new SystemRandom(), network, ...coordinator }, {
    ...{ masters, root, cluster, name: `minisql ${name}`, timeoutMs: timeout },
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { password }),
    ...(read === undefined ? {} : { read }),
    ...(zone === undefined || zone === null ? {} : { zone }),
  });
}

export interface Patience {
  /** For any master to answer. */
  readonly waitMs: number;
  /** For one to lead, where others say that they stand by. */
  readonly electionMs: number;
}

/** Finds out whether there is a cluster at all, before anything else is tried for long. */
export async function greet(
  { admin }: Pick<Client, "admin">,
  { waitMs, electionMs }: Patience,
  signal: AbortSignal,
): Promise<Answer<"status">> {
  try {
    return await admin.master("status", {}, { timeoutMs: waitMs, signal });
  } catch (error) {
    if (!(error instanceof MinisqlError) || error.code !== "NOT_MASTER") throw error;
    return await admin.master("status", {}, { timeoutMs: electionMs, signal });
  }
}
