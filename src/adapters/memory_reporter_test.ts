/** The reporter of tests remembers what it was told, by whom. */
import assert from "node:assert/strict";
import { MemoryReporter, type Report } from "./memory_reporter.ts";

Deno.test("memory reporter: lines and events of all its children are kept in order", () => {
  const reports: Report[] = [];
  const reporter = new MemoryReporter({ onReport: (report) => reports.push(report) });
  const child = reporter.child({ rid: 1 }).part("rpc").child({ request: 2 });
  child.log("debug", "one", { request: 3 });
  reporter.event({ event: "engine.back", rid: 1 });
  child.part("link").event({ event: "engine.back", rid: 2 });

  assert.deepEqual(reporter.lines, [
    { level: "debug", message: "one", part: "rpc", fields: { rid: 1, request: 3 } },
  ]);
  assert.deepEqual(reporter.eventsOf("engine.back").map((each) => each.rid), [1, 2]);
  assert.deepEqual(reporter.eventsOf("engine.lost"), []);
  assert.deepEqual(reporter.events[1]?.part, "rpc.link");
  assert.deepEqual(reports.map((each) => each.kind), ["line", "event", "event"]);
});

Deno.test("memory reporter: memory has a limit, and the newest are kept", () => {
  const reporter = new MemoryReporter({ reportsMax: 10 });
  for (let at = 0; at < 1000; at++) reporter.log("info", String(at));
  assert.ok(reporter.lines.length >= 10 && reporter.lines.length <= 20);
  assert.equal(reporter.lines.at(-1)?.message, "999");
});
