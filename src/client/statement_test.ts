/** Statements are read once: who runs them follows from their text. */
import assert from "node:assert/strict";
import { is } from "../../tests/support/is.ts";
import { bound, glance, type Plan, readStatement } from "./statement.ts";

/** Where it goes, on which tables, at which level. */
function words({ plan }: { readonly plan: Plan }): string {
  switch (plan.to) {
    case "replica":
      return `replica ${plan.tables.join()} ${plan.level}`;
    case "primary":
      return `primary ${plan.tables.join()}${plan.commitsFirst ? " commits" : ""}`;
    case "master":
      return `master ${plan.definition.kind}`;
    case "list":
      return `list ${plan.show.full} ${plan.show.like}`;
    default:
      return plan.to;
  }
}

const PLANS: readonly (readonly [string, string])[] = [
  ["SELECT * FROM a JOIN b JOIN a c", "replica a,b null"],
  ["WITH x AS (SELECT * FROM a) SELECT * FROM x", "replica a null"],
  ["(SELECT * FROM a) UNION (SELECT * FROM b)", "replica a,b null"],
  ["SELECT /*+ minisql_read(recount) */ * FROM a", "replica a recount"],
  ["SELECT /*+ MINISQL_READ( Latest ) NO_ICP(a) */ * FROM a", "replica a latest"],
  ["SELECT /* minisql_read(latest) */ * FROM a", "replica a null"],
  ["SELECT '/*+ minisql_read(latest) */' FROM a", "replica a null"],
  ["SELECT * FROM a LOCK IN SHARE MODE", "replica a latest"],
  ["EXPLAIN UPDATE a SET b = 1", "replica a fast"],
  ["CHECKSUM TABLE a, b", "replica a,b null"],
  ["SELECT 1", "any"],
  ["SELECT * FROM (SELECT 1) x", "any"],
  ["SHOW WARNINGS", "diagnostics"],
  ["SHOW COUNT(*) WARNINGS", "diagnostics"],
  ["HELP 'x'", "any"],
  ["INSERT INTO a SELECT * FROM b", "primary a,b"],
  ["REPLACE a VALUES (1)", "primary a"],
  ["WITH x AS (SELECT 1) DELETE FROM a", "primary a"],
  ["TRUNCATE a", "primary a commits"],
  ["CREATE TABLE a (b INT PRIMARY KEY)", "master create_table"],
  ["ALTER TABLE a DROP COLUMN b", "master alter_table"],
  ["CREATE UNIQUE INDEX i ON a (b)", "master create_index"],
  ["RENAME TABLE a TO b, c TO d", "master rename_table"],
  ["DROP TABLE IF EXISTS a, b", "master drop_table"],
  ["SHOW TABLES", "list false null"],
  ["SHOW FULL TABLES LIKE 'a%'", "list true a%"],
  ["SHOW KEYS IN a", "replica a fast"],
  ["SET NAMES utf8mb4", "session"],
  ["START TRANSACTION READ ONLY", "session"],
  ["RELEASE SAVEPOINT a", "session"],
  ["USE minisql", "session"],
];

Deno.test("statement: each goes to whoever can run it", () => {
  for (const [sql, expected] of PLANS) assert.equal(words(readStatement(sql)), expected, sql);
});

Deno.test("statement: what no server would run is refused, with advice", () => {
  for (
    const sql of [
      ...["LOAD DATA INFILE 'x' INTO TABLE a", "XA START 'x'", "DO 1", "HANDLER a OPEN"],
      ...["PREPARE s FROM 'x'", "OPTIMIZE TABLE a", "CREATE DATABASE x", "DROP TRIGGER x"],
      ...["CREATE TABLE a LIKE b", "DROP TEMPORARY TABLE a", "SHOW MASTER STATUS", "NONSENSE"],
      ...["SELECT * FROM x.a", "SHOW INDEX FROM a FROM x", "SHOW CREATE VIEW v"],
      "SHOW TABLES WHERE 1",
    ]
  ) assert.throws(() => readStatement(sql), is("UNSUPPORTED", /^Cannot/), sql);
});

Deno.test("statement: faults in its text are MySQL's errors", () => {
  for (const sql of ["SELECT (", "SHOW", "SELECT 1; SELECT 2", "SHOW TABLES LIKE x"]) {
    assert.throws(() => readStatement(sql), (error: { code: string }) => {
      assert.ok(error.code === "SQL" || error.code === "UNSUPPORTED", sql);
      return true;
    });
  }
  assert.throws(
    () => readStatement("SELECT /*+ minisql_read(best) */ 1 FROM a"),
    is("BAD_REQUEST", /"best": it must be one of fast, voted/),
  );
});

Deno.test("statement: parameters leave its plan as it was", () => {
  const read = readStatement("SELECT * FROM a WHERE b = ? AND c = '?'");
  const filled = bound(read, ["x"]);
  assert.equal(filled.sql, "SELECT * FROM a WHERE b = 'x' AND c = '?'");
  assert.equal(filled.plan, read.plan);
  assert.equal(bound(readStatement("SELECT '?'"), []).sql, "SELECT '?'");
  const list = bound(readStatement("SHOW TABLES LIKE ?"), ["a_"]);
  assert.equal(words(list), "list false a_");
  assert.throws(() => bound(readStatement("SELECT 1"), [1]), is("BAD_REQUEST", /Cannot bind 1/));
});

Deno.test("statement: LAST_INSERT_ID is noticed where it is meant", () => {
  const uses = (sql: string) => readStatement(sql).usesLastInsertId;
  assert.ok(uses("SELECT last_insert_id()"));
  assert.ok(uses("INSERT INTO a VALUES (LAST_INSERT_ID() + 1)"));
  assert.ok(uses("SELECT @@session.last_insert_id"));
  assert.ok(uses("SELECT @@identity"));
  assert.ok(!uses("SELECT 'last_insert_id()' FROM a /* LAST_INSERT_ID() */"));
});

Deno.test("glance() says of plain queries what readStatement() does, and nothing of others", () => {
  const plain = [
    "SELECT * FROM a WHERE id = 5",
    "select  b , C\nfrom a where ID=-5 LIMIT 1",
    "SELECT `b``c`, `limit` FROM `my a` WHERE `id` = 1 AND b = 'FROM x /*+ minisql_read(latest) */'",
    "SELECT b FROM a WHERE b = '?' AND c = '/*! 1 */'",
    "SELECT LAST_INSERT_ID FROM a WHERE id = 1",
    "SELECT current_user FROM a WHERE id = 1",
    "SELECT b FROM dual WHERE id = 1",
    "SELECT b FROM _minisql_applied WHERE id = 1",
    "SELECT b FROM a WHERE id = 1 FOR UPDATE",
    "SELECT b FROM a WHERE id = ?",
    "SELECT b FROM shop.a WHERE id = 1",
    "SELECT b FROM a WHERE id = 1; SELECT 1",
    "SELECT /*+ minisql_read(fast) */ b FROM a WHERE id = 1",
    "DELETE FROM a WHERE id = 1",
  ];
  const seen = plain.map((sql) => {
    const statement = glance(sql);
    if (statement !== null) assert.deepEqual(statement, readStatement(sql), sql);
    return statement !== null;
  });
  assert.deepEqual(seen.map((each) => each ? 1 : 0), [1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});
