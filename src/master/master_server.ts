/** The master's socket: it greets callers of its own cluster and serves what the dispatcher handles. */
import type { Clock } from "../ports/clock.ts";
import type { Address, Network } from "../ports/network.ts";
import type { Reporter } from "../ports/reporter.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { MasterHandlers } from "../protocol/handlers.ts";
import { type Answer, PROTOCOL_VERSION, type Request } from "../protocol/messages.ts";
import { RpcServer } from "../rpc/server.ts";

export interface MasterServerDeps {
  readonly clock: Clock;
  readonly network: Network;
  readonly reporter: Reporter;
}

export interface MasterServerOptions {
  readonly cluster: string;
  readonly listen: Address;
  readonly version: string;
}

export class MasterServer {
  readonly #server: RpcServer;

  private constructor(server: RpcServer) {
    this.#server = server;
  }

  static async start(
    deps: MasterServerDeps,
    options: MasterServerOptions,
    handlers: MasterHandlers,
  ): Promise<MasterServer> {
    const { cluster, version } = options;
    const server = await RpcServer.start(deps, options.listen, {
      handlers,
      hello: (request) => greet(request, cluster, version),
      onDefect: (error, op) => deps.reporter.log("error", `A defect in ${op}`, { error }),
    });
    return new MasterServer(server);
  }

  get address(): Address {
    return this.#server.address;
  }

  async close(graceMs: number): Promise<void> {
    await this.#server.close(graceMs);
  }
}

// deno-lint-ignore require-await -- a refusal is a rejection.
async function greet(
  request: Request<"hello">,
  cluster: string,
  version: string,
): Promise<Answer<"hello">> {
  if (request.protocol !== PROTOCOL_VERSION) {
    const why = `Cannot talk: this master speaks protocol ${PROTOCOL_VERSION}, ` +
      `not ${request.protocol}; use the same version of minisql on both sides`;
    throw new MinisqlError("UNAUTHENTICATED", why);
  }
  if (request.cluster !== cluster) {
    const why = `Cannot join: this is cluster ${cluster}, not ${request.cluster}`;
    throw new MinisqlError("UNAUTHENTICATED", why);
  }
  return { protocol: PROTOCOL_VERSION, role: "master", version, ready: true };
}
