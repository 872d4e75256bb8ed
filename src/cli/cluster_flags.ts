/** Flags of every command that talks to a cluster, and the connection they describe. */
import { TcpNetwork, type TcpOptions } from "../adapters/tcp_network.ts";
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
  tls: {
    kind: "boolean",
    help: "Connect by TLS, to servers whose certificates are signed by a public authority",
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
  return new TcpNetwork(trustOf(config, environment));
}

/** Whom these flags trust; nobody needs to be where there is no TLS. */
export function trustOf(
  { tls, tlsCa }: ClusterConfig,
  environment: Environment,
): Pick<TcpOptions, "trust"> {
  if (tlsCa !== null) return { trust: [readPem("--tls-ca", tlsCa, environment)] };
  return tls ? { trust: [] } : {};
}

/** A file of certificates or keys, which must hold one at the least. */
export function readPem(flag: string, file: string, environment: Environment): string {
  let pem: string;
  try {
    pem = environment.readFile(file);
  } catch (error) {
    throw new UsageError(`Cannot use ${flag}="${file}": ${(error as Error).message}`);
  }
  if (/-----BEGIN [A-Z ]+-----/.test(pem)) return pem;
  throw new UsageError(`Cannot use ${flag}="${file}": it holds nothing in PEM`);
}
