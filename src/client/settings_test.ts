/** What SET, USE and transaction control ask of a session. */
import assert from "node:assert/strict";
import { is } from "../../tests/support/is.ts";
import { readSettings } from "./settings.ts";

Deno.test("settings: minisql_read in each way that MySQL has to set a variable", () => {
  for (
    const sql of [
      "SET minisql_read = 'latest'",
      "SET minisql_read = latest;",
      'set session MINISQL_READ := "LATEST"',
      "SET LOCAL minisql_read = latest",
      "SET @@minisql_read = 'latest'",
      "SET @@session.minisql_read = 'latest'",
      "SET `minisql_read` = 'latest'",
    ]
  ) assert.deepEqual(readSettings(sql, "x"), [{ kind: "read", level: "latest" }], sql);
  assert.deepEqual(readSettings("SET minisql_read = DEFAULT", "x"), [
    { kind: "read", level: null },
  ]);
});

Deno.test("settings: several in one statement, in their order", () => {
  const sql = "SET autocommit = 0, minisql_read = 'fast', foreign_key_checks = OFF";
  assert.deepEqual(readSettings(sql, "x"), [
    { kind: "autocommit", isOn: false },
    { kind: "read", level: "fast" },
    { kind: "foreign_key_checks", isOn: false },
  ]);
});

Deno.test("settings: what no session can have is refused", () => {
  assert.throws(() => readSettings("SET minisql_read = 1 + 1", "x"), is("UNSUPPORTED", /SET/));
  assert.throws(() => readSettings("SET minisql_read = 'x'", "x"), is("BAD_REQUEST", /one of/));
  assert.throws(
    () => readSettings("SET GLOBAL minisql_read = 'fast'", "x"),
    is("UNSUPPORTED", /./),
  );
  assert.throws(
    () => readSettings("SET minisql_read = 'fast', @a = 1", "x"),
    is("UNSUPPORTED", /client/),
  );
});

Deno.test("settings: the database is the cluster, by its name", () => {
  assert.deepEqual(readSettings("USE shop", "shop"), [{ kind: "nothing" }]);
  assert.throws(() => readSettings("USE other", "shop"), is("UNSUPPORTED", /one database/));
});
