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

export function virtualWaits(clock: VirtualClock): VirtualWaits {
  const until: VirtualWaits["until"] = async (what, condition) => {
    const end = clock.now() + LIMIT_MS;
    await settle();
    while (!await condition()) {
      assert.ok(clock.now() < end, `not within ${LIMIT_MS} ms of virtual time: ${what}`);
      await clock.advance(STEP_MS, settle);
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
