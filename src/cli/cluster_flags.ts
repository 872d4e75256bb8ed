/** Flags of every command that talks to a cluster, and the connection they describe. */
import { TcpNetwork } from "../adapters/tcp_network.ts";
import type { Network } from "../ports/network.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import type { Environment } from "./read_config.ts";
import { UsageError } from "./usage_error.ts";

export const CLUSTER_FLAGS = {
  cluster: {
    kind: "text",
    default: "minisql",
    pattern: /^[\w.-]{1,128}$/,
    accepts: "1 to 128 letters, digits, dots, dashes and underscores",
    value: "NAME",
    help: "The cluster's name; a server of another cluster turns us away",
  },
  "tls-ca": {
    kind: "text",
    value: "FILE",
    help: "Certificates to trust, in PEM; with it the connection is TLS",
  },
} as const satisfies FlagTable;

/** Who we are, where a cluster asks for it. */
export const LOGIN_FLAGS = {
  user: { kind: "text", short: "u", value: "NAME", help: "The user to log in as" },
  password: {
    kind: "secret",
    short: "p",
    value: "PASSWORD",
    help: "The user's password; asked for where no value is given",
  },
} as const satisfies FlagTable;

export type ClusterConfig = ConfigOf<typeof CLUSTER_FLAGS>;

/** The network that these flags describe, for dialling. */
export function clusterNetwork(config: ClusterConfig, environment: Environment): Network {
  if (config.tlsCa === null) return new TcpNetwork();
  try {
    return new TcpNetwork({ trust: [environment.readFile(config.tlsCa)] });
  } catch (error) {
    throw new UsageError(`Cannot use --tls-ca="${config.tlsCa}": ${(error as Error).message}`);
  }
}
