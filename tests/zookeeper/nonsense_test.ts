/** ZooKeeper servers that send what makes no sense, or too much at once. */
import assert from "node:assert/strict";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { answer, notification, usualAnswer, type WireRequest } from "../support/fake_zookeeper.ts";
import { frame, JuteWriter } from "../support/jute.ts";
import { until, within } from "../support/wait.ts";
import { fails, zookeeperTest } from "../support/zookeeper_bench.ts";

const random = new SeededRandom(20_260_101);

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
}

function bytes(...values: readonly number[]): Uint8Array {
  return new JuteWriter().raw(Uint8Array.from(values)).bytes;
}

/** Answers to a read of data that end its connection. */
const NONSENSE: Readonly<Record<string, (request: WireRequest) => Uint8Array>> = {
  "a negative length": () => new JuteWriter().int(-1).bytes,
  "a length of 2 GB": () => new JuteWriter().int(2 ** 31 - 1).raw(noise(1000)).bytes,
  "a length of 17 MB": () => new JuteWriter().int(17 << 20).bytes,
  "an empty frame": () => frame(bytes()),
  "a frame of one byte": () => frame(bytes(0)),
  "half a header": (request) => frame(new JuteWriter().int(request.xid).int(0).bytes),
  "a header and nothing else": (request) => answer(request, 0),
  "data longer than its frame": (request) => answer(request, 0, new JuteWriter().int(1000).stat()),
  "data of 2 GB": (request) => answer(request, 0, new JuteWriter().int(2 ** 31 - 1).stat()),
  "data of negative length": (request) => answer(request, 0, new JuteWriter().int(-7).stat()),
  "half of the node's figures": (request) =>
    answer(request, 0, new JuteWriter().text("data").int(0).int(0)),
  "another request's number": (request) =>
    answer({ xid: request.xid + 1 }, 0, new JuteWriter().text("data").stat()),
  "noise in a frame": () => frame(noise(200)),
  "noise": () => bytes(0, 0, 0, 40, ...noise(60)),
  "half an event": () => frame(new JuteWriter().int(-1).long(0).int(0).int(3).bytes),
  "an answer to nothing, then the end": (request) =>
    Uint8Array.from([...usualAnswer(request), ...answer({ xid: 999 }, 0)]),
};

for (const [what, make] of Object.entries(NONSENSE)) {
  zookeeperTest(`${what} costs the connection and nothing more`, async (bench) => {
    let sane = false;
    const { session } = await bench.serve({
      request: (request) => sane || request.isProbe ? null : make(request),
    });
    const states: string[] = [];
    session.onState((state) => states.push(state));
    const outcome = session.get("/a").then(() => "done", (error) => error.code);
    const waiting = session.get("/b").then(() => "done", (error) => error.code);
    const ends = new Set([
      await within("the call ends", outcome),
      await within("and that", waiting),
    ]);
    assert.ok(ends.has("connection_loss"), [...ends].join());
    await until("it is suspended", () => states.includes("suspended"));
    sane = true;
    await until("it is connected", () => session.state === "connected");
    assert.equal((await session.get("/a")).data, "data");
  });
}

zookeeperTest("an event of an unknown kind is passed by", async (bench) => {
  const { fake, session } = await bench.serve({});
  const seen = await session.observe("/a");
  for (const type of [-1, 0, 5, 77]) await fake.broadcast(notification(type, "/b"));
  assert.equal((await session.get("/a")).data, "data");
  assert.equal(session.state, "connected");
  await fake.broadcast(notification(3, "/a"));
  await within("the change is announced", seen.changed);
});

zookeeperTest("a frame that never becomes whole is silence", async (bench) => {
  const { session } = await bench.serve({
    handshake: (connection) => connection > 1 ? "silence" : null,
    request: (request) => request.isProbe ? "silence" : usualAnswer(request).slice(0, 30),
  });
  await fails("connection_loss", session.get("/a"));
  await until("it ends", () => session.state === "ended");
});

zookeeperTest("thousands of answers and events in one piece are all taken", async (bench) => {
  const count = 250;
  const waiting: WireRequest[] = [];
  const events = Array.from({ length: 80 }, (_, i) => notification(3, `/other-${i}`));
  const { session } = await bench.serve({
    request: (request) => {
      if (request.isProbe) return "silence";
      waiting.push(request);
      if (waiting.length < count) return "silence";
      return joined(waiting.flatMap((each) => [...events, answer(each, -101)]));
    },
  }, 20_000);
  const calls = Array.from({ length: count }, () => session.get("/a"));
  const codes = calls.map((call) => call.then(() => "done", ({ code }) => code));
  assert.deepEqual([...new Set(await within("all end", Promise.all(codes)))], ["no_node"]);
});

zookeeperTest("a list of children of more than a megabyte is taken", async (bench) => {
  const names = Array.from({ length: 20_000 }, (_, i) => `child-${i}-${"x".repeat(60)}`).sort();
  const reply = new JuteWriter().texts(names).stat();
  const { session } = await bench.serve({
    request: (request) => request.name === "children" ? answer(request, 0, reply) : null,
  }, 20_000);
  assert.deepEqual(await session.children("/a"), names);
});

zookeeperTest("a storm of events reaches whom it concerns", async (bench) => {
  const { fake, session } = await bench.serve({});
  const seen = await session.observe("/wanted");
  const storm = Array.from({ length: 20_000 }, (_, i) => notification(3, `/other-${i}`));
  await fake.broadcast(joined([...storm, notification(3, "/wanted")]));
  await within("the change is announced", seen.changed);
});

zookeeperTest("answers that come byte by byte are put together", async (bench) => {
  const { fake, session } = await bench.serve({ request: () => "silence" });
  const call = session.get("/a");
  await until("the request is there", () => fake.calls.length === 1);
  const [request] = fake.calls;
  assert.ok(request !== undefined);
  for (const byte of usualAnswer(request)) await fake.broadcast(Uint8Array.of(byte));
  assert.equal((await within("the call ends", call)).data, "data");
});

zookeeperTest("answers with random bytes changed crash nothing and hang nothing", async (bench) => {
  let mad = true;
  const { fake, session } = await bench.serve({
    request: (request) => {
      const reply = usualAnswer(request);
      if (!mad || random.next() < 0.7) return reply;
      for (let i = 0; i <= random.next() * 6; i++) {
        reply[Math.floor(random.next() * reply.length)] = Math.floor(random.next() * 256);
      }
      return reply;
    },
  }, 200);
  let current = session;
  for (let round = 0; round < 200; round++) {
    const calls = [current.get("/a"), current.set("/a", "x", 0), current.observeChildren("/a")];
    await within("all calls end", Promise.allSettled(calls));
    await until("it is connected or over", () => current.state !== "suspended");
    if (current.state === "ended") {
      mad = false;
      current = await bench.open(fake.address);
      mad = true;
    }
  }
  mad = false;
  await until("it is connected or over", () => current.state !== "suspended");
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
