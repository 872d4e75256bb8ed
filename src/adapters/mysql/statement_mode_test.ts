import assert from "node:assert/strict";
import { statementMode } from "./statement_mode.ts";

Deno.test("statement mode: one statement to the server is counted", () => {
  const counted = [
    "INSERT INTO t VALUES (1)",
    "  update t set a = 1",
    "/* c */ DELETE FROM t",
    "-- c\n# d\nREPLACE INTO t VALUES (1)",
    "--\nselect 1",
    "((SELECT 1) UNION (SELECT 2))",
    "WITH w AS (SELECT 1) SELECT * FROM w",
    "load data infile 'x' into table t",
    "DO f()",
  ];
  for (const sql of counted) assert.equal(statementMode(sql), "counted", sql);
});

Deno.test("statement mode: what may do more, or is not known, writes directly", () => {
  const direct = [
    "CALL p()",
    "BEGIN NOT ATOMIC SELECT 1; END",
    "EXECUTE IMMEDIATE 'DELETE FROM t'",
    "CREATE TABLE t (a INT)",
    "SET @a = f()",
    "/*!50000 INSERT INTO t VALUES (1) */",
    "/*M! INSERT INTO t VALUES (1) */",
    "--1",
    "",
    "(",
    "/* not closed INSERT",
    "`INSERT`",
  ];
  for (const sql of direct) assert.equal(statementMode(sql), "direct", sql);
});

Deno.test("statement mode: minisql's own tables are its own", () => {
  assert.equal(statementMode("UPDATE _minisql_position SET seq = 1"), "own");
  assert.equal(statementMode("INSERT INTO `_minisql_session` VALUES (1)"), "own");
  assert.equal(statementMode("UPDATE t, _minisql_position SET a = 1"), "counted");
});

Deno.test("statement mode: transactions are not begun or ended so", () => {
  const refused = [
    "BEGIN",
    "begin work;",
    "START TRANSACTION READ ONLY",
    "/* a */ COMMIT AND CHAIN",
    "ROLLBACK TO SAVEPOINT a",
    "SAVEPOINT a",
    "RELEASE SAVEPOINT a",
    "XA COMMIT 'a'",
  ];
  for (const sql of refused) assert.throws(() => statementMode(sql), { code: "BAD_REQUEST" }, sql);
  assert.equal(statementMode("START SLAVE"), "direct");
  assert.equal(statementMode("RELEASE LOCK"), "direct");
});

Deno.test("statement mode: a long text is told by its beginning", () => {
  const long = `INSERT INTO t VALUES ${"('x'),".repeat(200_000)}('y')`;
  const since = performance.now();
  for (let turn = 0; turn < 1000; turn++) statementMode(long);
  assert.ok(performance.now() - since < 1000);
});
