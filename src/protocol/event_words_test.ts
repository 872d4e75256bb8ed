/** Every event can be read by people. */
import assert from "node:assert/strict";
import { eventSentence, severityOf } from "./event_words.ts";
import { EVENT_NAMES } from "./events.ts";

Deno.test("event words: a sentence names what happened with its values, without a period", () => {
  const failover = {
    event: "region.failover",
    region: "r1",
    epoch: 7,
    from: 1,
    to: 2,
    seq: 1201,
    reason: "server 1 did not answer",
    outageMs: 1340,
  } as const;
  assert.equal(
    eventSentence(failover),
    "Region r1 has server 2 as its primary (was server 1) in epoch 7 from position 1201, " +
      "writes paused for 1.3 s: server 1 did not answer",
  );
  assert.equal(
    eventSentence({ event: "region.isr", region: "r1", epoch: 7, isr: [2], change: "1 left" }),
    "Region r1 is in sync on server 2 in epoch 7: 1 left",
  );
  assert.equal(
    eventSentence({
      event: "copy.diverged",
      region: "r1",
      table: "books",
      rid: 3,
      seq: 9,
      votes: "2:1",
      reason: "fingerprint differs",
    }),
    "The copy of table books on server 3 differs at position 9 (votes 2:1): fingerprint differs",
  );
});

Deno.test("event words: every event has a severity", () => {
  for (const name of EVENT_NAMES) assert.match(severityOf(name), /^(info|warning|error)$/);
});
