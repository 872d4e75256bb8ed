import assert from "node:assert/strict";
import { VirtualClock } from "../virtual_clock.ts";
import { Alarm } from "./alarm.ts";

const settle = () => Promise.resolve();

Deno.test("alarm: it rings once, when it is due", async () => {
  const clock = new VirtualClock();
  const alarm = new Alarm(clock);
  const rung: number[] = [];
  alarm.set(100, () => rung.push(clock.now()));
  await clock.advance(99, settle);
  assert.deepEqual(rung, []);
  await clock.advance(500, settle);
  assert.deepEqual(rung, [100]);
});

Deno.test("alarm: cleared, it does not ring, and a later one rings in its time", async () => {
  const clock = new VirtualClock();
  const alarm = new Alarm(clock);
  const rung: string[] = [];
  alarm.set(100, () => rung.push("first"));
  await clock.advance(50, settle);
  alarm.clear();
  alarm.set(100, () => rung.push(`second at ${clock.now()}`));
  await clock.advance(99, settle);
  assert.deepEqual(rung, []);
  await clock.advance(1, settle);
  assert.deepEqual(rung, ["second at 150"]);
});

Deno.test("alarm: a nearer deadline than the last rings first", async () => {
  const clock = new VirtualClock();
  const alarm = new Alarm(clock);
  const rung: number[] = [];
  alarm.set(10_000, () => rung.push(-1));
  alarm.clear();
  alarm.set(10, () => rung.push(clock.now()));
  await clock.advance(20_000, settle);
  assert.deepEqual(rung, [10]);
});

Deno.test("alarm: stopped, it leaves no timer behind", () => {
  const timers = new Set<object>();
  const clock = new VirtualClock();
  const counting = {
    now: () => clock.now(),
    wallMicros: () => clock.wallMicros(),
    sleep: (ms: number) => clock.sleep(ms),
    after(ms: number, action: () => void) {
      const timer = {};
      timers.add(timer);
      const callOff = clock.after(ms, () => {
        timers.delete(timer);
        action();
      });
      return () => {
        timers.delete(timer);
        callOff();
      };
    },
  };
  const alarm = new Alarm(counting);
  for (let turn = 0; turn < 1000; turn++) {
    alarm.set(100 + turn, () => assert.fail("it must not ring"));
    alarm.clear();
  }
  assert.equal(timers.size, 1, "statements that end in time share one timer");
  alarm.stop();
  assert.equal(timers.size, 0);
});
