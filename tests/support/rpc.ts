/** A small RPC server and its callers, for tests of what stands on RPC. */
import { MemoryNetwork } from "../../src/adapters/memory_network.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { VirtualClock } from "../../src/adapters/virtual_clock.ts";
import type { Address } from "../../src/ports/network.ts";
import type { Answer, Request } from "../../src/protocol/messages.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { Channel, type ChannelOptions } from "../../src/rpc/channel.ts";
import type { RpcLimits } from "../../src/rpc/limits.ts";
import { RpcServer } from "../../src/rpc/server.ts";
import type { ServingOptions } from "../../src/rpc/serving.ts";
import { settle } from "./wait.ts";

export const CLUSTER = "test";

export const greeting = { cluster: CLUSTER, role: "client", name: "test" } as const;

/** Turns away callers of other clusters, as every role does. */
export function hello(request: Request<"hello">): Promise<Answer<"hello">> {
  if (request.cluster !== CLUSTER) {
    const why = `Cannot join: this is cluster ${CLUSTER}, not ${request.cluster}`;
    return Promise.reject(new MinisqlError("UNAUTHENTICATED", why));
  }
  return Promise.resolve({ protocol: 1, role: "region", version: "0", ready: true });
}

export interface Bench {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly server: RpcServer;
  readonly address: Address;
  readonly defects: unknown[];
  channel(options?: Partial<ChannelOptions>): Channel;
  /** Moves virtual time on, everything that waits on promises running to rest in between. */
  advance(ms: number): Promise<void>;
  /** Moves time on until the promise is settled, and gives its outcome. */
  outcome<T>(promise: Promise<T>, limitMs?: number): Promise<T>;
}

const ADDRESS: Address = { host: "server", port: 9091 };
const STEP_MS = 1;

export async function startBench(
  handlers: ServingOptions["handlers"],
  limits: Partial<RpcLimits> = {},
): Promise<Bench> {
  const clock = new VirtualClock();
  const random = new SeededRandom(7);
  const network = new MemoryNetwork({ clock, random }, { delayMs: [1, 1] });
  const defects: unknown[] = [];
  const options = { handlers, hello, onDefect: (e: unknown) => void defects.push(e), limits };
  const server = await RpcServer.start(
    { clock, network: network.host("server") },
    ADDRESS,
    options,
  );
  const advance = (ms: number) => clock.advance(ms, settle);
  return {
    clock,
    network,
    server,
    address: ADDRESS,
    defects,
    channel: (more = {}) =>
      new Channel({ clock, random, network: network.host("client") }, {
        address: ADDRESS,
        greeting,
        limits,
        ...more,
      }),
    advance,
    outcome: async (promise, limitMs = 120_000) => {
      let settled = false;
      promise.then(() => settled = true, () => settled = true);
      for (let waited = 0; waited < limitMs; waited += STEP_MS) {
        await settle();
        if (settled) return await promise;
        await advance(STEP_MS);
      }
      throw new Error(`not settled within ${limitMs} ms of virtual time`);
    },
  };
}
