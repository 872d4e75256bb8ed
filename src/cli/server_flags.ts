/** Flags that servers of both kinds have: who reaches them how, and where the ensemble is. */
import { TcpNetwork } from "../adapters/tcp_network.ts";
import type { Network } from "../ports/network.ts";
import { CLUSTER_FLAGS, readPem, trustOf } from "./cluster_flags.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import type { Environment } from "./read_config.ts";
import { UsageError } from "./usage_error.ts";

export const SERVER_FLAGS = {
  ...CLUSTER_FLAGS,
  advertise: {
    kind: "text",
    value: "HOST",
    pattern: /^[^\s:/]{1,255}$|^[0-9a-fA-F:]{2,45}$/,
    accepts: "a host name or an address",
    help: "The host that others reach this server by; this machine's name unless told",
  },
  "tls-cert": {
    kind: "text",
    value: "FILE",
    help: "This server's certificate, in PEM; with it and its key connections must be TLS",
  },
  "tls-key": { kind: "text", value: "FILE", help: "The certificate's private key, in PEM" },
} as const satisfies FlagTable;

const SECTION = "ZooKeeper";

export const ZOOKEEPER_FLAGS = {
  zookeeper: {
    kind: "text",
    default: "127.0.0.1:2181",
    value: "HOST:PORT,…",
    section: SECTION,
    help: "The ensemble's servers, and the node to live under, if any: a:2181,b:2181/node",
  },
  root: {
    kind: "text",
    default: "/minisql",
    pattern: /^(\/[\w.-]+)+$/,
    accepts: "a path such as /minisql",
    value: "PATH",
    section: SECTION,
    help: "The node that everything of this cluster is kept under",
  },
  "session-timeout": {
    kind: "duration",
    default: "4s",
    min: "500ms",
    max: "10m",
    section: SECTION,
    help:
      "Silence after which a server is held to be gone; the ensemble allows 2 to 20 of its ticks",
  },
} as const satisfies FlagTable;

/** The network that these flags describe, for listening and for dialling. */
export function serverNetwork(
  config: ConfigOf<typeof SERVER_FLAGS>,
  environment: Environment,
): Network {
  const { tlsCert, tlsKey } = config;
  if ((tlsCert === null) !== (tlsKey === null)) {
    const [given, missing] = tlsKey === null
      ? ["--tls-cert", "--tls-key"]
      : ["--tls-key", "--tls-cert"];
    throw new UsageError(`Cannot use ${given} alone: ${missing} belongs to it`);
  }
  const trust = trustOf(config, environment);
  if (tlsCert === null || tlsKey === null) return new TcpNetwork(trust);
  const cert = readPem("--tls-cert", tlsCert, environment);
  const key = readPem("--tls-key", tlsKey, environment);
  return new TcpNetwork({ ...trust, identity: { cert, key } });
}

/** What others call this machine, where it listens on every address. */
export function ownHost(host: string): string {
  return host === "0.0.0.0" || host === "::" ? Deno.hostname() : host;
}
