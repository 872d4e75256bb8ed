/** Kinds, tables and limits of statements, and what is refused before it is run. */
import assert from "node:assert/strict";
import { classify } from "./classify.ts";
import { unfoldComments } from "./executable_comment.ts";
import type { StatementKind } from "./statement_kind.ts";

/** Tables as `name` when read and `name!` when written, in the order they appear. */
function tablesOf(sql: string): string {
  return classify(sql).tables.map(({ database, table, role }) =>
    `${database === null ? "" : `${database}.`}${table}${role === "written" ? "!" : ""}`
  ).join(" ");
}

const TABLES: readonly (readonly [string, StatementKind, string])[] = [
  ["select 1", "select", ""],
  ["select 1 from dual", "select", ""],
  ["select * from t", "select", "t"],
  ["(select * from t)", "select", "t"],
  ["((select a from t) union all (select a from u) limit 3)", "select", "t u"],
  ["select * from a, b x, `c d` as y", "select", "a b c d"],
  ["select * from db.t join `db 2`.`u` using (a)", "select", "db.t db 2.u"],
  [
    "select * from a left join b on a.x = b.x right outer join c on left(c.x, 1) = 'q'",
    "select",
    "a b c",
  ],
  ["select * from a natural left join (b cross join c on b.k = c.k) where 1", "select", "a b c"],
  ["select * from a straight_join b inner join c", "select", "a b c"],
  ["select * from (select * from t where x in (select y from u)) d, v", "select", "t u v"],
  ["select * from ((select 1) x join t)", "select", "t"],
  ["select (select max(a) from t) + 1 from u where exists (table v)", "select", "t u v"],
  ["select extract(year from d), trim(both 'x' from s) from t", "select", "t"],
  ["select substring(s from 1 for 2), `from` from t where t.from = 1", "select", "t"],
  ["select a into @x from t", "select", "t"],
  ["select * from t force index (i, j) ignore key for order by (k) where a = 1", "select", "t"],
  ["select * from t use index () , u", "select", "t u"],
  ["select * from t partition (p0, p1) as x, u", "select", "t u"],
  ["select * from t for system_time as of now(), u", "select", "t u"],
  ["select * from { oj a left outer join b on a.i = b.i }", "select", "a b"],
  ["select * from t, json_table(t.j, '$[*]' columns (x int path '$')) as k, u", "select", "t u"],
  ["select * from t, lateral (select * from u where u.a = t.a) l", "select", "t u"],
  ["select a from t group by a with rollup having count(*) > (select 1 from u)", "select", "t u"],
  [
    "select row_number() over (partition by a order by b) from t window w as (order by c)",
    "select",
    "t",
  ],
  [
    "with a as (select * from t), b (x) as (select * from a) select * from a, b, c",
    "select",
    "t c",
  ],
  ["with a as (select * from a) select * from a", "select", "a"],
  ["with recursive a as (select 1 union select x + 1 from a) select * from a", "select", ""],
  ["(with a as (select 1) select * from a) union select * from a", "select", "a"],
  ["with a as (select 1) select * from db.a", "select", "db.a"],
  ["values row(1, (select a from t))", "values", "t"],
  ["table t order by a limit 1", "table", "t"],
  ["insert into t values (1, (select max(a) from u))", "insert", "t! u"],
  ["insert low_priority ignore t (a, b) value (1, 2), (3, 4)", "insert", "t!"],
  ["insert into db.t set a = 1", "insert", "db.t!"],
  [
    "insert into t (a) select a from u join v on u.i = v.i on duplicate key update a = 1",
    "insert",
    "t! u v",
  ],
  ["insert into t (select a from u)", "insert", "t! u"],
  ["insert into t with c as (select 1 from u) select * from c, t", "insert", "t! u t"],
  ["insert into t values (1) on duplicate key update a = (select 1 from u)", "insert", "t! u"],
  ["insert into t table u", "insert", "t! u"],
  ["insert into t values (1) returning a", "insert", "t!"],
  ["replace into t select * from t", "replace", "t! t"],
  ["update t set a = 1 where b = 2 order by c limit 1", "update", "t t!"],
  ["update t x, u y set x.a = y.b, y.c = (select 1 from v)", "update", "t u v t! u!"],
  ["update t x join u y on x.i = y.i set x.a = y.b where y.c", "update", "t u t!"],
  ["update t, u set a = 1", "update", "t u t! u!"],
  ["update t, (select * from u) d set t.a = d.a", "update", "t u t!"],
  ["with c as (select * from u) update t, c set t.a = c.a", "update", "u t t!"],
  ["delete from t where a in (select b from u)", "delete", "t t! u"],
  ["delete low_priority from db.t as x where x.a = 1", "delete", "db.t db.t!"],
  ["delete x, u.* from t x join u join v", "delete", "t u v t! u!"],
  ["delete from x using t x, u where 1", "delete", "t u t!"],
  ["with c as (select * from u) delete from t where a in (select a from c)", "delete", "u t t!"],
  ["load data local infile 'x' replace into table t (a)", "load", "t!"],
  [
    "create table t (a int references u (b), foreign key (c) references v (d))",
    "create_table",
    "t! u v",
  ],
  ["create temporary table if not exists db.t like u", "create_table", "db.t! u"],
  ["create table t (a int) engine = innodb as select * from u", "create_table", "t! u"],
  ["create or replace table t select * from u", "create_table", "t! u"],
  ["alter table t add b int, rename to u", "alter_table", "t! u!"],
  ["alter table t rename column a to b, rename index i to j", "alter_table", "t!"],
  ["drop table if exists a, db.b", "drop_table", "a! db.b!"],
  ["rename table a to b, c to d", "rename_table", "a! b! c! d!"],
  ["truncate t", "truncate", "t!"],
  ["truncate table t", "truncate", "t!"],
  ["create unique index i on t (a)", "create_index", "t!"],
  ["drop index i on t", "drop_index", "t!"],
  [
    "create definer = root@localhost sql security invoker view v as select * from t",
    "create_view",
    "t",
  ],
  ["alter view v (a) as select * from t join u with check option", "alter_view", "t u"],
  ["create or replace algorithm = merge view v as select 1", "create_view", ""],
  ["create trigger x before insert on t for each row begin set @a = 1; end", "create_routine", ""],
  ["create definer = `table` procedure p() select 1", "create_routine", ""],
  ["create user table_owner", "administer", ""],
  ["describe t a", "describe", "t"],
  ["explain extended select * from t", "explain", "t"],
  ["explain format = json update t set a = 1", "explain", "t"],
  ["explain analyze select * from t", "explain", "t"],
  ["analyze update t set a = 1", "explain", "t t!"],
  ["analyze table t, u", "maintain_table", "t! u!"],
  ["do (select count(*) from t)", "do", "t"],
  ["set @a = (select 1 from t)", "set", "t"],
];

for (const [sql, kind, tables] of TABLES) {
  Deno.test(`classify: ${sql}`, () => {
    assert.equal(classify(sql).kind, kind);
    assert.equal(tablesOf(sql), tables);
  });
}

const KINDS: readonly (readonly [string, StatementKind, string])[] = [
  ["begin", "begin", "transaction"],
  ["start transaction read only", "begin", "transaction"],
  ["start slave", "administer", "other"],
  ["commit work", "commit", "transaction"],
  ["rollback", "rollback", "transaction"],
  ["rollback work to savepoint a", "rollback_to", "transaction"],
  ["savepoint a", "savepoint", "transaction"],
  ["release savepoint a", "release", "transaction"],
  ["set autocommit = 0", "set", "other"],
  ["set session transaction isolation level serializable", "set_transaction", "other"],
  ["set password = 'x'", "set", "other"],
  ["set role none", "administer", "other"],
  ["show tables", "show", "read"],
  ["use db", "use", "other"],
  ["call p(1)", "call", "other"],
  ["create database d", "create_database", "ddl"],
  ["drop schema d", "drop_database", "ddl"],
  ["drop view v", "drop_view", "ddl"],
  ["drop prepare s", "deallocate", "other"],
  ["lock tables t write", "lock_tables", "other"],
  ["optimize table t", "maintain_table", "other"],
  ["frobnicate", "unknown", "other"],
  ["'select'", "unknown", "other"],
  ["constructor", "unknown", "other"],
  [" ; select 1 ; ; ", "select", "read"],
];

for (const [sql, kind, category] of KINDS) {
  Deno.test(`classify: ${sql} is ${kind}`, () => {
    const { kind: found, category: foundCategory } = classify(sql);
    assert.deepEqual([found, foundCategory], [kind, category]);
  });
}

/** LIMIT and ORDER BY of the statement, and a LIMIT without order anywhere. */
const LIMITS: readonly (readonly [string, boolean, boolean, boolean])[] = [
  ["select a from t", false, false, false],
  ["select a from t order by a limit 1", true, true, false],
  ["select a from t limit 1", true, false, true],
  ["select group_concat(a order by a limit 1) from t", false, false, false],
  ["select * from (select a from t limit 1) x order by a", false, true, true],
  ["select * from (select a from t order by a limit 1) x", false, false, false],
  ["delete from t where a = 1 limit 1", true, false, true],
  ["delete from t order by a limit 1", true, true, false],
  ["update t set a = 1 order by b", false, true, false],
  ["insert into t select * from u limit 1", true, false, true],
  ["insert into t select * from u where (select 1 from v limit 1)", false, false, true],
  ["select t.limit, `order` from t", false, false, false],
  ["(select a from t) union (select b from u) order by a limit 1", true, true, false],
];

for (const [sql, limit, orderBy, loose] of LIMITS) {
  Deno.test(`classify: limits of ${sql}`, () => {
    const { hasLimit, hasOrderBy, hasLooseLimit } = classify(sql);
    assert.deepEqual([hasLimit, hasOrderBy, hasLooseLimit], [limit, orderBy, loose]);
  });
}

Deno.test("classify: locking reads and results put elsewhere are told", () => {
  assert.equal(classify("select * from t for update").locking, true);
  assert.equal(classify("select * from t lock in share mode").locking, true);
  assert.equal(classify("select * from t").locking, false);
  assert.equal(classify("select * into outfile 'x' from t").into, true);
  assert.equal(classify("select * from t limit 1 into @a").into, true);
  assert.equal(classify("select * from t").into, false);
});

Deno.test("classify: an empty text is MySQL's error 1065", () => {
  for (const sql of ["", " ; ", "-- x"]) assert.throws(() => classify(sql), { errno: 1065 });
});

Deno.test("classify: a second statement and broken syntax are errors", () => {
  const broken = [
    ...["select 1; select 2", "set @a = 1; drop table t", "show tables; drop table t"],
    ...["select * from", "select * from (select 1", "select (1", "update t", "delete from"],
    ...["select 1)", "insert into", "with a as select 1", "update t set", "rename table a b"],
  ];
  for (const sql of broken) assert.throws(() => classify(sql), { errno: 1064 }, sql);
});

Deno.test("classify: hostile nesting is refused, not crashed on", () => {
  for (const open of ["(", "select (", "select * from (", "select (select "]) {
    assert.throws(() => classify(`select ${open.repeat(100_000)}`), { name: "MinisqlError" });
  }
});

Deno.test("classify: executable comments are refused until they are unfolded", () => {
  const sql = "select 1 /*!50000 from t */";
  assert.throws(() => classify(sql), { code: "UNSUPPORTED" });
  const unfolded = unfoldComments(sql, { vendor: "mysql", version: 80036 });
  assert.equal(unfolded.length, sql.length);
  assert.deepEqual(classify(unfolded).tables.map(({ table }) => table), ["t"]);
});

const UNFOLDED: readonly (readonly [string, "mariadb" | "mysql", number, string])[] = [
  ["/*!40101 a */", "mysql", 80036, "a"],
  ["/*!90000 a */", "mysql", 80036, ""],
  ["/*!80000 a */", "mariadb", 101119, ""],
  ["/*!100100 a */", "mariadb", 101119, "a"],
  ["/*M! a */", "mysql", 80036, ""],
  ["/*M!100100 a */", "mariadb", 101119, "a"],
  ["/*! a /*!90000 b */ /*!50000 c */ */", "mysql", 80036, "a c"],
  ["/* a */ '/*! b */'", "mysql", 80036, "/* a */ '/*! b */'"],
];

for (const [sql, vendor, version, words] of UNFOLDED) {
  Deno.test(`unfoldComments: ${sql} on ${vendor} ${version}`, () => {
    const unfolded = unfoldComments(sql, { vendor, version });
    assert.equal(unfolded.length, sql.length);
    assert.equal(unfolded.trim().replace(/ +/g, " "), words);
  });
}
