/** The tables that the guard's cases are about: as facts for the guard, and as SQL for servers. */
import type { GuardColumn, GuardFacts, GuardTable } from "../../src/sql/guard/schema.ts";
import type { ColumnKind } from "../../src/protocol/values.ts";

const COLLATION = "utf8mb4_unicode_ci";

function kindOf(type: string): ColumnKind {
  if (/^(int|bigint)/.test(type)) return "integer";
  if (/^(varchar|char)/.test(type)) return "text";
  if (/^(datetime|timestamp|decimal|date)/.test(type)) {
    return type.replace(/\(.*/, "") as ColumnKind;
  }
  return type === "double" ? "float" : "bytes";
}

type Extra = Partial<GuardColumn>;

/** `int!` is NOT NULL. */
function column(name: string, declared: string, extra: Extra = {}): GuardColumn {
  const type = declared.replace("!", "");
  const kind = kindOf(type);
  return {
    name,
    kind,
    type,
    nullable: type === declared,
    defaultSql: null,
    autoIncrement: false,
    generatedSql: null,
    collation: kind === "text" ? COLLATION : null,
    onUpdateSql: null,
    ...extra,
  };
}

function table(
  name: string,
  columns: readonly GuardColumn[],
  keys: Readonly<Record<string, readonly string[]>>,
  extra: Partial<GuardTable> = {},
): GuardTable {
  const indexes = Object.entries(keys).map(([key, names]) => ({
    name: key,
    unique: !key.startsWith("plain"),
    columns: names,
  }));
  return { name, columns, indexes, foreignKeys: [], triggers: [], storage: "innodb", ...extra };
}

const NUMBERED: Extra = { autoIncrement: true };

export const GUARD_TABLES: readonly GuardTable[] = [
  table("users", [
    column("id", "int!", NUMBERED),
    column("email", "varchar(50)!"),
    column("name", "varchar(50)"),
    column("age", "int"),
    column("score", "double"),
    column("ref", "varchar(64)"),
    column("seen", "datetime(6)", { onUpdateSql: "current_timestamp(6)" }),
  ], { PRIMARY: ["id"], email: ["email"], plain_age: ["age"] }),
  table("orders", [
    column("id", "bigint!"),
    column("user_id", "int!"),
    column("n", "int!"),
    column("total", "decimal(10,2)"),
    column("note", "varchar(100)"),
  ], { PRIMARY: ["id"], plain_user: ["user_id"] }),
  table("pairs", [column("a", "int!"), column("b", "int!"), column("v", "int")], {
    PRIMARY: ["a", "b"],
  }),
  table("bag", [column("v", "int"), column("w", "varchar(20)")], {}),
  table("two", [
    column("id", "int!", NUMBERED),
    column("a", "int!"),
    column("b", "int!"),
    column("v", "int"),
  ], { PRIMARY: ["id"], a: ["a"], b: ["b"] }),
  table("events", [
    column("id", "int!", NUMBERED),
    column("msg", "varchar(200)"),
    column("at", "datetime(6)", { defaultSql: "current_timestamp(6)" }),
  ], { PRIMARY: ["id"] }),
  table("keyed", [column("k", "varchar(20)!"), column("v", "int")], { PRIMARY: ["k"] }),
  table("nodes", [column("id", "int!"), column("parent", "int")], { PRIMARY: ["id"] }, {
    foreignKeys: [{
      name: "nodes_parent",
      columns: ["parent"],
      references: { table: "nodes", columns: ["id"] },
      onDelete: "RESTRICT",
      onUpdate: "RESTRICT",
    }],
  }),
  table("doubled", [
    column("id", "int!"),
    column("v", "int"),
    column("w", "int", { generatedSql: "`v` * 2" }),
  ], { PRIMARY: ["id"] }),
  table("drawn", [
    column("id", "int!"),
    column("u", "varchar(36)", { defaultSql: "uuid()" }),
    column("v", "int"),
  ], { PRIMARY: ["id"] }),
];

/** Tables that no write may touch; servers are not given them. */
const BAD_TABLES: readonly GuardTable[] = [
  table("watched", [column("id", "int!")], { PRIMARY: ["id"] }, { triggers: ["audit"] }),
  table("volatile", [column("id", "int!")], { PRIMARY: ["id"] }, { storage: "memory" }),
  table("timely", [column("id", "int!"), column("g", "date", { generatedSql: "curdate()" })], {
    PRIMARY: ["id"],
  }),
  table("children", [column("id", "int!"), column("user_id", "int")], { PRIMARY: ["id"] }, {
    foreignKeys: [{
      name: "to_users",
      columns: ["user_id"],
      references: { table: "users", columns: ["id"] },
      onDelete: "CASCADE",
      onUpdate: "RESTRICT",
    }],
  }),
  table("vague", [column("u", "int"), column("v", "int")], { u: ["u"] }),
  table("filling", [column("v", "int")], {}, { isEmpty: true }),
];

export const GUARD_FACTS: GuardFacts = {
  database: "shop",
  server: null,
  table: (name) =>
    [...GUARD_TABLES, ...BAD_TABLES].find((each) => each.name === name.toLowerCase()) ?? null,
};

/** The same tables as a server makes them. */
export const GUARD_DDL: readonly string[] = [
  "CREATE TABLE users (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(50) NOT NULL " +
  "UNIQUE, name VARCHAR(50), age INT, score DOUBLE, ref VARCHAR(64), " +
  "seen DATETIME(6) ON UPDATE CURRENT_TIMESTAMP(6), KEY plain_age (age))",
  "CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, user_id INT NOT NULL, n INT NOT NULL, " +
  "total DECIMAL(10,2), note VARCHAR(100), KEY plain_user (user_id))",
  "CREATE TABLE pairs (a INT NOT NULL, b INT NOT NULL, v INT, PRIMARY KEY (a, b))",
  "CREATE TABLE bag (v INT, w VARCHAR(20))",
  "CREATE TABLE two (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT NOT NULL UNIQUE, " +
  "b INT NOT NULL UNIQUE, v INT)",
  "CREATE TABLE events (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, msg VARCHAR(200), " +
  "at DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6))",
  "CREATE TABLE keyed (k VARCHAR(20) NOT NULL PRIMARY KEY, v INT)",
  "CREATE TABLE nodes (id INT NOT NULL PRIMARY KEY, parent INT, " +
  "CONSTRAINT nodes_parent FOREIGN KEY (parent) REFERENCES nodes (id))",
  "CREATE TABLE doubled (id INT NOT NULL PRIMARY KEY, v INT, w INT AS (v * 2))",
  "CREATE TABLE drawn (id INT NOT NULL PRIMARY KEY, u VARCHAR(36) DEFAULT (UUID()), v INT)",
];

/** Rows by table. Servers are given them in orders of their own. */
export const GUARD_ROWS: Readonly<Record<string, readonly string[]>> = {
  users: [
    "(1, 'ann@x', 'Ann', 30, 1.5, NULL, NULL)",
    "(2, 'bob@x', 'bob', 25, 0.1, 'r2', NULL)",
    "(3, 'cid@x', 'Cid', 30, 0.2, NULL, NULL)",
    "(5, 'dee@x', NULL, NULL, 1e10, NULL, '2024-01-02 03:04:05')",
    "(8, 'eve@x', 'Eve', 41, -0.3, 'r8', NULL)",
  ],
  orders: [
    "(10, 1, 2, 9.50, 'first')",
    "(11, 2, 1, 20.00, NULL)",
    "(12, 1, 7, 3.25, 'third')",
    "(13, 3, 4, NULL, 'Fourth')",
    "(14, 5, 4, 0.01, 'fourth')",
  ],
  pairs: ["(1, 1, 10)", "(1, 2, 20)", "(2, 1, 30)", "(3, 3, NULL)"],
  bag: ["(1, 'one')", "(2, 'two')", "(2, 'two')", "(NULL, 'none')", "(7, NULL)"],
  two: ["(1, 10, 100, 1)", "(2, 20, 200, 2)", "(3, 30, 300, 3)"],
  events: ["(1, 'start', '2024-01-01 00:00:00')", "(2, 'stop', '2024-01-01 00:00:01.5')"],
  keyed: ["('a', 1)", "('b', 2)", "('c', 3)"],
  nodes: ["(1, NULL)", "(2, NULL)", "(3, NULL)"],
  doubled: ["(1, 4)", "(2, 5)"],
  drawn: ["(1, 'u1', 1)", "(2, 'u2', 2)"],
};
