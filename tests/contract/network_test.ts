/** The Network contract on TCP, on TLS and in memory. */
import { MemoryNetwork } from "../../src/adapters/memory_network.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { TcpNetwork, type TcpOptions } from "../../src/adapters/tcp_network.ts";
import { makeCertificate } from "../support/certificate.ts";
import { networkContract } from "./network_contract.ts";

const loopback = { host: "127.0.0.1", port: 0 };

function tcp(options: TcpOptions): Parameters<typeof networkContract>[1] {
  return (limits = {}) => {
    const network = new TcpNetwork({ ...options, ...limits });
    const address = options.identity === undefined ? loopback : { host: "localhost", port: 0 };
    return Promise.resolve({
      address,
      server: network,
      client: network,
      close: () => Promise.resolve(),
    });
  };
}

networkContract("TcpNetwork", tcp({}));

const certificate = await makeCertificate("localhost");
networkContract(
  "TcpNetwork with TLS",
  tcp({ identity: certificate, trust: [certificate.cert] }),
);

networkContract("MemoryNetwork", (limits = {}) => {
  const deps = { clock: new SystemClock(), random: new SeededRandom(1) };
  const network = new MemoryNetwork(deps, { delayMs: [0, 1], ...limits });
  return Promise.resolve({
    address: { host: "server", port: 0 },
    server: network.host("server"),
    client: network.host("client"),
    close: () => Promise.resolve(),
  });
});
