import assert from "node:assert/strict";
import { steppedBy, virtualWaits } from "../../../tests/support/virtual_waits.ts";
import { settle } from "../../../tests/support/wait.ts";
import { CoordinatorError, type Session, type SessionState } from "../../ports/coordinator.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { MemoryCoordinator } from "./coordinator.ts";

const TIMEOUT_MS = 4000;

function setUp(delayMs = 0) {
  const clock = new VirtualClock();
  const memory = new MemoryCoordinator({ clock }, { sessionTimeoutMs: TIMEOUT_MS, delayMs });
  const { wait, until } = virtualWaits(steppedBy(clock));
  const open = (client: string) => wait("a session opens", memory.client(client).open());
  const pass = (ms: number) => clock.advance(ms, settle);
  return { clock, memory, faults: memory.faults, wait, until, open, pass };
}

async function code(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => null, (reason) => reason);
  return error instanceof CoordinatorError ? error.code : String(error);
}

function statesOf(session: Session): SessionState[] {
  const states: SessionState[] = [];
  session.onState((state) => states.push(state));
  return states;
}

Deno.test("memory coordinator: a call takes the delay each way", async () => {
  const { clock, open, wait, faults } = setUp(7);
  const session = await open("a");
  const before = clock.now();
  await wait("the node is made", session.create("/a", "", "persistent"));
  // Time is looked at every 5 ms.
  assert.ok(clock.now() - before >= 14 && clock.now() - before <= 20);
  faults.delay(100, "a");
  const slow = clock.now();
  await wait("the node is read", session.get("/a"));
  assert.ok(clock.now() - slow >= 200);
});

Deno.test("memory coordinator: answers keep their order when the delay shrinks", async () => {
  const { open, wait, faults } = setUp(50);
  const session = await open("a");
  const order: string[] = [];
  const slow = session.create("/a", "", "persistent").then(() => order.push("create"));
  faults.delay(0, "a");
  const fast = session.get("/a").then(() => order.push("get"));
  await wait("both end", Promise.all([slow, fast]));
  assert.deepEqual(order, ["create", "get"]);
});

Deno.test("memory coordinator: a paused client expires and learns of it when it goes on", async () => {
  const { open, faults, pass, memory, until } = setUp();
  const session = await open("a");
  await session.create("/e", "", "ephemeral");
  const states = statesOf(session);
  faults.pause("a");
  await pass(TIMEOUT_MS * 2);
  assert.equal(memory.tree.get("/e"), null);
  assert.deepEqual([session.state, states], ["connected", []], "it noticed nothing");
  faults.resume("a");
  await until("it learns of its end", () => session.state === "ended");
});

Deno.test("memory coordinator: a client paused for a moment goes on as before", async () => {
  const { open, faults, pass, wait } = setUp();
  const [one, two] = [await open("a"), await open("b")];
  await one.create("/e", "0", "ephemeral");
  const seen = await one.observe("/e");
  faults.pause("a");
  await two.set("/e", "1", 0);
  await pass(TIMEOUT_MS / 4);
  faults.resume("a");
  await wait("the change is announced", seen.changed);
  await pass(TIMEOUT_MS * 3);
  assert.equal((await one.get("/e")).data, "1");
  assert.equal(one.state, "connected");
});

Deno.test("memory coordinator: an expired client is told at once", async () => {
  const { open, faults, memory } = setUp();
  const session = await open("a");
  await session.create("/e", "", "ephemeral");
  faults.expire("a");
  assert.equal(memory.tree.get("/e"), null);
  assert.equal(await session.ended, "expired");
  assert.equal(await code(session.get("/")), "session_ended");
});

Deno.test("memory coordinator: a lost reply suspends for a moment, applied or not", async () => {
  const { open, faults, memory, until } = setUp();
  const session = await open("a");
  const states = statesOf(session);
  faults.loseReply({ client: "a", op: "create", path: "/not" }, { applied: false });
  faults.loseReply({ client: "a", op: "create", path: "/done" }, { applied: true });
  assert.equal(await code(session.create("/done", "", "persistent")), "connection_loss");
  await until("it is connected", () => session.state === "connected");
  assert.equal(await code(session.create("/not", "", "persistent")), "connection_loss");
  await until("it is connected", () => session.state === "connected");
  assert.deepEqual(memory.tree.children("/"), ["done"]);
  assert.deepEqual(states, ["suspended", "connected", "suspended", "connected"]);
  assert.equal(faults.waiting, 0);
});

Deno.test("memory coordinator: a refused request is answered so and not carried out", async () => {
  const { open, faults, memory } = setUp();
  const session = await open("a");
  faults.refuse({ op: "create" }, "forbidden");
  assert.equal(await code(session.create("/a", "", "persistent")), "forbidden");
  assert.deepEqual(memory.tree.children("/"), []);
  assert.equal(session.state, "connected");
});

Deno.test("memory coordinator: a client that lags reads what was until it writes", async () => {
  const { open, faults, wait } = setUp();
  const [one, two] = [await open("a"), await open("b")];
  await two.create("/a", "0", "persistent");
  await one.get("/a");
  faults.lag("a");
  await two.set("/a", "1", 0);
  await two.create("/new", "", "persistent");
  const seen = await one.observe("/a");
  const children = await one.observeChildren("/");
  assert.deepEqual([seen.value?.data, children.value], ["0", ["a"]]);
  assert.equal(await code(one.set("/a", "x", 0)), "bad_version");
  await wait("what it missed is announced", Promise.all([seen.changed, children.changed]));
  assert.equal((await one.get("/a")).data, "1");
});

Deno.test("memory coordinator: a client that catches up is told what it missed", async () => {
  const { open, faults, wait } = setUp();
  const [one, two] = [await open("a"), await open("b")];
  faults.lag("a");
  await two.create("/a", "", "persistent");
  const seen = await one.observe("/a");
  assert.equal(seen.value, null);
  faults.catchUp("a");
  await wait("the node is announced", seen.changed);
  assert.notEqual((await one.observe("/a")).value, null);
});

Deno.test("memory coordinator: a lag ends with the next probe, as all lags do", async () => {
  const { open, faults, pass } = setUp();
  const [one, two] = [await open("a"), await open("b")];
  faults.lag("a");
  await two.create("/a", "", "persistent");
  assert.deepEqual(await one.children("/"), []);
  await pass(TIMEOUT_MS / 4);
  assert.deepEqual(await one.children("/"), ["a"]);
});

Deno.test("memory coordinator: nobody expires there while the service is away", async () => {
  const { open, faults, pass, memory, until } = setUp();
  const session = await open("a");
  await session.create("/e", "", "ephemeral");
  faults.serviceAway();
  await until("it is suspended", () => session.state === "suspended");
  assert.equal(await code(session.get("/e")), "suspended");
  await pass(TIMEOUT_MS * 10);
  assert.equal(session.state, "ended", "the client gave up by its own clock");
  assert.notEqual(memory.tree.get("/e"), null);
  faults.serviceBack();
  await pass(TIMEOUT_MS * 0.9);
  assert.notEqual(memory.tree.get("/e"), null, "it has the full time again");
  await until("the node goes", () => memory.tree.get("/e") === null);
  assert.equal((await open("a")).state, "connected");
});

Deno.test("memory coordinator: a short absence of the service ends nothing", async () => {
  const { open, faults, pass, until } = setUp();
  const sessions = [await open("a"), await open("b")];
  faults.serviceAway();
  await pass(TIMEOUT_MS / 2);
  for (const session of sessions) assert.equal(session.state, "suspended");
  faults.serviceBack();
  for (const session of sessions) {
    await until("it is connected", () => session.state === "connected");
  }
});

Deno.test("memory coordinator: a client made while the service is away waits for it", async () => {
  const { memory, faults, wait, pass } = setUp();
  faults.serviceAway();
  const opening = memory.client("late").open();
  await pass(TIMEOUT_MS / 2);
  faults.serviceBack();
  assert.equal((await wait("it opens", opening)).state, "connected");
});

Deno.test("memory coordinator: what was sent into the silence may arrive after it", async () => {
  const { open, faults, until, memory } = setUp();
  const session = await open("a");
  faults.partition("a", "silent");
  const lost = session.create("/late", "", "persistent");
  await until("the session is suspended", () => session.state === "suspended");
  assert.equal(await code(lost), "connection_loss");
  assert.equal(memory.tree.get("/late"), null);
  faults.heal("a");
  await until("it is connected", () => session.state === "connected");
  assert.notEqual(memory.tree.get("/late"), null);
});

Deno.test("memory coordinator: two runs of one story are the same", async () => {
  const run = async () => {
    const { open, faults, pass, clock } = setUp(3);
    const trace: string[] = [];
    for (const name of ["a", "b", "c"]) {
      const session = await open(name);
      session.onState((state) => trace.push(`${clock.now()} ${name} ${state}`));
      void session.create(`/n_`, name, "ephemeral_sequential")
        .then((path) => trace.push(`${clock.now()} ${path}`));
    }
    faults.partition("a", "silent");
    await pass(TIMEOUT_MS);
    faults.heal("a");
    faults.partition("b");
    await pass(TIMEOUT_MS * 2);
    return trace;
  };
  const first = await run();
  assert.ok(first.length > 5);
  assert.deepEqual(await run(), first);
});
