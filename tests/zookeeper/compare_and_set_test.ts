/** Compare-and-set on a real ensemble, through connections that break at the worst moment. */
import assert from "node:assert/strict";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { ZookeeperCoordinator } from "../../src/adapters/zookeeper/coordinator.ts";
import { compareAndSet } from "../../src/cluster/compare_and_set.ts";
import { CoordinatorError, type Session } from "../../src/ports/coordinator.ts";
import { startZookeeper, type ZookeeperEnsemble } from "../../scripts/services/zookeeper.ts";
import { withoutCrash } from "../support/crash_guard.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { until, within } from "../support/wait.ts";

const SESSION_MS = 4000;
const clock = new SystemClock();

let ensemble: ZookeeperEnsemble;
let roots = 0;

Deno.test.beforeAll(async () => {
  ensemble = await startZookeeper({ servers: 3 });
});

Deno.test.afterAll(async () => {
  await ensemble.stop();
});

interface Client {
  readonly session: Session;
  readonly proxy: TcpProxy;
}

/** Clients on the servers in turn, each through a proxy, and a node they all know. */
function casTest(what: string, body: (clients: readonly Client[]) => Promise<void>): void {
  Deno.test(`compare-and-set on zookeeper: ${what}`, () =>
    withoutCrash(async () => {
      const root = `/cas-${++roots}`;
      const clients = await Promise.all(ensemble.servers.map(async (server) => {
        const proxy = new TcpProxy(server);
        const connect = `${proxy.host}:${proxy.port}${root}`;
        const options = { connect, sessionTimeoutMs: SESSION_MS, clock };
        return { proxy, session: await new ZookeeperCoordinator(options).open() };
      }));
      try {
        await clients[0]?.session.create("/state", "{}", "persistent");
        await Promise.all(clients.map(({ session }) =>
          until("everybody sees the node", async () =>
            (await session.observe("/state")).value !== null)
        ));
        await body(clients);
      } finally {
        for (const { proxy } of clients) {
          proxy.mend();
        }
        await within(
          "sessions close",
          Promise.all(clients.map((each) =>
            each.session.close()
          )),
        );
        await Promise.all(clients.map(({ proxy }) => proxy.close()));
      }
    }));
}

async function nodeOf({ session }: Client) {
  const { data, version } = await session.get("/state");
  return { ...JSON.parse(data), version };
}

function change(
  { session }: Client,
  value: Record<string, unknown>,
  version: number,
  nonce: string,
) {
  return compareAndSet({ session, clock }, { path: "/state", value, version, nonce });
}

casTest("one that was applied unheard is found to be", async ([one, two]) => {
  assert.ok(one !== undefined && two !== undefined);
  one.proxy.silenceAnswers();
  const outcome = change(one, { by: 1 }, 0, "n1");
  await until("it was applied", async () => (await nodeOf(two)).version === 1);
  one.proxy.cut();
  one.proxy.mend();
  assert.equal(await within("the outcome is known", outcome), 1);
  await until("it is seen", async () => (await nodeOf(two)).nonce === "n1");
  assert.equal((await nodeOf(one)).version, 1);
});

casTest("one that never arrived is sent again", async ([one]) => {
  assert.ok(one !== undefined);
  one.proxy.silence();
  const outcome = change(one, { by: 1 }, 0, "n1");
  one.proxy.cut();
  await until("it is suspended", () => one.session.state === "suspended");
  one.proxy.mend();
  assert.equal(await within("the outcome is known", outcome), 1);
  const { version, nonce } = await nodeOf(one);
  assert.deepEqual([version, nonce], [1, "n1"]);
});

casTest("one that was overwritten unheard is not in force", async ([one, two]) => {
  assert.ok(one !== undefined && two !== undefined);
  one.proxy.silenceAnswers();
  const outcome = change(one, { by: 1 }, 0, "n1");
  outcome.catch(() => {});
  await until("it was applied", async () => (await nodeOf(two)).version === 1);
  assert.equal(await change(two, { by: 2 }, 1, "n2"), 2);
  one.proxy.cut();
  one.proxy.mend();
  await assert.rejects(within("the outcome is known", outcome), { code: "bad_version" });
});

casTest("among breaking connections every change is made once", async (clients) => {
  const random = new SeededRandom(7);
  const each = 80;
  let working = clients.length;
  const work = clients.map(async (client, number) => {
    for (let i = 0; i < each; i++) await makeOnce(client, `${number}-${i}`);
    working--;
  });
  const trouble = (async () => {
    while (working > 0) {
      const { proxy } = clients[Math.floor(random.next() * clients.length)] ?? {};
      const kind = Math.floor(random.next() * 3);
      if (kind === 0) proxy?.silenceAnswers();
      if (kind === 1) proxy?.silence();
      await clock.sleep(random.next() * 30);
      proxy?.cut();
      await clock.sleep(random.next() * 30);
      proxy?.mend();
      await clock.sleep(random.next() * 50);
    }
  })();
  await within("all is done", Promise.all([...work, trouble]), 120_000);
  const [first] = clients;
  assert.ok(first !== undefined);
  await until("it is connected", () => first.session.state === "connected");
  await assert.rejects(first.session.set("/state", "barrier", 0), { code: "bad_version" });
  const { made, version } = await nodeOf(first);
  const wanted = clients.flatMap((_, number) =>
    Array.from({ length: each }, (_, i) => `${number}-${i}`)
  );
  assert.deepEqual([...made].sort(), wanted.sort());
  assert.equal(version, wanted.length);
});

/** Adds `id` to the list in the node. The list is what others keep, so it tells who was there. */
async function makeOnce(client: Client, id: string): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      const { made = [], version } = await nodeOf(client);
      if (made.includes(id)) return;
      await change(client, { made: [...made, id] }, version, `${id}-${attempt}`);
      return;
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error;
      assert.ok(
        ["bad_version", "suspended", "connection_loss"].includes(error.code),
        error.message,
      );
      await until("it is connected", () => client.session.state === "connected", 30_000);
    }
  }
}
