/** The virtual clock: time moves when told to, and everything happens in order. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { settle } from "../../tests/support/wait.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** Runs the timers due by `until`, and gives the names that they noted. */
function run(clock: VirtualClock, until: number, noted: readonly string[]): readonly string[] {
  while (clock.step(until));
  return noted;
}

Deno.test("virtual clock: stands still until told to move", async () => {
  const clock = new VirtualClock();
  assert.deepEqual([clock.now(), clock.nextAt], [0, null]);
  clock.after(5, () => assert.fail("ran by itself"));
  await settle();
  assert.deepEqual([clock.now(), clock.nextAt], [0, 5]);
});

Deno.test("virtual clock: timers run in order of time, then of asking", () => {
  const clock = new VirtualClock();
  const noted: string[] = [];
  for (const [ms, name] of [[20, "c"], [10, "a"], [20, "d"], [10, "b"], [0, "0"]] as const) {
    clock.after(ms, () => noted.push(`${name}@${clock.now()}`));
  }
  assert.deepEqual(run(clock, 20, noted), ["0@0", "a@10", "b@10", "c@20", "d@20"]);
  assert.equal(clock.nextAt, null);
});

Deno.test("virtual clock: any timers run in the order of a stable sort", () => {
  fc.assert(fc.property(fc.array(fc.nat(20)), (delays) => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    delays.forEach((ms, n) => clock.after(ms, () => ran.push(n)));
    while (clock.step(Infinity));
    const sorted = delays.map((_, n) => n).toSorted((a, b) => (delays[a] ?? 0) - (delays[b] ?? 0));
    assert.deepEqual(ran, sorted);
  }));
});

Deno.test("virtual clock: step runs one timer, and none that is due later", () => {
  const clock = new VirtualClock();
  const noted: string[] = [];
  clock.after(10, () => noted.push("a"));
  clock.after(10, () => noted.push("b"));
  assert.equal(clock.step(9), false);
  assert.equal(clock.now(), 0);
  assert.equal(clock.step(10), true);
  assert.deepEqual([noted.join(), clock.now()], ["a", 10]);
  assert.equal(clock.step(10), true);
  assert.equal(clock.step(10), false);
});

Deno.test("virtual clock: no delay, or less, is due now, after what was", () => {
  const clock = new VirtualClock();
  const noted: string[] = [];
  clock.after(0, () => {
    noted.push("a");
    clock.after(-5, () => noted.push("c"));
  });
  clock.after(0, () => noted.push("b"));
  assert.deepEqual(run(clock, 0, noted), ["a", "b", "c"]);
  assert.equal(clock.now(), 0);
});

Deno.test("virtual clock: a timer called off does not run, and late or twice is fine", () => {
  const clock = new VirtualClock();
  const noted: string[] = [];
  const cancelA = clock.after(1, () => noted.push("a"));
  const cancelB = clock.after(2, () => {
    noted.push("b");
    cancelC();
  });
  const cancelC = clock.after(2, () => noted.push("c"));
  cancelA();
  cancelA();
  assert.deepEqual(run(clock, 9, noted), ["b"]);
  clock.after(3, () => noted.push("d"));
  cancelA();
  cancelB();
  assert.deepEqual(run(clock, 12, noted), ["b", "d"]);
});

Deno.test("virtual clock: advance runs what becomes due on the way", async () => {
  const clock = new VirtualClock();
  const noted: string[] = [];
  clock.after(10, () => {
    noted.push(`a@${clock.now()}`);
    clock.after(10, () => noted.push(`b@${clock.now()}`));
    clock.after(100, () => noted.push("too late"));
  });
  await clock.advance(50, settle);
  assert.deepEqual([noted, clock.now(), clock.nextAt], [["a@10", "b@20"], 50, 110]);
  await clock.advance(0.5, settle);
  assert.equal(clock.now(), 50.5);
});

Deno.test("virtual clock: what waits on promises is done before the next timer", async () => {
  const clock = new VirtualClock();
  const noted: string[] = [];
  const worker = async (name: string) => {
    for (let n = 0; n < 3; n++) {
      await clock.sleep(10);
      for (let turn = 0; turn < 20; turn++) await null;
      noted.push(`${name}@${clock.now()}`);
    }
  };
  const workers = [worker("a"), worker("b")];
  await clock.advance(25, settle);
  assert.deepEqual(noted, ["a@10", "b@10", "a@20", "b@20"]);
  await clock.advance(5, settle);
  await Promise.all(workers);
  assert.deepEqual(noted.slice(4), ["a@30", "b@30"]);
});

Deno.test("virtual clock: a timer that throws is told to who steps, and is gone", () => {
  const clock = new VirtualClock();
  clock.after(1, () => {
    throw new Error("from the timer");
  });
  assert.throws(() => clock.step(1), /from the timer/);
  assert.deepEqual([clock.now(), clock.nextAt], [1, null]);
});

Deno.test("virtual clock: sleep ends in time, or with the signal's reason at once", async () => {
  const clock = new VirtualClock();
  const slept = clock.sleep(10);
  const controller = new AbortController();
  const aborted = assert.rejects(clock.sleep(5, controller.signal), /enough/);
  controller.abort(new Error("enough"));
  await aborted;
  assert.deepEqual([clock.now(), clock.nextAt], [0, 10], "its timer is gone");
  await clock.advance(10, settle);
  await slept;
  await assert.rejects(clock.sleep(10, controller.signal), /enough/);
  assert.equal(clock.nextAt, null);
});

Deno.test("virtual clock: a sleep that ended does not mind a later abort", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const slept = clock.sleep(1, controller.signal);
  await clock.advance(1, settle);
  controller.abort(new Error("late"));
  await slept;
});

Deno.test("virtual clock: the wall clock jumps without the other noticing", async () => {
  const clock = new VirtualClock();
  const start = clock.wallMicros();
  assert.equal(new Date(start / 1000).toISOString(), "2026-01-01T00:00:00.000Z");
  await clock.advance(1.5, settle);
  assert.equal(clock.wallMicros() - start, 1_500);
  let rang = 0;
  clock.after(10, () => rang++);
  clock.jumpWall(-3_600_000);
  assert.equal(clock.wallMicros() - start, 1_500 - 3_600_000_000);
  assert.deepEqual([clock.now(), clock.nextAt], [1.5, 11.5]);
  clock.jumpWall(7_200_000);
  await clock.advance(10, settle);
  assert.equal(rang, 1);
  assert.equal(clock.wallMicros() - start, 11_500 + 3_600_000_000);
});

Deno.test("virtual clock: thousands of timers, set and called off, cost little", () => {
  const clock = new VirtualClock();
  let ran = 0;
  const cancels = Array.from({ length: 20_000 }, (_, n) => clock.after(n % 977, () => ran++));
  cancels.forEach((cancel, n) => n % 2 === 0 && cancel());
  while (clock.step(Infinity));
  assert.equal(ran, 10_000);
});
