/** Fails a test in which anything was thrown or rejected that nobody caught. */
import assert from "node:assert/strict";
import { settle } from "./wait.ts";

/** In production either would have ended the process. */
export async function withoutCrash(body: () => Promise<void>): Promise<void> {
  const faults: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    faults.push(event.error);
  };
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    faults.push(event.reason);
  };
  addEventListener("error", onError);
  addEventListener("unhandledrejection", onRejection);
  try {
    await body();
    await settle();
  } finally {
    removeEventListener("error", onError);
    removeEventListener("unhandledrejection", onRejection);
  }
  assert.deepEqual(faults, [], "something was thrown that nobody caught");
}
