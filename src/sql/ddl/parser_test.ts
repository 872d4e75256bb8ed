/** Statements on tables read into their model, and faults told where MySQL tells them. */
import assert from "node:assert/strict";
import type { AlterAction, ColumnDefinition, CreateTable, DataType } from "./model.ts";
import { parseDdl } from "./parser.ts";

function createTable(sql: string): CreateTable {
  const statement = parseDdl(sql);
  assert(statement?.kind === "create_table", sql);
  return statement;
}

function columnOf(definition: string): ColumnDefinition {
  const [column] = createTable(`create table t (c ${definition})`).columns;
  assert(column !== undefined);
  return column;
}

function actionsOf(actions: string): readonly AlterAction[] {
  const statement = parseDdl(`alter table t ${actions}`);
  assert(statement?.kind === "alter_table", actions);
  return statement.actions;
}

const TYPES: readonly (readonly [string, Partial<DataType>])[] = [
  ["int", { name: "int", length: null, unsigned: false }],
  ["integer(11) unsigned", { name: "int", length: 11, unsigned: true }],
  ["int4 zerofill", { name: "int", zerofill: true, unsigned: true }],
  ["bool", { name: "tinyint", length: 1 }],
  ["bigint signed", { name: "bigint", unsigned: false }],
  ["decimal(10,2)", { name: "decimal", length: 10, scale: 2 }],
  ["dec", { name: "decimal", length: null, scale: null }],
  ["fixed(5)", { name: "decimal", length: 5, scale: null }],
  ["float(24)", { name: "float", length: null }],
  ["float(25)", { name: "double", length: null }],
  ["float(7,3)", { name: "float", length: 7, scale: 3 }],
  ["double precision", { name: "double" }],
  ["real(5,1)", { name: "double", length: 5, scale: 1 }],
  ["bit(9)", { name: "bit", length: 9 }],
  ["datetime(6)", { name: "datetime", length: 6 }],
  ["year(4)", { name: "year", length: 4 }],
  ["varchar(20) character set utf8mb4 collate UTF8MB4_BIN", {
    name: "varchar",
    length: 20,
    charset: "utf8mb4",
    collation: "utf8mb4_bin",
  }],
  ["national character varying(3)", { name: "varchar", length: 3 }],
  ["char(3) binary", { name: "char", binary: true }],
  ["char(3) byte", { name: "binary", length: 3 }],
  ["long varbinary", { name: "mediumblob" }],
  ["long", { name: "mediumtext" }],
  ["enum('a','b''c')", { name: "enum", values: ["a", "b'c"] }],
  ["set('x') charset latin1", { name: "set", values: ["x"], charset: "latin1" }],
  ["json", { name: "json" }],
  ["geomcollection", { name: "geometrycollection" }],
];

for (const [sql, expected] of TYPES) {
  Deno.test(`ddl: the type ${sql}`, () => {
    const { type } = columnOf(sql);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(type[key as keyof DataType], value, key);
    }
  });
}

const ATTRIBUTES: readonly (readonly [string, Partial<ColumnDefinition>])[] = [
  ["", { nullable: null, default: null, generated: null, onUpdate: null, checks: [] }],
  ["not null", { nullable: false }],
  ["null default null", { nullable: true, default: { kind: "null" } }],
  ["default -1.5", { default: { kind: "literal", literal: { kind: "number", text: "-1.5" } } }],
  ["default 'a' 'b'", {
    default: { kind: "literal", literal: { kind: "string", value: "ab", introducer: null } },
  }],
  ["default _utf8mb4'x'", {
    default: { kind: "literal", literal: { kind: "string", value: "x", introducer: "utf8mb4" } },
  }],
  ["default x'4a'", {
    default: { kind: "literal", literal: { kind: "hex", digits: "4a", quoted: true } },
  }],
  ["default b'01'", { default: { kind: "literal", literal: { kind: "bit", digits: "01" } } }],
  ["default true", { default: { kind: "literal", literal: { kind: "boolean", value: true } } }],
  ["default date'2020-01-02'", {
    default: {
      kind: "literal",
      literal: { kind: "temporal", type: "date", value: "2020-01-02" },
    },
  }],
  ["default current_timestamp", { default: { kind: "now", fraction: 0 } }],
  ["default now(3) on update localtime(3)", {
    default: { kind: "now", fraction: 3 },
    onUpdate: 3,
  }],
  ["default (uuid() /* ) */ )", { default: { kind: "expression", sql: "uuid() /* ) */" } }],
  ["default uuid()", { default: { kind: "expression", sql: "uuid()" } }],
  ["auto_increment primary key", { autoIncrement: true, primary: true }],
  ["key", { primary: true }],
  ["unique", { unique: true }],
  ["comment 'it''s'", { comment: "it's" }],
  ["generated always as (a + (1)) stored", { generated: { sql: "a + (1)", stored: true } }],
  ["as (a) virtual not null", { generated: { sql: "a", stored: false }, nullable: false }],
  ["as (a)", { generated: { sql: "a", stored: false } }],
  ["as (a) persistent", { generated: { sql: "a", stored: true } }],
  ["check (c > 0) constraint k check (c < 9) not enforced", {
    checks: [
      { name: null, sql: "c > 0", enforced: true },
      { name: "k", sql: "c < 9", enforced: false },
    ],
  }],
  ["references u (x) on update cascade on delete set null", {
    references: {
      table: { database: null, name: "u" },
      columns: ["x"],
      match: null,
      onDelete: "SET NULL",
      onUpdate: "CASCADE",
    },
  }],
  ["invisible column_format fixed", { invisible: true, extras: ["COLUMN_FORMAT fixed"] }],
];

for (const [sql, expected] of ATTRIBUTES) {
  Deno.test(`ddl: the column attributes ${sql || "left out"}`, () => {
    const column = columnOf(`int ${sql}`);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(column[key as keyof ColumnDefinition], value, key);
    }
  });
}

Deno.test("ddl: SERIAL is a type and three attributes", () => {
  const { type, nullable, autoIncrement, unique } = columnOf("serial");
  assert.deepEqual([type.name, type.unsigned], ["bigint", true]);
  assert.deepEqual([nullable, autoIncrement, unique], [false, true, true]);
});

Deno.test("ddl: keys of a table with all that belongs to them", () => {
  const { keys } = createTable(
    "create table t (a int, primary key using hash (a), unique u (a desc, b(3)), key (`c d`), " +
      "constraint x unique index (a), index i ((a + 1)) comment 'c' invisible key_block_size = 4, " +
      "fulltext key f (b) with parser ngram, spatial (g))",
  );
  assert.deepEqual(keys.map(({ kind, name, method }) => [kind, name, method]), [
    ["primary", null, "hash"],
    ["unique", "u", null],
    ["index", null, null],
    ["unique", "x", null],
    ["index", "i", null],
    ["fulltext", "f", null],
    ["spatial", null, null],
  ]);
  assert.deepEqual(keys[1]?.parts, [
    { column: "a", expression: null, length: null, descending: true },
    { column: "b", expression: null, length: 3, descending: false },
  ]);
  assert.equal(keys[4]?.parts[0]?.expression, "a + 1");
  assert.deepEqual([keys[4]?.comment, keys[4]?.invisible], ["c", true]);
  assert.deepEqual(keys[4]?.extras, ["KEY_BLOCK_SIZE 4"]);
  assert.deepEqual(keys[5]?.extras, ["PARSER ngram"]);
});

Deno.test("ddl: foreign keys and checks of a table", () => {
  const { foreignKeys, checks } = createTable(
    "create table t (a int, constraint c foreign key i (a, b) references db.u (x, y) match full " +
      "on delete cascade on update no action, foreign key (a) references u (x), " +
      "check (a > (1)), constraint k check (a < 2) not enforced)",
  );
  assert.deepEqual(foreignKeys[0], {
    at: 48,
    name: "c",
    indexName: "i",
    columns: ["a", "b"],
    references: {
      table: { database: "db", name: "u" },
      columns: ["x", "y"],
      match: "FULL",
      onDelete: "CASCADE",
      onUpdate: "NO ACTION",
    },
    ifNotExists: false,
  });
  assert.equal(foreignKeys[1]?.name, null);
  assert.deepEqual(checks, [
    { name: null, sql: "a > (1)", enforced: true },
    { name: "k", sql: "a < 2", enforced: false },
  ]);
});

Deno.test("ddl: options of a table by one name each", () => {
  const { options } = createTable(
    "create table t (a int) engine innodb, default character set = UTF8MB4 collate 'utf8mb4_bin' " +
      "comment = 'a' 'b' auto_increment=5 row_format dynamic data directory = '/x'",
  );
  assert.deepEqual(options, {
    ENGINE: "innodb",
    CHARSET: "utf8mb4",
    COLLATE: "utf8mb4_bin",
    COMMENT: "ab",
    AUTO_INCREMENT: "5",
    ROW_FORMAT: "dynamic",
    "DATA DIRECTORY": "/x",
  });
});

Deno.test("ddl: the forms of CREATE TABLE", () => {
  const temporary = createTable("create or replace temporary table if not exists db.t (a int)");
  assert.deepEqual(temporary.table, { database: "db", name: "t" });
  assert.deepEqual(
    [temporary.orReplace, temporary.temporary, temporary.ifNotExists],
    [true, true, true],
  );
  assert.deepEqual(createTable("create table t like db.u").like, { database: "db", name: "u" });
  assert.deepEqual(createTable("create table t (like u)").like, { database: null, name: "u" });
  assert.equal(createTable("create table t as select 1").select, "as select 1");
  assert.equal(createTable("create table t (a int) ignore select 1").select, "ignore select 1");
  assert.equal(createTable("create table t (select 1)").select, "(select 1)");
  const partitioned = createTable("create table t (a int) partition by hash (a) partitions 4");
  assert.equal(partitioned.partitions, "partition by hash (a) partitions 4");
});

const ACTIONS: readonly (readonly [string, Partial<AlterAction> & { readonly kind: string }])[] = [
  ["add a int first", { kind: "add_column", position: "first", ifNotExists: false }],
  ["add column if not exists a int after `b`", {
    kind: "add_column",
    position: { after: "b" },
    ifNotExists: true,
  }],
  ["drop column if exists a", { kind: "drop_column", name: "a", ifExists: true }],
  ["drop a", { kind: "drop_column", name: "a", ifExists: false }],
  ["modify a int after b", { kind: "change_column", from: "a", position: { after: "b" } }],
  ["change a b int", { kind: "change_column", from: "a", position: null }],
  ["rename column a to b", { kind: "rename_column", from: "a", to: "b", ifExists: false }],
  ["alter a set default 5", { kind: "set_default", column: "a" }],
  ["alter column a drop default", { kind: "drop_default", column: "a", ifExists: false }],
  ["alter a set invisible", { kind: "set_column_visibility", column: "a", invisible: true }],
  ["add unique key u (a)", { kind: "add_key" }],
  ["add constraint c foreign key (a) references u (b)", { kind: "add_foreign_key" }],
  ["add constraint c check (a > 0)", { kind: "add_check", ifNotExists: false }],
  ["drop primary key", { kind: "drop_primary_key", ifExists: false }],
  ["drop index if exists k", { kind: "drop_key", name: "k", ifExists: true }],
  ["drop foreign key f", { kind: "drop_foreign_key", name: "f", ifExists: false }],
  ["drop constraint c", { kind: "drop_constraint", name: "c", checkOnly: false }],
  ["drop check c", { kind: "drop_constraint", name: "c", checkOnly: true }],
  ["rename index a to b", { kind: "rename_key", from: "a", to: "b", ifExists: false }],
  ["alter index k not ignored", { kind: "set_key_visibility", name: "k", invisible: false }],
  ["rename to db.u", { kind: "rename_table", to: { database: "db", name: "u" } }],
  ["rename u", { kind: "rename_table", to: { database: null, name: "u" } }],
  ["convert to character set utf8mb4 collate utf8mb4_bin", {
    kind: "convert_charset",
    charset: "utf8mb4",
    collation: "utf8mb4_bin",
  }],
  ["engine = innodb comment 'x'", { kind: "options", options: { ENGINE: "innodb" } }],
  ["algorithm = inplace", { kind: "hint", sql: "algorithm = inplace" }],
  ["order by a desc, b", { kind: "hint", sql: "order by a desc, b" }],
  ["add partition (partition p values in (1))", {
    kind: "other",
    sql: "ADD partition (partition p values in (1))",
  }],
];

for (const [sql, expected] of ACTIONS) {
  Deno.test(`ddl: ALTER TABLE t ${sql}`, () => {
    const [action] = actionsOf(sql);
    assert(action !== undefined);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual((action as unknown as Record<string, unknown>)[key], value, key);
    }
  });
}

Deno.test("ddl: several actions, columns in parentheses, no action at all", () => {
  const kinds = (sql: string) => actionsOf(sql).map(({ kind }) => kind);
  assert.deepEqual(kinds("add a int, drop b, comment 'x', rename to u"), [
    ...["add_column", "drop_column", "options", "rename_table"],
  ]);
  assert.deepEqual(kinds("add (a int, key (a), check (a > 0))"), [
    ...["add_column", "add_key", "add_check"],
  ]);
  assert.deepEqual(kinds(""), []);
});

Deno.test("ddl: indexes, drops, renames and TRUNCATE", () => {
  const t = { database: null, name: "t" };
  const index = parseDdl("create unique index i using btree on t (a) comment 'x' lock = none");
  assert(index?.kind === "create_index");
  assert.deepEqual(
    [index.key.kind, index.key.name, index.key.method, index.key.comment],
    ["unique", "i", "btree", "x"],
  );
  assert.deepEqual(parseDdl("drop index if exists i on t"), {
    kind: "drop_index",
    table: t,
    name: "i",
    ifExists: true,
  });
  assert.deepEqual(parseDdl("drop table if exists t, db.u cascade"), {
    kind: "drop_table",
    tables: [t, { database: "db", name: "u" }],
    temporary: false,
    ifExists: true,
  });
  assert.deepEqual(parseDdl("rename table t to u, u to db.t"), {
    kind: "rename_table",
    renames: [
      { from: t, to: { database: null, name: "u" } },
      { from: { database: null, name: "u" }, to: { database: "db", name: "t" } },
    ],
    ifExists: false,
  });
  assert.deepEqual(parseDdl("truncate table t"), { kind: "truncate", table: t });
});

Deno.test("ddl: any other statement is null", () => {
  for (const sql of ["select 1", "create view v as select 1", "drop view v", "alter user x", ""]) {
    assert.equal(parseDdl(sql), null);
  }
});

const FAULTS: readonly (readonly [string, string])[] = [
  ["create table t (a frob)", "frob)"],
  ["create table t (a int,)", ")"],
  ["create table t (a int", ""],
  ["create table t (a varchar)", ")"],
  ["create table t (a date(3))", "(3))"],
  ["create table t (a double(3))", "))"],
  ["create table t (a int default)", ")"],
  ["create table t (a int default (1)", ""],
  ["create table t (a int not)", ")"],
  ["create table t (order int)", "order int)"],
  ["create table select (a int)", "select (a int)"],
  ["create table t (a int, primary key)", ")"],
  ["create table t (a int, key k)", ")"],
  ["create table t (a int, foreign key (a) references u (a) on delete)", ")"],
  ["create table t (a int) engine", ""],
  ["create table t (a int); drop table t", "drop table t"],
  ["create table `` (a int)", "`` (a int)"],
  ["alter table t add", ""],
  ["alter table t add a int drop b", "drop b"],
  ["alter table t frob", "frob"],
  ["alter table t add a int after b comment 'x'", "comment 'x'"],
  ["drop table t,", ""],
  ["rename table a b", "b"],
  ["create index on t (a)", "on t (a)"],
  ["drop index i", ""],
];

for (const [sql, near] of FAULTS) {
  Deno.test(`ddl: the fault in ${sql}`, () => {
    assert.throws(() => parseDdl(sql), (error: Error & { errno?: number }) => {
      assert.equal(error.errno, 1064);
      assert(error.message.endsWith(`near '${near}' at line 1`), error.message);
      return true;
    });
  });
}
