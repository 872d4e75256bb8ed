/** Each statement that the guard lets through, on a real replica set: all copies the same, byte by byte. */
import assert from "node:assert/strict";
import { startMariadb } from "../scripts/services/mariadb.ts";
import type { Client } from "../src/client/api.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import { REWRITTEN, SAFE_WRITES } from "./support/guard_cases.ts";
import { REFUSED_WRITES } from "./support/guard_refusals.ts";
import { GUARD_DDL, GUARD_ROWS, GUARD_TABLES } from "./support/guard_schema.ts";
import { type MariadbEngine, openMariadbEngine } from "./support/mariadb_engines.ts";
import { ReplicaSet } from "./support/replica_set.ts";

/** All tables in one region, so that statements may be on several of them. */
async function makeTables({ admin }: Client): Promise<void> {
  const [first] = GUARD_TABLES;
  for (const [at, ddl] of GUARD_DDL.entries()) {
    const table = /CREATE TABLE `?(\w+)/.exec(ddl)?.[1] ?? "";
    const beside = at === 0 || first === undefined ? {} : { beside: first.name };
    await admin.master("createTable", { table, ddl, ...beside }, { timeoutMs: 30_000 });
  }
}

async function fill(client: Client): Promise<void> {
  const session = client.session();
  await session.query("SET foreign_key_checks = 0");
  await session.query("BEGIN");
  for (const table of GUARD_TABLES) {
    const columns = table.columns.filter(({ generatedSql }) => generatedSql === null);
    const names = columns.map(({ name }) => name).join();
    const key = table.indexes.find(({ name }) => name === "PRIMARY")?.columns ?? [];
    const order = key.length === 0 ? "" : ` ORDER BY ${key.join()}`;
    await session.query(`DELETE FROM ${table.name}${order}`);
    for (const row of GUARD_ROWS[table.name] ?? []) {
      await session.query(`INSERT INTO ${table.name} (${names}) VALUES ${row}`);
    }
  }
  await session.query("COMMIT");
  await session.close();
}

/** Rows of all tables as bytes, in an order of their own. */
async function contentOf({ engine }: MariadbEngine): Promise<string> {
  const session = await engine.session();
  const lines: string[] = [];
  try {
    for (const name of await engine.tables()) {
      const schema = await engine.schema(name);
      assert.ok(schema !== null);
      const list = schema.columns.map((column) => `HEX(CAST(\`${column.name}\` AS BINARY))`);
      const { rows } = await session.run(`SELECT ${list.join()} FROM \`${name}\``, {
        timeoutMs: 10_000,
      });
      lines.push(`${name} ${schema.hash}`, ...rows.map((row) => JSON.stringify(row)).sort());
    }
  } finally {
    await session.close();
  }
  return lines.join("\n");
}

/** Fails with what only one of two copies has. */
async function requireAlike(fixtures: readonly MariadbEngine[]): Promise<void> {
  const contents = await Promise.all(fixtures.map(contentOf));
  const [ours, ...others] = contents.map((content) => content.split("\n"));
  for (const theirs of others) {
    const missing = ours?.filter((line) => !theirs.includes(line)) ?? [];
    const extra = theirs.filter((line) => !ours?.includes(line));
    assert.deepEqual({ missing, extra, lines: theirs.length }, {
      ...{ missing: [], extra: [], lines: ours?.length },
    });
  }
}

/** Runs it, on fresh rows where those left by others do not allow it. */
async function runs(client: Client, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (!(error instanceof MinisqlError) || error.code !== "SQL") throw error;
    await fill(client);
    await client.query(sql);
  }
}

/** Those of the statements to be refused that were not, or not as they should. */
async function refusalsMissed(client: Client): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const [sql, code] of REFUSED_WRITES) {
    // A real server says which of these it runs.
    if (sql.includes("/*!")) continue;
    try {
      await client.query(sql, [], { timeoutMs: 5000 });
      missed.push(`${sql}\nit was not refused`);
    } catch (error) {
      const told = error instanceof MinisqlError ? error.code : String(error);
      // Tables with what the guard refuses cannot be made in the first place.
      if (told !== code && told !== "NO_SUCH_TABLE") {
        missed.push(`${sql}\n${told}: ${(error as Error).message}`);
      }
    }
  }
  return missed;
}

Deno.test("guard: on a replica set every statement changes all copies alike", async () => {
  await using first = await startMariadb({ name: "replica-1" });
  await using second = await startMariadb({ name: "replica-2" });
  await using third = await startMariadb({ name: "replica-3" });
  const fixtures = await Promise.all([first, second, third].map((each) => openMariadbEngine(each)));
  try {
    await using set = await ReplicaSet.start(fixtures.map(({ engine }) => engine));
    const { client } = set;
    await makeTables(client);
    const { regions: [region] } = await client.admin.master("regions", {});
    assert.equal(region?.isr.length, fixtures.length);
    await fill(client);
    const failures: string[] = [];
    const statements = [...SAFE_WRITES, ...REWRITTEN.map(([rewritten]) => rewritten)];
    assert.ok(statements.length + REFUSED_WRITES.length >= 200);
    for (const sql of statements) {
      try {
        await runs(client, sql);
        await set.level();
        await requireAlike(fixtures);
      } catch (error) {
        failures.push(`${sql}\n${(error as Error).message}`);
      }
    }
    failures.push(...await refusalsMissed(client));
    await set.level();
    assert.equal(failures.join("\n\n"), "");
    await requireAlike(fixtures);
    const diverged = set.reporter.events.filter(({ event }) => event.event === "copy.diverged");
    assert.deepEqual(diverged, []);
  } finally {
    for (const fixture of fixtures) await fixture.close();
  }
});
