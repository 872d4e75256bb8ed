/** What the guard lets through does the same on two MariaDB servers that are set differently. */
import assert from "node:assert/strict";
import { startMariadb } from "../scripts/services/mariadb.ts";
import { cellLiteral } from "../src/sql/cell_literal.ts";
import { guard } from "../src/sql/guard/guard.ts";
import type { Accepted, Verdict } from "../src/sql/guard/verdict.ts";
import type { EngineSession, StatementContext } from "../src/ports/engine.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import { LIMIT } from "./contract/engine_fixture.ts";
import { REWRITTEN, SAFE_DDL, SAFE_WRITES } from "./support/guard_cases.ts";
import { GUARD_DDL, GUARD_FACTS, GUARD_ROWS, GUARD_TABLES } from "./support/guard_schema.ts";
import { administer, type MariadbEngine, openMariadbEngine } from "./support/mariadb_engines.ts";

/** What must not matter, since sessions are pinned and statements repeat. */
const ODD_SETTINGS = [
  ...["auto_increment_increment = 5", "auto_increment_offset = 3", "time_zone = '+05:30'"],
  ...["sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'", "div_precision_increment = 9"],
  ...["group_concat_max_len = 30", "lc_time_names = 'fr_FR'", "character_set_server = latin1"],
  ...["tx_isolation = 'READ-COMMITTED'", "join_buffer_size = 1024", "sort_buffer_size = 65536"],
  "optimizer_switch = 'index_merge=off,derived_merge=off,materialization=off,semijoin=off'",
];

interface Copy {
  readonly fixture: MariadbEngine;
  readonly session: EngineSession;
}

interface Pair {
  readonly primary: Copy;
  readonly slave: Copy;
}

/** Both hold the same rows, put in in the opposite order. */
async function withPair(body: (pair: Pair) => Promise<void>): Promise<void> {
  await using first = await startMariadb({ name: "guard-primary" });
  await using second = await startMariadb({ name: "guard-slave" });
  await administer(second, ...ODD_SETTINGS.map((setting) => `SET GLOBAL ${setting}`));
  const fixtures = [await openMariadbEngine(first), await openMariadbEngine(second)] as const;
  try {
    const [primary, slave] = await Promise.all(
      fixtures.map(async (fixture) => ({ fixture, session: await fixture.engine.session() })),
    ) as [Copy, Copy];
    await fill(primary, (rows) => rows);
    await fill(slave, (rows) => rows.toReversed());
    await body({ primary, slave });
  } finally {
    for (const fixture of fixtures) await fixture.close();
  }
}

type Order = (rows: readonly string[]) => readonly string[];

async function fill({ session }: Copy, order: Order): Promise<void> {
  for (const sql of GUARD_DDL) await session.run(sql, LIMIT);
  for (const table of GUARD_TABLES) {
    const columns = table.columns.filter(({ generatedSql }) => generatedSql === null);
    const names = columns.map(({ name }) => name).join();
    for (const row of order(GUARD_ROWS[table.name] ?? [])) {
      await session.run(`INSERT INTO ${table.name} (${names}) VALUES ${row}`, LIMIT);
    }
  }
}

/** Rows of all tables as bytes, in an order of their own, and how each table is made. */
async function contentOf({ fixture: { engine }, session }: Copy): Promise<string> {
  const lines: string[] = [];
  for (const name of await engine.tables()) {
    const schema = await engine.schema(name);
    assert.ok(schema !== null);
    const list = schema.columns.map((column) => `HEX(CAST(\`${column.name}\` AS BINARY))`);
    const { rows } = await session.run(`SELECT ${list.join()} FROM \`${name}\``, LIMIT);
    lines.push(`${name} ${schema.hash}`, ...rows.map((row) => JSON.stringify(row)).sort());
  }
  return lines.join("\n");
}

const CONTEXT: StatementContext = {
  timestampMicros: 1_700_000_000_123_456,
  lastInsertId: "4711",
  randSeed1: 123_456_789,
  randSeed2: 987_654_321,
};

/** Runs a statement as a primary does; its context is then complete. */
async function runFirst(
  session: EngineSession,
  sql: string,
  { context: needed, tables }: Accepted,
): Promise<{ readonly affected: number; readonly context: StatementContext }> {
  const written = tables.find(({ role }) => role === "written")?.table ?? "";
  const context = needed.includes("insert_id_beforehand")
    ? { ...CONTEXT, insertId: await nextNumber(session, written) }
    : CONTEXT;
  const { result } = await session.run(sql, { ...LIMIT, context });
  const { affected, insertId } = result;
  const isTold = needed.includes("insert_id") && insertId !== null && insertId !== undefined;
  return { affected, context: isTold ? { ...context, insertId } : context };
}

async function nextNumber(session: EngineSession, table: string): Promise<string> {
  const { rows } = await session.run(`SELECT MAX(id) + 5 FROM \`${table}\``, LIMIT);
  return String(rows[0]?.[0]);
}

/** The text to log, with the primary's values written in. */
async function finalText(verdict: Verdict, session: EngineSession): Promise<string> {
  assert.ok(verdict.kind !== "refused");
  if (verdict.kind === "safe") return verdict.sql;
  const { columns, rows } = await session.run(`SELECT ${verdict.expressions.join()}`, LIMIT);
  const literals = (rows[0] ?? []).map((cell, at) =>
    cellLiteral(cell, columns[at]?.kind ?? "text")
  );
  return verdict.rewrite(literals);
}

/** Runs a statement on both in transactions that are undone, and compares everything. */
async function compareWrite(sql: string, { primary, slave }: Pair): Promise<"ran" | "failed"> {
  const verdict = guard(sql, GUARD_FACTS);
  assert.ok(verdict.kind !== "refused");
  const text = await finalText(verdict, primary.session);
  await primary.session.begin("write");
  await slave.session.begin("write");
  try {
    const first = await runFirst(primary.session, text, verdict);
    const { result } = await slave.session.run(text, { ...LIMIT, context: first.context });
    assert.equal(result.affected, first.affected, text);
    const ours = await contentOf(primary);
    const theirs = await contentOf(slave);
    assert.equal(theirs, ours, text);
    return "ran";
  } catch (error) {
    if (error instanceof MinisqlError && error.code === "SQL") {
      throw new Error(`Cannot run ${text}: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await primary.session.rollback();
    await slave.session.rollback();
  }
}

Deno.test("guard: what it lets through changes two servers alike, and so does what it rewrites", async () => {
  await withPair(async (pair) => {
    const failures: string[] = [];
    for (const sql of [...SAFE_WRITES, ...REWRITTEN.map(([rewritten]) => rewritten)]) {
      await compareWrite(sql, pair).catch((error: Error) =>
        failures.push(`${sql}\n${error.message}`)
      );
    }
    assert.equal(failures.join("\n\n"), "");
  });
});

/** The tables that are there after a statement on tables, made anew for each. */
async function compareDdl(sql: string, pair: Pair): Promise<void> {
  const context = CONTEXT;
  for (const { session } of [pair.primary, pair.slave]) {
    await session.run(sql, { ...LIMIT, context });
  }
  const ours = await contentOf(pair.primary);
  const theirs = await contentOf(pair.slave);
  assert.equal(theirs, ours, sql);
}

async function clear({ fixture: { engine }, session }: Copy): Promise<void> {
  await session.run("SET foreign_key_checks = 0", LIMIT);
  for (const name of await engine.tables()) await session.run(`DROP TABLE \`${name}\``, LIMIT);
  await session.run("SET foreign_key_checks = 1", LIMIT);
}

Deno.test("guard: statements on tables that it lets through do the same on two servers", async () => {
  await withPair(async (pair) => {
    const failures: string[] = [];
    for (const sql of SAFE_DDL) {
      await compareDdl(sql, pair).catch((error: Error) =>
        failures.push(`${sql}\n${error.message}`)
      );
      await Promise.all([pair.primary, pair.slave].map(clear));
      await fill(pair.primary, (rows) => rows);
      await fill(pair.slave, (rows) => rows.toReversed());
    }
    assert.equal(failures.join("\n\n"), "");
  });
});

/** Statements that the guard refuses, and that do leave these two servers apart. */
const DIVERGING: readonly string[] = [
  "UPDATE bag SET v = 100 LIMIT 1",
  "DELETE FROM bag ORDER BY v IS NULL LIMIT 2",
  "INSERT INTO events (msg) SELECT w FROM bag",
  "UPDATE users SET ref = UUID()",
  "INSERT INTO events (msg) VALUES (UUID())",
  "INSERT INTO events (msg) VALUES (SYSDATE(6))",
  "INSERT INTO events (msg) VALUES (CONNECTION_ID() + @@port)",
  "INSERT INTO drawn (id) VALUES (50)",
  "INSERT INTO bag (w) SELECT GROUP_CONCAT(w) FROM bag",
  "INSERT INTO bag (v, w) SELECT v, LAG(v) OVER (ORDER BY v IS NULL) FROM bag",
  "INSERT INTO bag (v) SELECT v FROM bag LIMIT 1",
];

Deno.test("guard: what it does not let through as it is leaves two servers apart", async () => {
  await withPair(async ({ primary, slave }) => {
    for (const sql of DIVERGING) {
      assert.notEqual(guard(sql, GUARD_FACTS).kind, "safe", sql);
      const contents: string[] = [];
      for (const copy of [primary, slave]) {
        await copy.session.begin("write");
        await copy.session.run(sql, { ...LIMIT, context: CONTEXT });
        contents.push(await contentOf(copy));
        await copy.session.rollback();
      }
      assert.notEqual(contents[0], contents[1], sql);
    }
  });
});
