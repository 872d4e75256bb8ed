import assert from "node:assert/strict";
import { type ErrorCode, MinisqlError } from "../protocol/errors.ts";
import { greet } from "./client_flags.ts";

const PATIENCE = { waitMs: 100, electionMs: 9000 };

/** A client of masters that answer so until somebody waits for long. */
function masters(code: ErrorCode) {
  const waited: number[] = [];
  const master = (_op: string, _request: unknown, { timeoutMs = 0 } = {}) => {
    waited.push(timeoutMs);
    if (timeoutMs < 5000) return Promise.reject(new MinisqlError(code, "Not now"));
    return Promise.resolve({ cluster: "shop" });
  };
  return { waited, client: { admin: { master } } as unknown as Parameters<typeof greet>[0] };
}

Deno.test("greet: where masters stand by, the one that is to lead is waited for", async () => {
  const { client, waited } = masters("NOT_MASTER");
  const { cluster } = await greet(client, PATIENCE, new AbortController().signal);
  assert.deepEqual([cluster, waited], ["shop", [100, 9000]]);
});

Deno.test("greet: where no master answers, nobody waits for long", async () => {
  const { client, waited } = masters("UNAVAILABLE");
  const greeting = greet(client, PATIENCE, new AbortController().signal);
  await assert.rejects(greeting, { code: "UNAVAILABLE" });
  assert.deepEqual(waited, [100]);
});
