/** Lines to frames: what is well formed comes through as it was, all else gets a reason. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeCallerLine,
  decodeServerLine,
  encodeAnswer,
  encodeCall,
  encodeCancel,
  encodeError,
  encodeEvent,
  encodeMore,
  encodeRowsLine,
} from "./codec.ts";
import { ERROR_CODES, MinisqlError } from "./errors.ts";
import { CALLS, callSpec } from "./messages.ts";
import { type Column, decodeRows, encodeRows, type Row } from "./values.ts";

Deno.test("codec: a call comes through with its id, patience and fields", () => {
  const request = { region: "r", epoch: 3, sql: "select '\u2028\ud83e\udd8a\u0000'" };
  const frame = decodeCallerLine(encodeCall(7, "query", 500, request));
  assert.equal(frame.kind, "call");
  if (frame.kind !== "call") return;
  const { id, op, within } = frame;
  assert.deepEqual({ id, op, within }, { id: 7, op: "query", within: 500 });
  assert.deepEqual(frame.request, { id: 7, op: "query", within: 500, ...request });
});

Deno.test("codec: cancel and more name the call they speak of", () => {
  assert.deepEqual(decodeCallerLine(encodeCancel(9)), { kind: "cancel", id: 9 });
  assert.deepEqual(decodeCallerLine(encodeMore(9, 4)), { kind: "more", id: 9, lines: 4 });
});

Deno.test("codec: a bad line gets a reason that names what is wrong", () => {
  const cases: readonly (readonly [string, number | null, RegExp])[] = [
    ["", null, /not a JSON object/],
    ["{", null, /not a JSON object/],
    ["[1]", null, /not a JSON object/],
    ["null", null, /not a JSON object/],
    ["{}", null, /id must be a whole number of at least 1, not nothing/],
    ['{"id":0,"op":"ping"}', null, /not 0/],
    ['{"id":1.5,"op":"ping"}', null, /not 1.5/],
    ['{"id":"1","op":"ping"}', null, /not "1"/],
    ['{"id":1}', 1, /op must be text, not nothing/],
    ['{"id":1,"op":"pong"}', 1, /Cannot do "pong": no such op/],
    ['{"id":1,"op":"constructor"}', 1, /no such op/],
    ['{"id":1,"op":"__proto__"}', 1, /no such op/],
    ['{"id":1,"op":"toString"}', 1, /no such op/],
    ['{"id":1,"op":"query","region":"r","epoch":1}', 1, /Cannot do query: sql must be text/],
    ['{"id":1,"op":"query","region":"R!","epoch":1,"sql":"x"}', 1, /a region's name, not "R!"/],
    ['{"id":1,"op":"locate","tables":[7]}', 1, /tables\[0\] must be a table name.*, not 7/],
    ['{"id":1,"op":"ping","within":0}', 1, /within/],
    ['{"id":1,"op":"more","lines":0}', 1, /lines/],
    ['{"id":1,"op":"locate","__proto__":{"tables":["t"]}}', 1, /tables must be a list/],
  ];
  for (const [line, id, why] of cases) {
    const frame = decodeCallerLine(line);
    assert.equal(frame.kind, "bad", line);
    if (frame.kind !== "bad") continue;
    assert.equal(frame.id, id, line);
    assert.match(frame.why, why);
  }
});

Deno.test("codec: an object's inherited names are nobody's fields", () => {
  const frame = decodeCallerLine('{"id":1,"op":"ping","__proto__":{"polluted":true}}');
  assert.equal(frame.kind, "call");
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

Deno.test("codec: every error keeps code, message, errno, state and the master's address", () => {
  for (const code of ERROR_CODES) {
    const error = new MinisqlError(code, "Cannot: because", {
      errno: 1062,
      sqlState: "23000",
      master: { host: "m", port: 9090 },
    });
    const frame = decodeServerLine(encodeError(5, error));
    assert.equal(frame.kind, "error");
    if (frame.kind !== "error") continue;
    const { message, errno, sqlState, master } = frame.error;
    assert.equal(frame.error.code, code);
    assert.deepEqual({ message, errno, sqlState, master }, {
      message: error.message,
      errno: 1062,
      sqlState: "23000",
      master: { host: "m", port: 9090 },
    });
  }
  const bare = decodeServerLine(encodeError(null, new MinisqlError("BAD_REQUEST", "no")));
  assert.ok(bare.kind === "error" && bare.id === null && bare.error.errno === undefined);
});

Deno.test("codec: answers, events and rows come through", () => {
  assert.deepEqual(decodeServerLine(encodeAnswer(1, { a: 1 })), {
    kind: "answer",
    id: 1,
    answer: { a: 1 },
  });
  assert.deepEqual(decodeServerLine(encodeEvent(1, [2])), { kind: "event", id: 1, event: [2] });
  const columns: Column[] = [{ name: "n", kind: "integer", nullable: true }];
  assert.deepEqual(decodeServerLine(encodeRowsLine(1, columns, [[null], [2]])), {
    kind: "rows",
    id: 1,
    columns,
    rows: [[null], [2]],
  });
});

Deno.test("codec: a server's line that makes no sense gets a reason", () => {
  for (
    const line of [
      "x",
      '{"ok":{}}',
      '{"id":null,"ok":{}}',
      '{"id":1}',
      '{"id":1,"error":{"code":"WHAT","message":"m"}}',
      '{"id":1,"rows":[[{}]]}',
      '{"id":1,"rows":[[1]],"columns":[{"name":"a","kind":"number"}]}',
    ]
  ) assert.equal(decodeServerLine(line).kind, "bad", line);
});

Deno.test("codec: any cells survive encoding, JSON and decoding", () => {
  const columns: Column[] = [
    { name: "a", kind: "integer" },
    { name: "b", kind: "bytes" },
    { name: "c", kind: "text" },
    { name: "d", kind: "decimal" },
    { name: "e", kind: "bit" },
  ];
  const cell = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
  const row = fc.tuple(
    cell(fc.maxSafeInteger()),
    cell(fc.uint8Array({ maxLength: 40 })),
    cell(fc.string({ unit: "binary" })),
    cell(fc.bigInt().map(String)),
    cell(fc.uint8Array({ minLength: 1, maxLength: 8 })),
  );
  fc.assert(fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
    const frame = decodeServerLine(encodeRowsLine(1, columns, encodeRows(columns, rows)));
    assert.equal(frame.kind, "rows");
    if (frame.kind !== "rows") return;
    const plus = (row: Row) => row.map((cell) => Object.is(cell, -0) ? 0 : cell);
    assert.deepEqual(decodeRows(columns, frame.rows).map(plus), rows.map(plus));
  }));
});

Deno.test("codec: no line whatever makes decoding throw", () => {
  const sample = encodeCall(7, "query", 500, { region: "r", epoch: 3, sql: "select 1" });
  const mutated = fc.tuple(fc.nat(sample.length), fc.nat(5), fc.string({ unit: "binary" })).map(
    ([at, cut, insert]) => sample.slice(0, at) + insert + sample.slice(at + cut),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), mutated), (line) => {
      decodeCallerLine(line);
      decodeServerLine(line);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("codec: every operation is declared with a receiver, a sentence and plain fields", () => {
  for (const [name, spec] of Object.entries(CALLS)) {
    assert.equal(callSpec(name), spec);
    assert.match(spec.does, /^[A-Z].*\.$/, name);
    for (const field of ["id", "op", "within"]) {
      assert.ok(!Object.hasOwn(spec.request.fields, field), `${name} uses ${field}`);
    }
  }
});
