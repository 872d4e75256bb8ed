/** Loads the sample tables into a cluster of other processes. */
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import { TcpNetwork } from "../../src/adapters/tcp_network.ts";
import { loadShop } from "../../src/cli/up/sample_shop.ts";
import { connect } from "../../src/client/connect.ts";
import type { Address } from "../../src/ports/network.ts";

export async function loadSample(masters: readonly Address[]): Promise<void> {
  const deps = {
    clock: new SystemClock(),
    random: new SystemRandom(),
    network: new TcpNetwork(),
  };
  const client = connect(deps, { masters, name: "scripts/up" });
  try {
    await loadShop(client);
  } finally {
    await client.close();
  }
}
