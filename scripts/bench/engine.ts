/** What keeping fingerprints costs on MariaDB: per row, per statement and per transaction. */
import { type MariadbServer, startMariadb } from "../services/mariadb.ts";
import { MysqlEngine } from "../../src/adapters/mysql_engine.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import type { EngineSession } from "../../src/ports/engine.ts";
import { median } from "./median.ts";

const LIMIT = { timeoutMs: 120_000 };
/** Each figure is the median of so many rounds, with and without taking turns. */
const ROUNDS = 7;
const BULK_ROWS = 20_000;
const STATEMENT_ROWS = 500;
const SINGLES = 300;
const TOGETHER = 60;

const COLUMNS = "(id INT PRIMARY KEY, name VARCHAR(50) NOT NULL, balance DECIMAL(12,2) NOT NULL, " +
  "updated DATETIME(6) NOT NULL, note VARCHAR(200))";

/** One thing measured: what is done, to a table without rows, and how many times. */
interface Case {
  readonly name: string;
  readonly unit: "row" | "statement" | "transaction";
  readonly count: number;
  /** Rows that must be there before. */
  readonly filled: boolean;
  readonly run: (session: EngineSession, table: string) => Promise<void>;
}

function rowOf(id: number): string {
  const note = id % 3 === 0 ? "NULL" : `'${"x".repeat(40)}'`;
  return `(${id},'name ${id}',${id}.50,'2024-01-01 00:00:00.5',${note})`;
}

async function fill(session: EngineSession, table: string): Promise<void> {
  for (let from = 0; from < BULK_ROWS; from += STATEMENT_ROWS) {
    const rows = Array.from({ length: STATEMENT_ROWS }, (_, at) => rowOf(from + at));
    await session.run(`INSERT INTO ${table} VALUES ${rows.join()}`, LIMIT);
  }
}

async function inTransaction(session: EngineSession, body: () => Promise<void>): Promise<void> {
  await session.begin("write");
  await body();
  await session.flushFingerprints();
  await session.commit();
}

async function singles(sql: (id: number) => string, run: (sql: string) => Promise<unknown>) {
  for (let id = 0; id < SINGLES; id++) await run(sql(id));
}

const CASES: readonly Case[] = [
  {
    name: `insert, ${STATEMENT_ROWS} rows a statement`,
    unit: "row",
    count: BULK_ROWS,
    filled: false,
    run: (session, table) => inTransaction(session, () => fill(session, table)),
  },
  {
    name: "update all rows in one statement",
    unit: "row",
    count: BULK_ROWS,
    filled: true,
    run: (session, table) =>
      inTransaction(session, async () => {
        await session.run(`UPDATE ${table} SET balance = balance + 1`, LIMIT);
      }),
  },
  {
    name: "delete all rows in one statement",
    unit: "row",
    count: BULK_ROWS,
    filled: true,
    run: (session, table) =>
      inTransaction(session, async () => void await session.run(`DELETE FROM ${table}`, LIMIT)),
  },
  {
    name: "single inserts, each by itself",
    unit: "statement",
    count: SINGLES,
    filled: false,
    run: (session, table) =>
      singles((id) => `INSERT INTO ${table} VALUES ${rowOf(id)}`, (sql) => session.run(sql, LIMIT)),
  },
  {
    name: "single inserts in a transaction",
    unit: "statement",
    count: SINGLES,
    filled: false,
    run: (session, table) =>
      inTransaction(
        session,
        () =>
          singles(
            (id) => `INSERT INTO ${table} VALUES ${rowOf(id)}`,
            (sql) => session.run(sql, LIMIT),
          ),
      ),
  },
  {
    name: `the same, ${TOGETHER} at a time`,
    unit: "statement",
    count: SINGLES,
    filled: false,
    run: (session, table) =>
      inTransaction(session, async () => {
        for (let from = 0; from < SINGLES; from += TOGETHER) {
          const statements = Array.from({ length: TOGETHER }, (_, at) => ({
            sql: `INSERT INTO ${table} VALUES ${rowOf(from + at)}`,
            context: {},
          }));
          await session.runAll(statements, LIMIT);
        }
      }),
  },
  {
    name: "single inserts, each a transaction",
    unit: "transaction",
    count: SINGLES,
    filled: false,
    run: (session, table) =>
      singles(
        (id) => `INSERT INTO ${table} VALUES ${rowOf(id)}`,
        (sql) =>
          inTransaction(session, async () => {
            const context = { timestampMicros: 1_700_000_000_000_000, insertId: "1" };
            await session.run(sql, { ...LIMIT, context });
          }),
      ),
  },
  {
    name: "single updates, each by itself",
    unit: "statement",
    count: SINGLES,
    filled: true,
    run: (session, table) =>
      singles(
        (id) => `UPDATE ${table} SET balance = balance + 1 WHERE id = ${id * 7}`,
        (sql) => session.run(sql, LIMIT),
      ),
  },
  {
    name: "recompute",
    unit: "row",
    count: BULK_ROWS,
    filled: true,
    run: async (session, table) => void await session.recompute(table, LIMIT),
  },
  {
    name: "stream all rows",
    unit: "row",
    count: BULK_ROWS,
    filled: true,
    run: async (session, table) => {
      for await (const _ of session.stream(`SELECT * FROM ${table}`, LIMIT));
    },
  },
];

/** Microseconds for one unit of a case. */
async function measure(session: EngineSession, table: string, each: Case): Promise<number> {
  await session.run(`DELETE FROM ${table}`, LIMIT);
  if (each.filled) await inTransaction(session, () => fill(session, table));
  const since = performance.now();
  await each.run(session, table);
  return (performance.now() - since) * 1000 / each.count;
}

async function compare(engine: MysqlEngine, session: EngineSession): Promise<void> {
  for (const table of ["kept", "bare"]) {
    await session.run(`CREATE TABLE ${table} ${COLUMNS}`, LIMIT);
  }
  await engine.maintainFingerprint("kept");
  console.log(`${"".padEnd(36)}${"bare".padStart(9)}${"kept".padStart(9)}${"more".padStart(9)}`);
  for (const each of CASES) {
    const times = { kept: [] as number[], bare: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.bare.push(await measure(session, "bare", each));
      times.kept.push(await measure(session, "kept", each));
    }
    const [bare, kept] = [median(times.bare), median(times.kept)];
    const cells = [bare.toFixed(1), kept.toFixed(1), (kept - bare).toFixed(1)];
    console.log(
      each.name.padEnd(36) + cells.map((cell) => cell.padStart(9)).join("") +
        `   a ${each.unit}, x${(kept / bare).toFixed(2)}`,
    );
  }
}

async function measureOn(server: MariadbServer): Promise<void> {
  const { host, port, user, password } = server;
  const engine = await MysqlEngine.open(
    { clock: new SystemClock(), random: new SystemRandom() },
    { server: { host, port }, user, password, database: "minisql" },
  );
  const session = await engine.session();
  console.log(`MariaDB ${engine.info.version}, medians of ${ROUNDS} rounds, microseconds`);
  await compare(engine, session);
  await engine.close();
}

export async function run(_args: readonly string[]): Promise<void> {
  await using server = await startMariadb({
    name: "bench-engine",
    settings: { "innodb-buffer-pool-size": "256M" },
  });
  await measureOn(server);
}
