/** The reporter of a real process: what is kept, and how it is written. */
import assert from "node:assert/strict";
import type { Clock } from "../ports/clock.ts";
import { jsonLine } from "./log_format.ts";
import type { LogLevels } from "./log_levels.ts";
import { Logging } from "./logtape_reporter.ts";

const clock = { wallMicros: () => 1_000_000 } as Clock;

function open(levels: LogLevels) {
  const written: string[] = [];
  const logging = new Logging({ clock, write: (line) => written.push(line) }, {
    format: jsonLine,
    levels,
  });
  const messages = () => written.splice(0).map((each) => JSON.parse(each).msg);
  const lines = () => written.splice(0).map((each) => JSON.parse(each));
  return {
    logging,
    reporter: logging.reporter,
    messages,
    lines,
    [Symbol.dispose]: () => logging.close(),
  };
}

Deno.test("reporter: lines below the level are not written", () => {
  using opened = open({ all: "info", parts: {} });
  opened.reporter.log("debug", "no");
  opened.reporter.log("info", "yes");
  assert.deepEqual(opened.messages(), ["yes"]);
  assert.equal(opened.reporter.keeps("debug"), false);
  assert.equal(opened.reporter.keeps("warning"), true);
});

Deno.test("reporter: a part has a level of its own, lower or higher than the rest", () => {
  using opened = open({ all: "info", parts: { rpc: "trace", "region.log": "error" } });
  opened.reporter.part("rpc").log("trace", "rpc");
  opened.reporter.part("rpc").part("link").log("debug", "rpc.link");
  opened.reporter.part("rpc").log("warning", "once");
  opened.reporter.part("region").part("log").log("warning", "no");
  opened.reporter.part("region").log("info", "region");
  opened.reporter.log("debug", "no");
  assert.deepEqual(opened.messages(), ["rpc", "rpc.link", "once", "region"]);
});

Deno.test("reporter: levels change while it runs, for reporters handed out before too", () => {
  using opened = open({ all: "info", parts: { rpc: "debug" } });
  const rpc = opened.reporter.part("rpc").child({ rid: 1 });
  rpc.log("debug", "one");
  opened.logging.setLevels({ all: "error", parts: {} });
  rpc.log("debug", "two");
  opened.reporter.log("warning", "three");
  opened.logging.setLevels({ all: "error", parts: { rpc: "debug" } });
  rpc.log("debug", "four");
  opened.reporter.log("error", "five");
  assert.deepEqual(opened.messages(), ["one", "four", "five"]);
  assert.deepEqual(opened.logging.levels, { all: "error", parts: { rpc: "debug" } });
});

Deno.test("reporter: fields of a child stand on its lines, the line's own come last", () => {
  using opened = open({ all: "info", parts: {} });
  const child = opened.reporter.child({ role: "region", rid: 2 }).part("rpc");
  child.child({ rid: 3, request: 9n }).log("info", "hello {rid} 100%", { request: 10n });
  assert.deepEqual(opened.lines(), [{
    ts: "1970-01-01T00:00:01.000Z",
    level: "info",
    msg: "hello {rid} 100%",
    part: "rpc",
    role: "region",
    rid: 3,
    request: 10,
  }]);
});

Deno.test("reporter: an event is a sentence, its severity the level, its values the fields", () => {
  using opened = open({ all: "info", parts: {} });
  opened.reporter.event({ event: "engine.lost", rid: 4, reason: "connection refused" });
  assert.deepEqual(opened.lines(), [{
    ts: "1970-01-01T00:00:01.000Z",
    level: "error",
    msg: "Server 4 lost its database: connection refused",
    event: "engine.lost",
    rid: 4,
    reason: "connection refused",
  }]);
});
