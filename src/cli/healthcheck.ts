/** `minisql healthcheck HOST:PORT`: whether a master or region server answers, for containers. */
import { SystemClock } from "../adapters/system_clock.ts";
import type { Address, Link, Network } from "../ports/network.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import { Caller } from "../rpc/caller.ts";
import { CLUSTER_FLAGS, clusterNetwork, LOGIN_FLAGS } from "./cluster_flags.ts";
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { formatAddress, readAddress } from "../cluster/address.ts";
import type { Environment } from "./read_config.ts";

/** Of a master and of a region server. */
const DEFAULT_PORTS = [9090, 9091] as const;

export const healthcheckCommand = command({
  name: "healthcheck",
  summary: "Ask a master or a region server whether it is well",
  group: "Tools",
  description:
    "Connects, says hello and pings. The exit code is 0 when the server answered, 1 when " +
    "it did not answer in time or is not ready, and 3 when it cannot be reached or refuses us.",
  positionals: {
    server: {
      kind: "address",
      value: "HOST:PORT",
      help: "The server's address; without it, the server on this machine, at MINISQL_LISTEN or " +
        "at a default port",
    },
  },
  flags: {
    ...CLUSTER_FLAGS,
    ...LOGIN_FLAGS,
    ready: { kind: "boolean", help: "Also fail while the server is starting or draining" },
    timeout: {
      kind: "duration",
      default: "3s",
      min: "10ms",
      max: "10m",
      help: "How long the whole check may take",
    },
  },
  examples: [
    { line: "minisql healthcheck 127.0.0.1:9091", does: "Is the process alive?" },
    { line: "minisql healthcheck --ready 127.0.0.1:9090", does: "May it be sent work?" },
  ],
  async run(config, { out, environment, process }) {
    const clock = new SystemClock();
    const started = clock.now();
    const left = () => Math.max(1, config.timeout - (clock.now() - started));
    const network = clusterNetwork(config, environment);
    const servers = config.server === null ? ownServers(environment) : [config.server];
    const link = await dialFirst(network, servers, left, process.stop);
    const caller = new Caller(link, { clock });
    try {
      const hello = await caller.call("hello", {
        protocol: PROTOCOL_VERSION,
        cluster: config.cluster,
        role: "check",
        name: "minisql healthcheck",
        ...(config.user === null ? {} : { user: config.user }),
        ...(config.password === null ? {} : { password: config.password }),
      }, { timeoutMs: left(), signal: process.stop });
      await caller.call("ping", {}, { timeoutMs: left(), signal: process.stop });
      const state = hello.ready ? "is ready" : "is alive, not ready";
      const ms = Math.round(clock.now() - started);
      await out.line(`${hello.role} at ${formatAddress(link.remote)} ${state} (${ms} ms)`);
      return hello.ready || !config.ready ? EXIT.ok : EXIT.failed;
    } catch (error) {
      process.stop.throwIfAborted();
      throw error;
    } finally {
      caller.close();
    }
  },
});

/** Where a server on this machine listens: as its own setting says, or on the default ports. */
function ownServers(environment: Environment): readonly Address[] {
  const listen = environment.get("MINISQL_LISTEN");
  const address = listen === undefined ? null : readAddress(listen);
  if (address === null) return DEFAULT_PORTS.map((port) => ({ host: "127.0.0.1", port }));
  const isAny = address.host === "0.0.0.0" || address.host === "::";
  return [isAny ? { host: "127.0.0.1", port: address.port } : address];
}

/** The first that takes the connection; the fault of the last where none does. */
async function dialFirst(
  network: Network,
  servers: readonly Address[],
  left: () => number,
  stop: AbortSignal,
): Promise<Link> {
  let fault: unknown;
  for (const server of servers) {
    try {
      return await network.dial(server, left(), stop);
    } catch (error) {
      stop.throwIfAborted();
      fault = error;
    }
  }
  throw fault;
}
