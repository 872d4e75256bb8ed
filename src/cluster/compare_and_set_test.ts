import assert from "node:assert/strict";
import { MemoryCoordinator } from "../adapters/memory_coordinator/coordinator.ts";
import { VirtualClock } from "../adapters/virtual_clock.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";
import { steppedBy, virtualWaits } from "../../tests/support/virtual_waits.ts";
import { compareAndSet, type CompareAndSetOptions } from "./compare_and_set.ts";

const PATH = "/state";

class Bench {
  readonly clock = new VirtualClock();
  readonly memory = new MemoryCoordinator({ clock: this.clock }, { sessionTimeoutMs: 4000 });
  readonly waits = virtualWaits(steppedBy(this.clock));
  readonly #nodeMade: Promise<void>;

  constructor() {
    this.#nodeMade = this.open("maker").then(async (session) => {
      await session.create(PATH, "{}", "persistent");
    });
  }

  get faults() {
    return this.memory.faults;
  }

  async open(client: string): Promise<Session> {
    const session = await this.memory.client(client).open();
    if (client !== "maker") await this.#nodeMade;
    return session;
  }

  /** What the node holds now, whoever may read something older. */
  get held(): unknown {
    return JSON.parse(this.memory.tree.get(PATH)?.data ?? "null");
  }

  set(
    session: Session,
    [value, version, nonce]: [value: number, version: number, nonce: string],
    options?: CompareAndSetOptions,
  ): Promise<number> {
    const change = { path: PATH, value: { value }, version, nonce };
    return this.waits.wait(
      "the outcome is known",
      compareAndSet({ session, clock: this.clock }, change, options),
    );
  }

  async fails(code: string, promise: Promise<unknown>): Promise<CoordinatorError> {
    const error = await promise.then(() => null, (reason) => reason);
    assert.ok(error instanceof CoordinatorError, `${code} was expected, not ${error ?? "success"}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
}

Deno.test("compare-and-set: writes the value with its nonce and tells the version", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  assert.equal(await bench.set(session, [7, 0, "n1"]), 1);
  assert.deepEqual(bench.held, { value: 7, nonce: "n1" });
  assert.equal(await bench.set(session, [8, 1, "n2"]), 2);
});

Deno.test("compare-and-set: loses to whoever wrote first, without asking again", async () => {
  const bench = new Bench();
  const [one, two] = [await bench.open("a"), await bench.open("b")];
  await bench.set(one, [1, 0, "n1"]);
  bench.faults.loseReply({ client: "b", op: "get" }, { applied: true });
  await bench.fails("bad_version", bench.set(two, [2, 0, "n2"]));
  assert.equal(bench.faults.waiting, 1, "nothing was read");
  assert.deepEqual(bench.held, { value: 1, nonce: "n1" });
});

Deno.test("compare-and-set: succeeds once when it was applied and its answer lost", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  bench.faults.loseReply({ op: "set" }, { applied: true });
  assert.equal(await bench.set(session, [1, 0, "n1"]), 1);
  assert.equal(bench.memory.tree.get(PATH)?.version, 1, "and only once");
  assert.deepEqual(bench.held, { value: 1, nonce: "n1" });
});

Deno.test("compare-and-set: succeeds when it was lost on the way", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  bench.faults.loseReply({ op: "set" }, { applied: false });
  assert.equal(await bench.set(session, [1, 0, "n1"]), 1);
  assert.deepEqual(bench.held, { value: 1, nonce: "n1" });
});

Deno.test("compare-and-set: survives losing every second answer", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  for (const applied of [true, false, false]) bench.faults.loseReply({ op: "set" }, { applied });
  bench.faults.loseReply({ op: "get" }, { applied: true });
  assert.equal(await bench.set(session, [1, 0, "n1"]), 1);
  assert.equal(bench.faults.waiting, 0);
  assert.equal(bench.memory.tree.get(PATH)?.version, 1);
});

Deno.test("compare-and-set: is lost when another wrote first and its own answer was lost", async () => {
  const bench = new Bench();
  const [one, two] = [await bench.open("a"), await bench.open("b")];
  assert.equal(await bench.set(two, [2, 0, "n2"]), 1);
  bench.faults.loseReply({ client: "a", op: "set" }, { applied: false });
  await bench.fails("bad_version", bench.set(one, [1, 0, "n1"]));
  assert.deepEqual(bench.held, { value: 2, nonce: "n2" });
});

Deno.test("compare-and-set: is not in force when it was applied, then overwritten", async () => {
  const bench = new Bench();
  const [one, two] = [await bench.open("a"), await bench.open("b")];
  bench.faults.loseReply({ client: "a", op: "set" }, { applied: true });
  const outcome = compareAndSet(
    { session: one, clock: bench.clock },
    { path: PATH, value: { value: 1 }, version: 0, nonce: "n1" },
  );
  outcome.catch(() => {});
  await bench.waits.until("it was applied", () => bench.memory.tree.get(PATH)?.version === 1);
  assert.equal(await bench.set(two, [2, 1, "n2"]), 2);
  await bench.fails("bad_version", bench.waits.wait("the outcome is known", outcome));
  assert.deepEqual(bench.held, { value: 2, nonce: "n2" });
});

Deno.test("compare-and-set: is not misled by a server that lags behind", async () => {
  for (const applied of [true, false]) {
    const bench = new Bench();
    const session = await bench.open("a");
    bench.faults.lag("a");
    bench.faults.loseReply({ client: "a", op: "set" }, { applied });
    assert.equal(await bench.set(session, [1, 0, "n1"]), 1);
    assert.equal(bench.memory.tree.get(PATH)?.version, 1);
  }
  const bench = new Bench();
  const [one, two] = [await bench.open("a"), await bench.open("b")];
  bench.faults.lag("a");
  await bench.set(two, [2, 0, "n2"]);
  assert.equal((await one.get(PATH)).version, 0, "the server lags");
  bench.faults.loseReply({ client: "a", op: "set" }, { applied: true });
  await bench.fails("bad_version", bench.set(one, [1, 0, "n1"]));
});

Deno.test("compare-and-set: one that arrives after its repetition changes nothing", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  bench.faults.partition("a", "silent");
  const outcome = bench.set(session, [1, 0, "n1"]);
  await bench.waits.until("the connection is given up", () => session.state === "suspended");
  // What was sent on the old connection arrives now, before the repetition on a new one.
  bench.faults.heal("a");
  assert.equal(await outcome, 1);
  assert.equal(bench.memory.tree.get(PATH)?.version, 1);
  assert.deepEqual(bench.held, { value: 1, nonce: "n1" });
});

Deno.test("compare-and-set: says that nothing was done when it was never sent", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  bench.faults.partition("a");
  await bench.waits.until("the session is suspended", () => session.state === "suspended");
  const error = await bench.fails("suspended", bench.set(session, [1, 0, "n1"]));
  assert.equal(error.applied, "no");
});

Deno.test("compare-and-set: says that the outcome is unknown when it cannot be found out", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  bench.faults.loseReply({ op: "set" }, { applied: true });
  const outcome = bench.set(session, [1, 0, "n1"], { limitMs: 1000 });
  await bench.waits.until("it was applied", () => bench.memory.tree.get(PATH)?.version === 1);
  bench.faults.partition("a");
  const error = await bench.fails("connection_loss", outcome);
  assert.equal(error.applied, "unknown");
  assert.ok(bench.clock.now() <= 1100);
});

Deno.test("compare-and-set: stops looking for the outcome when called off", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  const abort = new AbortController();
  bench.faults.loseReply({ op: "set" }, { applied: true });
  const outcome = bench.set(session, [1, 0, "n1"], { signal: abort.signal });
  await bench.waits.until("it was applied", () => bench.memory.tree.get(PATH)?.version === 1);
  bench.faults.partition("a");
  abort.abort();
  await bench.fails("connection_loss", outcome);
  assert.ok(bench.clock.now() < 200);
});

Deno.test("compare-and-set: ends with the session, outcome unknown", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  bench.faults.loseReply({ op: "set" }, { applied: true });
  const outcome = bench.set(session, [1, 0, "n1"]);
  await bench.waits.until("it was applied", () => bench.memory.tree.get(PATH)?.version === 1);
  bench.faults.expire("a");
  const error = await bench.fails("session_ended", outcome);
  assert.equal(error.applied, "unknown");
});

Deno.test("compare-and-set: tells a node that has gone", async () => {
  const bench = new Bench();
  const [one, two] = [await bench.open("a"), await bench.open("b")];
  bench.faults.loseReply({ client: "a", op: "set" }, { applied: true });
  const outcome = bench.set(one, [1, 0, "n1"]);
  await bench.waits.until("it was applied", () => bench.memory.tree.get(PATH)?.version === 1);
  await two.delete(PATH, null);
  await bench.fails("no_node", outcome);
});

Deno.test("compare-and-set: repeats what the service refused without a known reason", async () => {
  const bench = new Bench();
  const session = await bench.open("a");
  bench.faults.refuse({ op: "set" }, "refused");
  assert.equal(await bench.set(session, [1, 0, "n1"]), 1);
});
