/** Statements on tables on SQLite: rows kept through changes, all or nothing, honest refusals. */
import assert from "node:assert/strict";
import { DdlBench } from "../../../tests/support/ddl_bench.ts";
import { SchemaStore } from "./schema.ts";
import { tableSchema } from "./schema_port.ts";
import type { SqlValue } from "./types.ts";

function benchWith(create: string, ...rows: readonly (readonly SqlValue[])[]): DdlBench {
  const bench = new DdlBench();
  bench.ddl(create);
  bench.insert("t", ...rows);
  return bench;
}

/** A table, a change, and the rows after it. */
const CHANGES: readonly {
  readonly what: string;
  readonly create: string;
  readonly rows: readonly (readonly SqlValue[])[];
  readonly alter: string;
  readonly after: readonly (readonly unknown[])[];
}[] = [
  {
    what: "new columns have their defaults in old rows",
    create: "create table t (id int primary key)",
    rows: [[1n], [2n]],
    alter: "add a int, add b int not null, add c varchar(5) not null default 'x', " +
      "add d datetime(2) default now(2), add e decimal(4,2) default 1.5",
    after: [
      [1, null, 0, "x", "2020-09-13 12:26:40.00", "1.50"],
      [2, null, 0, "x", "2020-09-13 12:26:40.00", "1.50"],
    ],
  },
  {
    what: "a new column is computed from the others where its default says so",
    create: "create table t (id int primary key, a int)",
    rows: [[1n, 10n], [2n, 20n]],
    alter: "add b int default (a + 1) after id",
    after: [[1, 11, 10], [2, 21, 20]],
  },
  {
    what: "columns swap their names",
    create: "create table t (id int primary key, a int, b int)",
    rows: [[1n, 10n, 20n]],
    alter: "change a b int, change b a int",
    after: [[1, 10, 20]],
  },
  {
    what: "numbers become text, and text numbers",
    create: "create table t (a decimal(6,2), b varchar(9), c float, d year)",
    rows: [["1.5", "12", 0.1, 2020n]],
    alter: "modify a varchar(10), modify b int, modify c varchar(20), modify d char(4)",
    after: [["1.50", 12, "0.1", "2020"]],
  },
  {
    what: "members become their positions",
    create: "create table t (a enum('x','y'), b set('p','q','r'))",
    rows: [["y", "p,r"]],
    alter: "modify a int, modify b int",
    after: [[2, 5]],
  },
  {
    what: "a column that becomes AUTO_INCREMENT numbers the rows that have no number",
    create: "create table t (a varchar(3), id int)",
    rows: [["x", null], ["y", 7n], ["z", 0n]],
    alter: "modify id int auto_increment primary key",
    after: [["x", 1], ["y", 7], ["z", 8]],
  },
  {
    what: "a new AUTO_INCREMENT column numbers all rows",
    create: "create table t (a varchar(3))",
    rows: [["x"], ["y"]],
    alter: "add id int auto_increment primary key",
    after: [["x", 1], ["y", 2]],
  },
  {
    what: "generated columns are computed anew",
    create: "create table t (a int, b int as (a * 2) stored, c tinyint as (a * 100) virtual)",
    rows: [[1n], [5n]],
    alter: "modify a bigint, modify b int as (a * 3) stored",
    after: [[1, 3, 100], [5, 15, 127]],
  },
  {
    what: "dropped columns are gone, and their keys with them",
    create: "create table t (id int primary key, a int, b int, key ab (a, b), key a (a))",
    rows: [[1n, 2n, 3n]],
    alter: "drop a",
    after: [[1, 3]],
  },
  {
    what: "text grows and changes its collation",
    create: "create table t (a varchar(3), unique (a))",
    rows: [["abc"]],
    alter: "modify a varchar(200) collate utf8mb4_bin",
    after: [["abc"]],
  },
];

for (const { what, create, rows, alter, after } of CHANGES) {
  Deno.test(`ddl: ${what}`, () => {
    using bench = benchWith(create, ...rows);
    bench.ddl(`alter table t ${alter}`);
    assert.deepEqual(bench.rows("t"), after);
  });
}

/** Changes that the rows do not let happen: errno, state and the table left as it was. */
const REFUSED: readonly (readonly [string, readonly (readonly SqlValue[])[], string, string])[] = [
  ["a int", [[null]], "modify a int not null", "1265 01000"],
  ["a int", [[300n]], "modify a tinyint", "1264 22003"],
  ["a varchar(5)", [["abc"]], "modify a varchar(2)", "1265 01000"],
  ["a varchar(5)", [["abc"]], "modify a int", "1366 22007"],
  ["a int", [[1n], [1n]], "add unique (a)", "1062 23000"],
  ["a varchar(5)", [["x"], ["X "]], "add unique (a)", "1062 23000"],
  ["a varchar(5)", [["xa"], ["xb"]], "add unique (a(1))", "1062 23000"],
  ["a int", [[1n], [1n]], "add primary key (a)", "1062 23000"],
  ["a int", [[-1n]], "add check (a > 0)", "4025 23000"],
  ["a int", [[1n]], "add d date not null", "1292 22007"],
  ["a varchar(5)", [["x"]], "add b int not null, add c int as (a) stored", "1366 22007"],
];

for (const [columns, rows, alter, fault] of REFUSED) {
  Deno.test(`ddl: rows refuse ${alter}, and nothing is changed`, () => {
    using bench = benchWith(`create table t (${columns})`, ...rows);
    const before = [bench.show("show create table t"), bench.rows("t")];
    assert.throws(() => bench.ddl(`alter table t ${alter}`), (error) => {
      const { errno, sqlState } = error as { errno?: number; sqlState?: string };
      assert.equal(`${errno} ${sqlState}`, fault, String(error));
      return true;
    });
    assert.deepEqual([bench.show("show create table t"), bench.rows("t")], before);
  });
}

Deno.test("ddl: the message on a duplicate names the value and the key", () => {
  using bench = benchWith("create table t (a int, b varchar(5))", [1n, "x"], [1n, "X"]);
  assert.throws(() => bench.ddl("alter table t add unique k (a, b)"), {
    message: "Duplicate entry '1-x' for key 'k'",
  });
});

Deno.test("ddl: keys compare text as its collation does", () => {
  using bench = benchWith("create table t (a varchar(5), b varchar(5) collate utf8mb4_bin)");
  bench.ddl("alter table t add unique (a), add unique (b)");
  bench.insert("t", ["é", "é"]);
  assert.throws(() => bench.insert("t", ["E ", "x"]), /UNIQUE/);
  assert.throws(() => bench.insert("t", ["x", "é "]), /UNIQUE/);
  bench.insert("t", ["x", "É"]);
});

Deno.test("ddl: a key dropped and added under one name is the new one", () => {
  using bench = benchWith("create table t (a int, b int, unique k (a))", [1n, 1n]);
  bench.ddl("alter table t drop key k, add unique k (b)");
  bench.insert("t", [1n, 2n]);
  assert.throws(() => bench.insert("t", [2n, 2n]), /UNIQUE/);
});

Deno.test("ddl: renamed columns go by their new names in conditions and other columns", () => {
  using bench = benchWith("create table t (a int, b int as (a * 2) stored, check (a < 9))", [1n]);
  bench.ddl("alter table t rename column a to c");
  bench.insert("t", [4n]);
  assert.deepEqual(bench.rows("t"), [[1, 2], [4, 8]]);
  assert.throws(() => bench.insert("t", [10n]), /CHECK/);
});

Deno.test("ddl: conditions and columns may not ask what changes by itself", () => {
  using bench = benchWith("create table t (a int)");
  for (const sql of ["rand() > 1", "now() > a", "(select 1) > a", "@x > a", "uuid() is null"]) {
    assert.throws(() => bench.ddl(`alter table t add check (${sql})`), { errno: 1901 }, sql);
    const column = `alter table t add b int as (${sql}) stored`;
    assert.throws(() => bench.ddl(column), { errno: 1901 }, sql);
  }
  assert.throws(() => bench.ddl("alter table t add check (zz > 1)"), {
    message: "Unknown column 'zz' in 'CHECK'",
  });
});

Deno.test("ddl: conditions are MySQL's, with all that is in quotes kept", () => {
  using bench = benchWith(
    "create table t (a varchar(9), b varchar(20) as (concat(a, '?1', 'it''s')) stored, " +
      "check (a like 'X%' && a <> 'x''?2'))",
    ["xé"],
  );
  assert.deepEqual(bench.rows("t"), [["xé", "xé?1it's"]]);
  assert.throws(() => bench.insert("t", ["y"]), /CHECK/);
  assert.throws(() => bench.insert("t", ["x'?2"]), /CHECK/);
});

Deno.test("ddl: orphans refuse a foreign key, unless checks are off", () => {
  using bench = benchWith("create table t (id int primary key, p int)", [1n, 9n]);
  bench.ddl("create table p (id int primary key)");
  const sql = "alter table t add constraint k foreign key (p) references p (id)";
  assert.throws(() => bench.ddl(sql), { errno: 1452, sqlState: "23000" });
  bench.foreignKeyChecks = false;
  bench.ddl(sql);
  assert.equal(bench.connection.schemas.referencing("p").length, 1);
});

Deno.test("ddl: what the embedded engine cannot do is refused by name, with what to do", () => {
  using bench = benchWith("create table t (a int)");
  const refused: readonly (readonly [string, RegExp])[] = [
    ["create temporary table u (a int)", /temporary table u: .*; create a table/],
    ["create table u as select 1", /from a query: .*INSERT/],
    ["create table u (a int) partition by hash (a)", /with partitions/],
    ["create table u (a text, fulltext (a))", /FULLTEXT key/],
    ["create table u (a point)", /has no type point/],
    ["create table u (a int, key ((a + 1)))", /indexes columns only; add a generated column/],
    ["create table u (a varchar(9) character set latin1)", /character set latin1/],
    ["create table u (a varchar(9) collate utf8mb4_unicode_ci)", /collation utf8mb4_unicode_ci/],
    ["create table u (a int) engine = myisam", /storage engine myisam/],
    ["create table u (_rowid_ int)", /name a column _rowid_/],
    ["create table sqlite_x (a int)", /name a table sqlite_x/],
    ["create table T (a int)", /there is t/],
    ["create table u (a int check (a > 0) not enforced)", /NOT ENFORCED/],
    ["create table u (a int) data directory = '/x'", /option DATA DIRECTORY/],
    ["alter table t remove partitioning", /remove partitioning/],
  ];
  for (const [sql, words] of refused) {
    assert.throws(() => bench.ddl(sql), (error: Error & { code?: string }) => {
      assert.equal(error.code, "UNSUPPORTED", sql);
      assert.match(error.message, words);
      return true;
    });
  }
  assert.deepEqual(bench.show("show tables"), [["t"]]);
});

Deno.test("ddl: AUTO_INCREMENT goes on behind what was given, and never back by a rollback", () => {
  using bench = benchWith("create table t (id int auto_increment primary key, a int)");
  const next = () => {
    const table = bench.connection.schemas.table("t");
    assert(table !== null);
    return bench.autoIncrement.next(bench.context.db, table);
  };
  bench.insert("t", [null, 1n], [10n, 2n], [0n, 3n], [-5n, 4n]);
  assert.deepEqual(bench.rows("t").map(([id]) => id), [-5, 1, 10, 11]);
  bench.connection.exec("BEGIN");
  bench.insert("t", [null, 5n]);
  bench.connection.exec("ROLLBACK");
  assert.equal(next(), 13n);
  bench.ddl("alter table t auto_increment = 5");
  assert.equal(next(), 12n);
  bench.ddl("alter table t auto_increment = 100");
  assert.equal(next(), 100n);
  bench.ddl("rename table t to u");
  bench.ddl("rename table u to t");
  assert.equal(next(), 100n);
  bench.ddl("truncate t");
  assert.equal(next(), 1n);
  assert.deepEqual(bench.rows("t"), []);
});

Deno.test("ddl: the changed tables are told, by their names before and after", () => {
  using bench = benchWith("create table t (a int)");
  assert.deepEqual(bench.ddl("create table u (a int)").changed, [{ before: null, after: "u" }]);
  assert.deepEqual(bench.ddl("create table if not exists u (a int)").changed, []);
  assert.deepEqual(bench.ddl("rename table t to x, u to t, x to u").changed, [
    { before: "t", after: "u" },
    { before: "u", after: "t" },
  ]);
  assert.deepEqual(bench.ddl("alter table t add b int, rename to v").changed, [
    { before: "t", after: "v" },
  ]);
  assert.deepEqual(bench.ddl("drop table if exists v, nowhere, u").changed, [
    { before: "v", after: null },
    { before: "u", after: null },
  ]);
});

Deno.test("schema: another connection follows what was changed, and what was rolled back", async () => {
  const path = await Deno.makeTempFile({ suffix: ".db" });
  try {
    using bench = new DdlBench(path);
    using other = new DdlBench(path);
    const store: SchemaStore = other.connection.schemas;
    bench.ddl("create table t (a int)");
    assert.deepEqual(store.names(), ["t"]);
    assert.throws(() => bench.ddl("create table u (a int, key (b))"), { errno: 1072 });
    // As many changes as were rolled back: the count of changes is what it was seen to be then.
    other.ddl("alter table t comment = 'x'");
    assert.equal(bench.connection.schemas.table("t")?.comment, "x");
    assert.equal(store.table("T"), null);
    bench.ddl("drop table t");
    assert.deepEqual(store.names(), []);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("schema: the hash is the same for the same table in another order, and no other", () => {
  const hashOf = (sql: string) => {
    using bench = new DdlBench();
    bench.ddl(sql);
    const table = bench.connection.schemas.table("t");
    assert(table !== null);
    return tableSchema(table, 1n).hash;
  };
  const plain = "create table t (a int not null, b varchar(9) default 'x', key b (b), key a (a))";
  const same = "CREATE TABLE t (b VARCHAR(9) DEFAULT 'x', a INT NOT NULL COMMENT 'c', KEY a (a), " +
    "KEY b (b)) COMMENT = 'd'";
  assert.equal(hashOf(same), hashOf(plain));
  const others = [
    plain.replace("'x'", "'y'"),
    plain.replace("int not null", "int"),
    plain.replace("key b (b)", "unique b (b)"),
    plain.replace("key b (b)", "key b (b(3))"),
    plain.replace("key b (b)", "check (a > 0), key b (b)"),
    plain.replace("varchar(9)", "varchar(9) collate utf8mb4_bin"),
  ];
  assert.equal(new Set([plain, ...others].map(hashOf)).size, others.length + 1);
});

Deno.test("show: what SHOW CREATE TABLE says makes the same table", () => {
  using bench = new DdlBench();
  bench.ddl("create table p (id int primary key)");
  bench.ddl(
    "create table t (id bigint unsigned auto_increment primary key, a varchar(9) not null " +
      "default 'it''s', b datetime(3) default now(3) on update now(3), c int as (id2 + 1) stored, " +
      "id2 int invisible default 4, e enum('x','y''z') default 'x', j json, check (e <> 'q'), " +
      "unique u (a(3), b desc), constraint k foreign key (id2) references p (id) on delete cascade) " +
      "comment = 'a `comment`'",
  );
  const [[, text]] = bench.show("show create table t") as [[string, string]];
  bench.ddl("drop table t");
  bench.ddl(text);
  assert.deepEqual(bench.show("show create table t"), [["t", text]]);
});

Deno.test("show: LIKE and WHERE narrow what is shown", () => {
  using bench = benchWith("create table t (abc int, abd varchar(5) not null, x int)");
  bench.ddl("create table tt (a int)");
  assert.deepEqual(bench.show("show tables like 't_'"), [["tt"]]);
  assert.deepEqual(bench.show("show columns from t like 'AB%'").map(([name]) => name), [
    ...["abc", "abd"],
  ]);
  assert.deepEqual(bench.show("show columns from t where `Null` = 'NO'").map(([name]) => name), [
    "abd",
  ]);
  assert.deepEqual(bench.show("desc t x"), [["x", "int(11)", "YES", "", null, ""]]);
  assert.throws(() => bench.show("show columns from nowhere"), { errno: 1146 });
  assert.throws(() => bench.show("show tables from nowhere"), { errno: 1049 });
  assert.throws(() => bench.show("show tables like"), { errno: 1064 });
});
