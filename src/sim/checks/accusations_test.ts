import assert from "node:assert/strict";
import type { ClusterEvent } from "../../protocol/events.ts";
import { accusationFault } from "./accusations.ts";

function diverged(reason: string): ClusterEvent {
  return { event: "copy.diverged", region: "a", rid: 1, seq: 4, votes: "", reason };
}

Deno.test("a copy that is missing or has a damaged log is accused of nothing", () => {
  const reasons = ["its log is damaged", "there is no copy here yet"];
  assert.equal(accusationFault(reasons.map(diverged)), null);
});

Deno.test("a copy that is said to hold other rows is, and so is a primary that is out-voted", () => {
  assert.match(
    accusationFault([diverged("table t differs: 3 rows are not 4")]) ?? "",
    /copy.diverged says: table t differs/,
  );
  const relieved: ClusterEvent = {
    ...{ event: "region.failover", region: "a", epoch: 2, from: 1, to: 2, seq: 4 },
    reason: "server 1 was out-voted 2:1: table t differs: 3 rows are not 4",
  };
  assert.match(accusationFault([diverged("its log is damaged"), relieved]) ?? "", /failover/);
});
