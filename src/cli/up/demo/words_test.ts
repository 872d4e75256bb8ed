/** What a demonstration tells has names in it, and says the same as the event. */
import assert from "node:assert/strict";
import type { ClusterEvent } from "../../../protocol/events.ts";
import { duration, list, told } from "./words.ts";

const NAMES = { server: (rid: number) => `r${rid}`, tables: (region: string) => `<${region}>` };

Deno.test("demo words: servers and tables go by their names", () => {
  const cases: readonly (readonly [ClusterEvent, string])[] = [
    [
      {
        event: "region.failover",
        ...{ region: "a", epoch: 2, from: 2, to: 3, seq: 7, outageMs: 212, reason: "r2 is gone" },
      },
      "<a>: r3 is the primary now, writes paused for 212 ms (r2 is gone)",
    ],
    [
      { event: "region.isr", region: "a", epoch: 2, isr: [1, 3], change: "server 2 left" },
      "<a>: in sync on r1 and r3 (server 2 left)",
    ],
    [
      {
        event: "copy.diverged",
        ...{ region: "a", table: "orders", rid: 2, seq: 7, votes: "2:1", reason: "lost a vote" },
      },
      "r2 is out-voted on orders 2:1 and stops serving it (lost a vote)",
    ],
    [
      { event: "copy.repaired", region: "a", table: "orders", rid: 2, rows: 1, ms: 5 },
      "r2: 1 row of orders repaired in 5 ms",
    ],
    [{ event: "region.writable", region: "a" }, "<a>: writable again"],
    [{ event: "engine.back", rid: 2 }, "Server 2 reaches its database again"],
  ];
  for (const [event, words] of cases) assert.equal(told(event, NAMES), words);
});

Deno.test("demo words: times and lists as people say them", () => {
  assert.deepEqual([0.4, 999, 1000, 12_340].map(duration), ["0 ms", "999 ms", "1.0 s", "12.3 s"]);
  assert.deepEqual(
    [[], ["a"], ["a", "b"], ["a", "b", "c"]].map(list),
    ["nothing", "a", "a and b", "a, b and c"],
  );
});
