/** Waiting that an abort signal can end. */
import assert from "node:assert/strict";
import { orAborted } from "./abort.ts";

const never = new Promise<never>(() => {});

Deno.test("orAborted: the promise's outcome comes through", async () => {
  const { signal } = new AbortController();
  assert.equal(await orAborted(Promise.resolve(7), signal), 7);
  await assert.rejects(orAborted(Promise.reject(new Error("no")), signal), /no/);
});

Deno.test("orAborted: a signal aborted before or during the wait ends it with its reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(orAborted(never, AbortSignal.abort(reason)), (error) => error === reason);
  const abort = new AbortController();
  const waiting = orAborted(never, abort.signal);
  abort.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});

Deno.test("orAborted: what the promise does after the signal troubles nobody", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  await assert.rejects(orAborted(promise, AbortSignal.abort(new Error("enough"))), /enough/);
  reject(new Error("late"));
  await new Promise((resolve) => setImmediate(resolve));
});
