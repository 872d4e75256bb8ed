/** The Coordinator contract on ZooKeeper and in memory. */
import { MemoryCoordinator } from "../../src/adapters/memory_coordinator/coordinator.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { VirtualClock } from "../../src/adapters/virtual_clock.ts";
import { ZookeeperCoordinator } from "../../src/adapters/zookeeper/coordinator.ts";
import { startZookeeper, type ZookeeperEnsemble } from "../../scripts/services/zookeeper.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { steppedBy, virtualWaits } from "../support/virtual_waits.ts";
import { settle, until, within } from "../support/wait.ts";
import { coordinatorContract, type CoordinatorFixture } from "./coordinator_contract.ts";

const SESSION_TIMEOUT_MS = 2000;

function inMemory(delayMs: number): CoordinatorFixture & { readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const memory = new MemoryCoordinator({ clock }, {
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    delayMs,
  });
  let clients = 0;
  return {
    clock,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    client: () => {
      const name = `client ${++clients}`;
      return {
        coordinator: memory.client(name),
        cut: () => memory.faults.partition(name, "cut"),
        silence: () => memory.faults.partition(name, "silent"),
        mend: () => memory.faults.heal(name),
      };
    },
    ...virtualWaits(steppedBy(clock)),
    close: () => Promise.resolve(),
  };
}

coordinatorContract("MemoryCoordinator", () => Promise.resolve(inMemory(0)));

/** Calls take time here, so it flows by itself: a millisecond whenever everything is at rest. */
function withDelays(): Promise<CoordinatorFixture> {
  const { clock, ...fixture } = inMemory(2);
  let stopped = false;
  const flow = (async () => {
    while (!stopped) await clock.advance(1, settle);
  })();
  return Promise.resolve({
    ...fixture,
    ...virtualWaits({ now: () => clock.now(), pass: (ms) => clock.sleep(ms) }),
    clock,
    close: async () => {
      stopped = true;
      await flow;
    },
  });
}

coordinatorContract("MemoryCoordinator with delays", withDelays);

let ensemble: ZookeeperEnsemble;
let roots = 0;

Deno.test.beforeAll(async () => {
  ensemble = await startZookeeper({ servers: 1 });
});

Deno.test.afterAll(async () => {
  await ensemble.stop();
});

/** A root of its own in the one ensemble, and a proxy for each client. */
function onZookeeper(): Promise<CoordinatorFixture> {
  const clock = new SystemClock();
  const root = `/test-${++roots}/root`;
  const [server] = ensemble.servers;
  if (server === undefined) throw new Error("the ensemble has no server");
  const proxies: TcpProxy[] = [];
  return Promise.resolve({
    clock,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    client: () => {
      const proxy = new TcpProxy(server);
      proxies.push(proxy);
      return {
        coordinator: new ZookeeperCoordinator({
          connect: `${proxy.host}:${proxy.port}${root}`,
          sessionTimeoutMs: SESSION_TIMEOUT_MS,
          clock,
        }),
        cut: () => proxy.cut(),
        silence: () => proxy.silence(),
        mend: () => proxy.mend(),
      };
    },
    wait: within,
    until,
    close: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  });
}

coordinatorContract("ZookeeperCoordinator", onZookeeper);
