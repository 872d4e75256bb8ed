/** The text form of log levels. */
import assert from "node:assert/strict";
import { formatLogLevels, parseLogLevels } from "./log_levels.ts";

Deno.test("log levels: one for all, and others for parts", () => {
  assert.deepEqual(parseLogLevels("warning"), { all: "warning", parts: {} });
  assert.deepEqual(parseLogLevels("info, rpc=debug,region.election=trace"), {
    all: "info",
    parts: { rpc: "debug", "region.election": "trace" },
  });
  assert.deepEqual(parseLogLevels("rpc=debug"), { all: "info", parts: { rpc: "debug" } });
});

Deno.test("log levels: what is no level is refused", () => {
  for (const text of ["", "loud", "info,", "rpc=", "=debug", "a b=debug", "info;debug"]) {
    assert.equal(parseLogLevels(text), null, text);
  }
});

Deno.test("log levels: written as they are read", () => {
  const text = "error,rpc=debug,region.election=trace";
  const levels = parseLogLevels(text);
  assert.equal(levels && formatLogLevels(levels), text);
});
