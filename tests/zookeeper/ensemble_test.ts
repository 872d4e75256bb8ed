/** A real ensemble of three whose servers fall, freeze and come back. */
import assert from "node:assert/strict";
import { ZookeeperCoordinator } from "../../src/adapters/zookeeper/coordinator.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { CoordinatorError, type Session, type SessionState } from "../../src/ports/coordinator.ts";
import {
  startZookeeper,
  type ZookeeperEnsemble,
  type ZookeeperServer,
} from "../../scripts/services/zookeeper.ts";
import { withoutCrash } from "../support/crash_guard.ts";
import { until, within } from "../support/wait.ts";

const LIMIT_MS = 60_000;

let ensemble: ZookeeperEnsemble;
let roots = 0;

Deno.test.beforeAll(async () => {
  ensemble = await startZookeeper({ servers: 3 });
});

Deno.test.afterAll(async () => {
  await ensemble.stop();
});

interface Opening {
  readonly servers?: readonly ZookeeperServer[];
  readonly auth?: { readonly user: string; readonly password: string };
}

interface Bench {
  open(sessionMs: number, opening?: Opening): Promise<Session>;
}

/** A test with a root of its own, after which the ensemble is whole again. */
function ensembleTest(what: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(`zookeeper ensemble: ${what}`, () =>
    withoutCrash(async () => {
      const root = `/test-${++roots}`;
      const sessions: Session[] = [];
      try {
        await body({
          open: async (sessionTimeoutMs, { servers = ensemble.servers, ...auth } = {}) => {
            const connect = servers.map(({ port }) => `127.0.0.1:${port}`).join(",") + root;
            const clock = new SystemClock();
            const options = { connect, sessionTimeoutMs, clock, ...auth };
            const coordinator = new ZookeeperCoordinator(options);
            const session = await within("a session opens", coordinator.open(), LIMIT_MS);
            sessions.push(session);
            return session;
          },
        });
      } finally {
        await within("sessions close", Promise.all(sessions.map((each) => each.close())), LIMIT_MS);
      }
    }));
}

function statesOf(session: Session): SessionState[] {
  const states: SessionState[] = [];
  session.onState((state) => states.push(state));
  return states;
}

/** The call's value as soon as the session serves it. */
async function served<T>(session: Session, call: () => Promise<T>): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    await until("it is connected or over", () => session.state !== "suspended", LIMIT_MS);
    try {
      return await call();
    } catch (error) {
      const again = error instanceof CoordinatorError &&
        (error.code === "connection_loss" || error.code === "suspended");
      if (!again) throw error;
    }
  }
  throw new Error(`not served within ${LIMIT_MS} ms`);
}

ensembleTest("sessions survive the fall of any one server, the leader too", async ({ open }) => {
  const sessions = await Promise.all([open(8000), open(8000), open(8000)]);
  await Promise.all(sessions.map((each, i) => each.create(`/e${i}`, `${i}`, "ephemeral")));
  const ids = sessions.map(({ id }) => id);
  const leader = await ensemble.leader();
  const others = ensemble.servers.filter((server) => server !== leader);
  for (const server of [...others, leader]) {
    assert.ok(server !== null);
    await server.kill();
    const owners = await Promise.all(
      sessions.map((each, i) => served(each, () => each.get(`/e${i}`)).then(({ owner }) => owner)),
    );
    assert.deepEqual(owners, ids);
    for (const session of sessions) {
      const { version } = await served(session, () => session.get("/e0"));
      const moved = await served(session, () => session.set("/e0", "moved", version));
      assert.equal(moved, version + 1);
    }
    await server.restart();
  }
  for (const session of sessions) assert.notEqual(session.state, "ended");
});

ensembleTest("two of three down suspend, and one of them back serves again", async ({ open }) => {
  const session = await open(4000);
  await session.create("/a", "0", "persistent");
  const [one, two] = ensemble.servers;
  assert.ok(one !== undefined && two !== undefined);
  await Promise.all([one.kill(), two.kill()]);
  await until("it is suspended", () => session.state === "suspended");
  await assert.rejects(session.set("/a", "late", 0), { code: "suspended" });
  await until("it ends by its own clock", () => session.state === "ended", LIMIT_MS);
  await one.restart();
  const next = await open(4000);
  assert.equal((await served(next, () => next.get("/a"))).data, "0");
  await two.restart();
});

ensembleTest("a server cut off from the others keeps nobody certain", async ({ open }) => {
  const leader = await ensemble.leader();
  const [alone, other] = ensemble.servers.filter((server) => server !== leader);
  assert.ok(alone !== undefined && other !== undefined && leader !== null);
  const session = await open(2000, { servers: [alone] });
  await session.create("/e", "", "ephemeral");
  leader.pause();
  other.pause();
  try {
    const frozen = performance.now();
    // It answers reads as before for a while; what the session is sure of must not follow it.
    await until("it is suspended", () => {
      assert.ok(session.certainUntil < frozen + 2000);
      return session.state === "suspended";
    });
    assert.ok(performance.now() - frozen < 2000);
  } finally {
    leader.resume();
    other.resume();
  }
  await until("it is connected or over", () => session.state !== "suspended", LIMIT_MS);
});

ensembleTest("a frozen server is left for another, in one session", async ({ open }) => {
  const leader = await ensemble.leader();
  const follower = ensemble.servers.find((server) => server !== leader);
  assert.ok(follower !== undefined);
  const sessions = await Promise.all(Array.from({ length: 6 }, () => open(4000)));
  const states = sessions.map(statesOf);
  await Promise.all(sessions.map((each, i) => each.create(`/e${i}`, "", "ephemeral")));
  follower.pause();
  try {
    for (const [i, session] of sessions.entries()) {
      assert.equal((await served(session, () => session.get(`/e${i}`))).owner, session.id);
      await served(session, () => session.create(`/after${i}`, "", "persistent"));
    }
  } finally {
    follower.resume();
  }
  for (const each of states) assert.ok(!each.includes("ended"));
});

ensembleTest("a failed write is a barrier on a follower too", async ({ open }) => {
  const sessions = await Promise.all(
    ensemble.servers.map((server) => open(4000, { servers: [server] })),
  );
  const [first] = sessions;
  await first?.create("/a", "", "persistent");
  let version = 0;
  for (let round = 0; round < 100; round++) {
    const writer = sessions[round % 3];
    const reader = sessions[(round + 1 + round % 2) % 3];
    assert.ok(writer !== undefined && reader !== undefined);
    await writer.set("/a", `${round}`, version++);
    await assert.rejects(reader.set("/a", "x", version - 1), { code: "bad_version" });
    assert.equal((await reader.get("/a")).data, `${round}`);
  }
});

ensembleTest("of the sessions on three servers one wins each version", async ({ open }) => {
  const sessions = await Promise.all(
    ensemble.servers.map((server) => open(4000, { servers: [server] })),
  );
  await sessions[0]?.create("/a", "", "persistent");
  for (let version = 0; version < 50; version++) {
    const outcomes = await Promise.allSettled(
      sessions.map((each, i) => served(each, () => each.set("/a", `${i}`, version))),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  }
});

ensembleTest("the ensemble decides how long a session is", async ({ open }) => {
  assert.equal((await open(1)).timeoutMs, 1000);
  assert.equal((await open(3_600_000)).timeoutMs, 60_000);
});

ensembleTest("a process that stood still is sure of nothing", async ({ open }) => {
  const session = await open(1000);
  await session.create("/e", "", "ephemeral");
  const end = performance.now() + 2500;
  while (performance.now() < end);
  assert.ok(session.certainUntil < performance.now());
  await until("it ends", () => session.state === "ended");
  const other = await open(1000);
  await until("its node goes", async () => (await other.observe("/e")).value === null);
});

ensembleTest("ten thousand observers are told of a reconnection", async ({ open }) => {
  const session = await open(20_000);
  const paths = Array.from({ length: 10_000 }, (_, i) => `/a-node-that-is-not-there-${i}`);
  const seen = await Promise.all(paths.map((path) => session.observe(path)));
  const states = statesOf(session);
  const { length } = ensemble.servers;
  for (let i = 0; i < length && states.length === 0; i++) {
    await ensemble.servers[i]?.restart();
  }
  await within("all are told", Promise.all(seen.map(({ changed }) => changed)), LIMIT_MS);
  assert.deepEqual([states, session.state], [["suspended", "connected"], "connected"]);
});

ensembleTest("ten thousand reads at once are served without a break", async ({ open }) => {
  const session = await open(4000);
  await session.create("/a", "here", "persistent");
  const states = statesOf(session);
  const reads = Array.from({ length: 10_000 }, () => session.get("/a"));
  for (const { data } of await within("all are read", Promise.all(reads), LIMIT_MS)) {
    assert.equal(data, "here");
  }
  assert.deepEqual(states, []);
});

ensembleTest("nodes made with credentials are for those who have them", async ({ open }) => {
  const stranger = await open(4000);
  const auth = { user: "minisql", password: "secret" };
  const [owner, friend] = [await open(4000, { auth }), await open(4000, { auth })];
  await owner.create("/mine", "kept", "persistent");
  assert.equal((await friend.get("/mine")).data, "kept");
  await assert.rejects(stranger.get("/mine"), { code: "forbidden", applied: "no" });
  await assert.rejects(stranger.set("/mine", "x", 0), { code: "forbidden", applied: "no" });
  await assert.rejects(stranger.children("/mine"), { code: "forbidden" });
});
