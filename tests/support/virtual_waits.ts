/** Waiting on a virtual clock: time passes as long as what is waited for has not come. */
import assert from "node:assert/strict";
import type { VirtualClock } from "../../src/adapters/virtual_clock.ts";
import { settle } from "./wait.ts";

const STEP_MS = 5;
const LIMIT_MS = 60_000;

export interface VirtualWaits {
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>;
  wait<T>(what: string, promise: Promise<T>): Promise<T>;
}

/** A clock as far as waiting needs it. */
export interface PassingTime {
  now(): number;
  pass(ms: number): Promise<void>;
}

/** Time that passes only where it is waited for. */
export function steppedBy(clock: VirtualClock): PassingTime {
  return { now: () => clock.now(), pass: (ms) => clock.advance(ms, settle) };
}

export function virtualWaits(time: PassingTime): VirtualWaits {
  const until: VirtualWaits["until"] = async (what, condition) => {
    const end = time.now() + LIMIT_MS;
    await settle();
    while (!await condition()) {
      assert.ok(time.now() < end, `not within ${LIMIT_MS} ms of virtual time: ${what}`);
      await time.pass(STEP_MS);
    }
  };
  return {
    until,
    wait: async (what, promise) => {
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      await until(what, () => settled);
      return await promise;
    },
  };
}
