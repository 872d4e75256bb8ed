/** An RPC server in a process of its own, for tests that attack or measure it. Prints its port. */
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { TcpNetwork } from "../../src/adapters/tcp_network.ts";
import { RpcServer } from "../../src/rpc/server.ts";

const deps = { clock: new SystemClock(), network: new TcpNetwork() };
const server = await RpcServer.start(deps, { host: "127.0.0.1", port: 0 }, {
  // Whoever comes is let in: a refused caller is hung up on, and could attack no further.
  hello: () => Promise.resolve({ protocol: 1, role: "region", version: "0", ready: true }),
  onDefect: (error) => {
    console.error(error);
    Deno.exit(70);
  },
  handlers: { locate: () => Promise.resolve({ routes: [], term: 1 }) },
});
console.log(server.address.port);
