/** What a log line looks like. */
import assert from "node:assert/strict";
import { CoordinatorError } from "../ports/coordinator.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { humanLine, jsonLine, type LogLine } from "./log_format.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function line(fields: Readonly<Record<string, unknown>>, message = "hello"): LogLine {
  return { at: AT, level: "info", part: "region.rpc", message, fields };
}

function parsed(fields: Readonly<Record<string, unknown>>, message?: string) {
  return JSON.parse(jsonLine(line(fields, message)));
}

Deno.test("log line: JSON has time, level, message and part first, then the fields", () => {
  assert.equal(
    jsonLine(line({ role: "region", rid: 2, region: "r1", epoch: 7, request: 9 })),
    `{"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"hello","part":"region.rpc",` +
      `"role":"region","rid":2,"region":"r1","epoch":7,"request":9}`,
  );
});

Deno.test("log line: any value can be a field", () => {
  const circular: Record<string, unknown> = { a: 1 };
  circular["self"] = circular;
  const fields = {
    small: 7n,
    large: 2n ** 64n,
    nothing: undefined,
    none: null,
    not: NaN,
    when: new Date(AT),
    bytes: new Uint8Array(3),
    set: new Set([1n, "a"]),
    map: new Map([["password", "x"], ["b", "y"]]),
    circular,
    many: Array.from({ length: 1000 }, (_, i) => i),
    get bad() {
      throw new Error("no");
    },
  };
  const { many, ...rest } = parsed(fields);
  assert.equal(many.length, 101);
  assert.equal(many[100], "… (1000 items)");
  const { ts: _ts, level: _level, msg: _msg, part: _part, ...values } = rest;
  assert.deepEqual(values, {
    small: 7,
    large: "18446744073709551616",
    none: null,
    not: "NaN",
    when: "2026-01-02T03:04:05.678Z",
    bytes: "(3 bytes)",
    set: [1, "a"],
    map: { password: "***", b: "y" },
    circular: { a: 1, self: "(circular)" },
    bad: "(unreadable: no)",
  });
});

Deno.test("log line: secrets are masked in names, nested values, messages and errors", () => {
  const text = jsonLine(line(
    {
      password: "hunter2",
      options: [{ apiToken: "hunter2", url: "mysql://u:hunter2@h/d" }],
      sql: "CREATE USER u IDENTIFIED BY 'hunter2'",
      error: new Error("SET PASSWORD = 'hunter2'", { cause: new Error("mysql://u:hunter2@h") }),
    },
    "dial mysql://u:hunter2@h",
  ));
  assert.doesNotMatch(text, /hunter2/);
  assert.equal(JSON.parse(text).options[0].url, "mysql://u:***@h/d");
});

Deno.test("log line: an expected error has no stack, a bug has one", () => {
  const expected = new MinisqlError("NO_REGION", "Cannot read: region r1 is not here", {
    cause: new CoordinatorError("no_node", "gone"),
  });
  assert.deepEqual(parsed({ error: expected }).error, {
    name: "MinisqlError",
    code: "NO_REGION",
    message: "Cannot read: region r1 is not here",
    cause: { name: "CoordinatorError", code: "no_node", message: "gone" },
  });
  assert.match(parsed({ error: new TypeError("oops") }).error.stack, /TypeError: oops\n\s+at /);
});

Deno.test("log line: a field cannot take the place of the time or the message", () => {
  const value = parsed({ msg: "forged", level: "fatal" });
  assert.equal(value.msg, "hello");
  assert.equal(value.level, "info");
  assert.equal(value.msg_, "forged");
});

Deno.test("log line: people get a short line with its fields behind", () => {
  const format = humanLine({ colour: false });
  const text = format(line({ rid: 2, reason: "no answer", list: [1, 2] }));
  assert.equal(
    text.replace(/^[\d:]{8}/, "time"),
    `time.678  INFO   region.rpc  hello  rid=2 reason="no answer" list=[1,2]`,
  );
  assert.ok(humanLine({ colour: true })(line({})).includes("\x1b[32mINFO \x1b[0m"));
});

Deno.test("log line: a message cannot forge a second line or drive the terminal", () => {
  const format = humanLine({ colour: false });
  const text = format(line({ sql: "a\x1b[2J\u202e" }, "one\nFATAL  two\r\x07"));
  assert.doesNotMatch(text, /[\p{Cc}\u202e]/u);
  assert.match(text, /one\\nFATAL/);
});

Deno.test("log line: the stack of a bug stands under its line", () => {
  const rows = humanLine({ colour: false })(line({ error: new TypeError("oops") })).split("\n");
  assert.match(rows[1] ?? "", /^ {4}TypeError: oops$/);
  assert.match(rows[2] ?? "", /^ {4}at /);
});
