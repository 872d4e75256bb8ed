/** Shapes: what fits, what does not, and whether the message says where and why. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  array,
  boolean,
  type Infer,
  integer,
  json,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  text,
  union,
} from "./shape.ts";

/** Null when the value fits; else the message, which a value that fits must not have. */
function faultOf(shape: Shape<unknown>, value: unknown, path = ""): string | null {
  return shape.fits(value) ? null : shape.fault(value, path);
}

const server = object({
  host: text({ min: 1, max: 8 }),
  port: integer(1, 65_535),
  zone: optional(text()),
  owner: nullable(text()),
  note: optional(nullable(text())),
});

const HOSTILE_KEYS = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"] as const;

Deno.test("text: limits count UTF-16 units, and the message names them", () => {
  const shape = text({ min: 1, max: 3 });
  for (const good of ["a", "abc", "🦊", "\0"]) assert.equal(faultOf(shape, good), null);
  assert.equal(faultOf(shape, "", "name"), 'name must be text of 1 to 3 characters, not ""');
  assert.equal(
    faultOf(shape, "abcd", "name"),
    'name must be text of 1 to 3 characters, not "abcd"',
  );
  assert.equal(faultOf(text({ min: 1 }), ""), 'it must be text that is not empty, not ""');
  for (const bad of [1, null, undefined, true, ["a"], { length: 1 }]) {
    assert.notEqual(faultOf(text(), bad), null);
  }
});

Deno.test("text: a pattern is asked anew for each value, and its words are the caller's", () => {
  const shape = text({ pattern: /^[a-z]+$/, words: "lower-case letters" });
  for (let times = 0; times < 3; times++) assert.equal(faultOf(shape, "abc"), null);
  assert.equal(faultOf(shape, "ab\n"), 'it must be lower-case letters, not "ab\\n"');
});

Deno.test("integer: whole numbers that a double holds, within their limits", () => {
  for (const good of [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    assert.equal(faultOf(integer(), good), null);
  }
  for (const bad of [0.5, NaN, Infinity, 2 ** 53, "1", null, 1n, true]) {
    assert.match(faultOf(integer(), bad) ?? "", /^it must be a whole number, not /);
  }
  assert.equal(faultOf(integer(1, 9), 0, "n"), "n must be a whole number from 1 to 9, not 0");
  assert.equal(faultOf(integer(1, 9), 10, "n"), "n must be a whole number from 1 to 9, not 10");
  assert.equal(faultOf(integer(2), 1, "n"), "n must be a whole number of at least 2, not 1");
});

Deno.test("number: any finite number, and the message tells the others apart", () => {
  for (const good of [0, -0, 1.5, -1e308, 5e-324]) assert.equal(faultOf(number, good), null);
  assert.equal(faultOf(number, NaN, "ms"), "ms must be a number, not NaN");
  assert.equal(faultOf(number, -Infinity, "ms"), "ms must be a number, not -Infinity");
  assert.equal(faultOf(number, "1", "ms"), 'ms must be a number, not "1"');
  assert.equal(faultOf(number, 1n, "ms"), "ms must be a number, not 1");
});

Deno.test("boolean: nothing that is merely truthy", () => {
  for (const good of [true, false]) assert.equal(faultOf(boolean, good), null);
  for (const bad of [0, 1, "true", null, undefined, {}]) {
    assert.match(faultOf(boolean, bad, "on") ?? "", /^on must be true or false, not /);
  }
});

Deno.test("json: everything but nothing", () => {
  for (const good of [null, 0, "", [], {}, false]) assert.equal(faultOf(json, good), null);
  assert.equal(faultOf(json, undefined, "request"), "request must be any JSON, not nothing");
});

Deno.test("oneOf: the words themselves and no others", () => {
  const shape = oneOf(["on", "off"]);
  assert.equal(faultOf(shape, "on"), null);
  assert.equal(faultOf(shape, "ON", "state"), 'state must be "on" or "off", not "ON"');
  for (const bad of [...HOSTILE_KEYS, 0, null, ["on"]]) assert.notEqual(faultOf(shape, bad), null);
});

Deno.test("nullable and optional: null and nothing are two things", () => {
  assert.equal(faultOf(nullable(integer()), null), null);
  assert.notEqual(faultOf(nullable(integer()), undefined), null);
  assert.equal(faultOf(optional(integer()), undefined), null);
  assert.notEqual(faultOf(optional(integer()), null), null);
  const both = optional(nullable(integer()));
  for (const good of [1, null, undefined]) assert.equal(faultOf(both, good), null);
  assert.equal(nullable(integer()).words, "a whole number, or null");
});

Deno.test("array: every item fits, holes do not, and there are no more than allowed", () => {
  const shape = array(integer(0), 3);
  for (const good of [[], [0], [1, 2, 3]]) assert.equal(faultOf(shape, good), null);
  assert.equal(
    faultOf(shape, [0, -1], "rids"),
    "rids[1] must be a whole number of at least 0, not -1",
  );
  assert.match(faultOf(shape, new Array(2), "rids") ?? "", /^rids\[0\] must be .*, not nothing$/);
  assert.equal(faultOf(shape, [0, 0, 0, 0], "rids"), "rids must have at most 3 items, not 4");
  for (const bad of [null, {}, "abc", { length: 0 }, new Uint8Array(1)]) {
    assert.match(faultOf(shape, bad, "rids") ?? "", /^rids must be a list of a whole number/);
  }
  assert.equal(
    faultOf(array(array(integer())), [[1], [2, "x"]]),
    '[1][1] must be a whole number, not "x"',
  );
});

Deno.test("object: missing, wrong and nested fields are named by their path", () => {
  const good = { host: "db1", port: 1, owner: null };
  assert.equal(faultOf(server, good), null);
  assert.equal(faultOf(server, { ...good, zone: "z", note: null }), null);
  assert.equal(
    faultOf(server, { port: 1, owner: null }),
    "host must be text of 1 to 8 characters, not nothing",
  );
  assert.equal(faultOf(server, { ...good, owner: undefined }), "owner must be text, not nothing");
  assert.equal(
    faultOf(server, { ...good, port: "1" }, "from"),
    'from.port must be a whole number from 1 to 65535, not "1"',
  );
  const outer = object({ list: array(object({ at: server })) });
  assert.equal(
    faultOf(outer, { list: [{ at: good }, { at: { ...good, port: 0 } }] }),
    "list[1].at.port must be a whole number from 1 to 65535, not 0",
  );
  for (const bad of [null, undefined, 1, "x", [], [good]]) {
    assert.match(faultOf(server, bad) ?? "", /^it must be an object, not /);
    assert.match(faultOf(server, bad, "from") ?? "", /^from must be an object, not /);
  }
});

Deno.test("object: fields it does not know are let through", () => {
  assert.equal(faultOf(server, { host: "h", port: 1, owner: null, later: { than: "this" } }), null);
});

Deno.test("object: only what the object itself holds counts", () => {
  const inherited = Object.create({ host: "db1", port: 1, owner: null });
  assert.match(faultOf(server, inherited) ?? "", /^host must be .*, not nothing$/);
  for (const key of HOSTILE_KEYS) {
    const shape = object({ [key]: text() });
    assert.equal(faultOf(shape, {}), `${key} must be text, not nothing`);
    assert.equal(faultOf(shape, JSON.parse(`{"${key}": "x"}`)), null);
    assert.equal(faultOf(object({ [key]: optional(text()) }), {}), null);
  }
  const smuggled = JSON.parse('{"__proto__": {"host": "h", "port": 1, "owner": null}}');
  assert.match(faultOf(server, smuggled) ?? "", /^host must be/);
  const bare = Object.assign(Object.create(null), { host: "h", port: 1, owner: null });
  assert.equal(faultOf(server, bare), null);
});

Deno.test("record: any keys, also hostile ones, and every value fits", () => {
  const shape = record(integer());
  assert.equal(faultOf(shape, {}), null);
  assert.equal(
    faultOf(shape, JSON.parse('{"a": 1, "__proto__": 2, "constructor": 3, "": 4}')),
    null,
  );
  for (const key of HOSTILE_KEYS) {
    const bad = JSON.parse(`{"a": 1, "${key}": "x"}`);
    assert.equal(faultOf(shape, bad, "counts"), `counts.${key} must be a whole number, not "x"`);
  }
  assert.equal(faultOf(shape, { a: null }), "a must be a whole number, not null");
  for (const bad of [null, [], 1, "x"]) {
    assert.match(faultOf(shape, bad) ?? "", /^it must be an object of a whole number, not /);
  }
});

const action = union("do", { go: { speed: integer(1) }, stop: {}, toString: { deep: json } });

Deno.test("union: the tag decides which fields are asked for", () => {
  assert.equal(faultOf(action, { do: "go", speed: 1 }), null);
  assert.equal(faultOf(action, { do: "stop", speed: "any" }), null);
  assert.equal(faultOf(action, { do: "toString", deep: null }), null);
  assert.equal(
    faultOf(action, { do: "go" }),
    "speed must be a whole number of at least 1, not nothing",
  );
  assert.equal(
    faultOf(action, { do: "fly" }, "next"),
    'next.do must be "go" or "stop" or "toString", not "fly"',
  );
  assert.match(faultOf(action, {}) ?? "", /^do must be "go" or .*, not nothing$/);
  for (const tag of ["constructor", "__proto__", "hasOwnProperty", null, ["go"], 0]) {
    assert.match(faultOf(action, { do: tag, speed: 1 }) ?? "", /^do must be "go" or /);
  }
  assert.match(faultOf(action, Object.create({ do: "stop" })) ?? "", /^do must be/);
  for (const bad of [null, [], "stop"]) {
    assert.match(faultOf(action, bad) ?? "", /^it must be an object, not /);
  }
});

Deno.test("messages: what does not fit is quoted, shortened and never fails to print", () => {
  const shown = (value: unknown) => (faultOf(integer(), value) ?? "").replace(/^.*, not /, "");
  assert.equal(shown({ a: [1, "x", null], b: { c: {} } }), '{"a":[1,"x",null],"b":{"c":{}}}');
  assert.equal(shown([[[[1]]]]), "[[[[…]]]]");
  assert.equal(shown("x".repeat(1_000)), `"${"x".repeat(59)}…`);
  assert.equal(shown(() => 1), "a function");
  assert.equal(shown(Symbol("s")), "a symbol");
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  assert.equal(shown(cycle), '{"self":{"self":{"self":{…}}}}');
  let deep: unknown = 1;
  for (let n = 0; n < 200_000; n++) deep = [deep];
  assert.equal(shown(deep), "[[[[…]]]]");
  assert.ok(shown(Array.from({ length: 1_000_000 }, () => "item")).length <= 61);
});

Deno.test("messages: a hostile key does not make them long", () => {
  const message = faultOf(record(integer()), { ["k".repeat(1_000_000)]: "x" }) ?? "";
  assert.ok(message.length < 200, `${message.length} characters`);
});

Deno.test("any shape: whatever comes, it fits or has a message, and nothing is thrown", () => {
  const shapes = [
    server,
    action,
    array(server),
    record(action),
    nullable(action),
    text({ max: 2 }),
  ];
  fc.assert(fc.property(fc.anything(), fc.constantFrom(...shapes), (value, shape) => {
    const message = faultOf(shape as Shape<unknown>, value, "it");
    assert.ok(message === null || /^it.* must /.test(message), message ?? "");
  }));
});

/** Compiles only when both types are the same. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

Deno.test("types: a shape's type says what the shape checks", () => {
  type Server = Infer<typeof server>;
  const least = { host: "h", port: 1, owner: null } satisfies Server;
  const most = { host: "h", port: 1, owner: "o", zone: "z", note: null } satisfies Server;
  for (const each of [least, most]) assert.ok(server.fits(each));
  // @ts-expect-error a field that must be there is missing
  ({ host: "h", port: 1 }) satisfies Server;
  // @ts-expect-error null is not text
  ({ host: null, port: 1, owner: null }) satisfies Server;
  // @ts-expect-error an absent field is absent, not undefined
  ({ host: "h", port: 1, owner: null, zone: undefined }) satisfies Server;

  type Action = Infer<typeof action>;
  ({ do: "go", speed: 1 }) satisfies Action;
  // @ts-expect-error stop has no speed
  ({ do: "stop", speed: 1 }) satisfies Action;
  // @ts-expect-error there is no such member
  ({ do: "fly" }) satisfies Action;

  const words = oneOf(["on", "off"]);
  true satisfies Same<Infer<typeof words>, "on" | "off">;
  const lists = array(nullable(integer()));
  true satisfies Same<Infer<typeof lists>, readonly (number | null)[]>;
  const counts = record(integer());
  true satisfies Same<Infer<typeof counts>, Readonly<Record<string, number>>>;
});
