/** What a change of a schema asks for, and what tables are called after a chain of renames. */
import assert from "node:assert/strict";
import { MinisqlError } from "../protocol/errors.ts";
import { type AlterDemand, readAlter, type Rename, resolveRenames } from "./alter_request.ts";

Deno.test("alter request: tables, new names and new relatives", () => {
  const cases: readonly (readonly [string, AlterDemand])[] = [
    ["ALTER TABLE t ADD COLUMN a INT", { tables: ["t"], renames: [], refersTo: [] }],
    ["CREATE UNIQUE INDEX i ON t (a)", { tables: ["t"], renames: [], refersTo: [] }],
    ["DROP INDEX i ON t", { tables: ["t"], renames: [], refersTo: [] }],
    ["TRUNCATE TABLE t", { tables: ["t"], renames: [], refersTo: [] }],
    [
      "ALTER TABLE t ADD COLUMN a INT, RENAME TO u",
      { tables: ["t"], renames: [{ from: "t", to: "u" }], refersTo: [] },
    ],
    [
      "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES other (id), ADD FOREIGN KEY (b) REFERENCES t (id)",
      { tables: ["t"], renames: [], refersTo: ["other"] },
    ],
    [
      "ALTER TABLE t ADD COLUMN c INT REFERENCES other (id)",
      { tables: ["t"], renames: [], refersTo: ["other"] },
    ],
    [
      "RENAME TABLE a TO tmp, b TO a, tmp TO b",
      {
        tables: ["a", "b"],
        renames: [{ from: "a", to: "tmp" }, { from: "b", to: "a" }, { from: "tmp", to: "b" }],
        refersTo: [],
      },
    ],
  ];
  for (const [sql, demand] of cases) assert.deepEqual(readAlter(sql), demand, sql);
});

Deno.test("alter request: what is refused", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["DROP TABLE t", "BAD_REQUEST", /not an ALTER TABLE, CREATE INDEX/],
    ["SELECT 1", "BAD_REQUEST", /not an ALTER TABLE/],
    ["ALTER TABLE", "SQL", /syntax/],
    ["ALTER TABLE d.t ADD COLUMN a INT", "UNSUPPORTED", /a cluster is one database/],
    ["RENAME TABLE t TO d.t", "UNSUPPORTED", /a cluster is one database/],
    ["RENAME TABLE t TO `a.b`", "SQL", /Incorrect table name 'a.b'/],
  ];
  for (const [sql, code, message] of cases) {
    assert.throws(() => readAlter(sql), (error) => {
      assert.ok(error instanceof MinisqlError, sql);
      assert.equal(error.code, code, sql);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("alter request: names at the end of a chain of renames", () => {
  const there = new Set(["a", "b"]);
  const resolve = (...renames: readonly (readonly [string, string])[]) =>
    [...resolveRenames(
      renames.map(([from, to]): Rename => ({ from, to })),
      (name) => there.has(name),
    )].sort();
  assert.deepEqual(resolve(["a", "c"]), [["a", "c"]]);
  assert.deepEqual(resolve(["a", "c"], ["c", "d"]), [["a", "d"]]);
  assert.deepEqual(resolve(["a", "tmp"], ["b", "a"], ["tmp", "b"]), [["a", "b"], ["b", "a"]]);
  assert.deepEqual(resolve(["a", "c"], ["c", "a"]), []);
  assert.deepEqual(resolve(["a", "a"]), []);
  assert.throws(() => resolve(["a", "b"]), /'b' already exists/);
  assert.throws(() => resolve(["x", "y"]), /'x' doesn't exist/);
  assert.throws(() => resolve(["a", "c"], ["a", "d"]), /'a' doesn't exist/);
});
