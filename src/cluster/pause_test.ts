import assert from "node:assert/strict";
import { settle } from "../../tests/support/wait.ts";
import { VirtualClock } from "../adapters/virtual_clock.ts";
import { pause } from "./pause.ts";

const NEVER = new AbortController().signal;

/** Counts those who wait for it to settle. */
function counted() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let asked = 0;
  const then = promise.then.bind(promise);
  promise.then = ((...reactions: Parameters<typeof then>) => {
    asked++;
    return then(...reactions);
  }) as typeof promise.then;
  return { promise, resolve, reject, asked: () => asked };
}

Deno.test("pause: it ends when its time is over, or when something happens before", async () => {
  const clock = new VirtualClock();
  const over: string[] = [];
  const { promise, reject } = counted();
  void pause(clock, 10, NEVER, [promise]).then(() => over.push("in time"));
  void pause(clock, 20, NEVER, [promise]).then(() => over.push("early"));
  void pause(clock, null, NEVER, [new Promise(() => {}), promise]).then(() => over.push("too"));
  await clock.advance(10, settle);
  assert.deepEqual(over, ["in time"]);
  reject(new Error("it failed"));
  await settle();
  assert.deepEqual(over, ["in time", "early", "too"]);
  void pause(clock, 20, NEVER, [promise]).then(() => over.push("at once"));
  await settle();
  assert.deepEqual(over.at(-1), "at once");
});

Deno.test("pause: it ends when nobody waits any more", async () => {
  const stop = new AbortController();
  let isOver = false;
  void pause(new VirtualClock(), 10, stop.signal).then(() => isOver = true);
  await settle();
  assert.equal(isOver, false);
  stop.abort();
  await settle();
  assert.equal(isOver, true);
});

Deno.test("pause: any number of them leave nothing behind at what they did not wait to see", async () => {
  const clock = new VirtualClock();
  const { promise, asked } = counted();
  for (let times = 0; times < 100; times++) {
    const pausing = pause(clock, 1, NEVER, [promise]);
    await clock.advance(1, settle);
    await pausing;
  }
  assert.equal(asked(), 1);
});
