/** How long looks at copies rest. */
import assert from "node:assert/strict";
import { restAfter } from "./rest.ts";

Deno.test("rest: longer than it worked, much longer where others have work, never for ever", () => {
  assert.equal(restAfter(100, { waiting: 0, lag: 0 }), 200);
  assert.equal(restAfter(100, { waiting: 3, lag: 0 }), 2000);
  assert.equal(restAfter(100, { waiting: 0, lag: 5000 }), 2000);
  assert.equal(restAfter(60_000, { waiting: 3, lag: 0 }), 10_000);
});
