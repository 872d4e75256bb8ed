/** What the Engine contract needs of an engine under test, and the steps its tests share. */
import assert from "node:assert/strict";
import type {
  Engine,
  EngineSession,
  Fingerprint,
  RunOptions,
  StatementContext,
} from "../../src/ports/engine.ts";
import { type ErrorCode, MinisqlError } from "../../src/protocol/errors.ts";
import type { Row } from "../../src/protocol/values.ts";
import { ContentSum, exactSelectList, RowChecksum } from "../../src/sql/fingerprint.ts";

/** An engine on an empty database of its own. */
export interface EngineFixture {
  readonly engine: Engine;
  /** Closes the engine and removes the database. */
  close(): Promise<void>;
}

/** Where an engine honestly differs; everything else holds for every engine. */
export interface EngineCapabilities {
  /** A query that runs for a minute unless it is ended; null where statements cannot be ended. */
  readonly slowSql: string | null;
  /** Two transactions write to one table at the same time, so that they can wait and deadlock. */
  readonly rowLocks: boolean;
  /** Types of the table of types that it refuses, by name. */
  readonly refusedTypes: readonly string[];
}

export interface EngineContract {
  readonly name: string;
  readonly can: EngineCapabilities;
  open(): Promise<EngineFixture>;
}

/** Long enough for a loaded machine, short enough that a hanging test is seen. */
export const LIMIT: RunOptions = { timeoutMs: 30_000 };

/** Runs a test body with an engine of its own. */
export function engineTest(
  contract: EngineContract,
  what: string,
  body: (engine: Engine) => Promise<void>,
): void {
  Deno.test(`${contract.name}: ${what}`, async () => {
    const fixture = await contract.open();
    try {
      await body(fixture.engine);
    } finally {
      await fixture.close();
    }
  });
}

/** The same with one session. */
export function sessionTest(
  contract: EngineContract,
  what: string,
  body: (session: EngineSession, engine: Engine) => Promise<void>,
): void {
  engineTest(contract, what, async (engine) => {
    await withSession(engine, (session) => body(session, engine));
  });
}

export async function withSession<T>(
  engine: Engine,
  body: (session: EngineSession) => Promise<T>,
): Promise<T> {
  const session = await engine.session();
  try {
    return await body(session);
  } finally {
    await session.close();
  }
}

export async function rowsOf(session: EngineSession, sql: string): Promise<readonly Row[]> {
  return (await session.run(sql, LIMIT)).rows;
}

export async function runAll(session: EngineSession, ...statements: string[]): Promise<void> {
  for (const sql of statements) await session.run(sql, LIMIT);
}

export async function runWith(
  session: EngineSession,
  context: StatementContext,
  sql: string,
): Promise<readonly Row[]> {
  return (await session.run(sql, { ...LIMIT, context })).rows;
}

/** The MinisqlError a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<MinisqlError> {
  const error = await promise.then((value) => value, (reason) => reason);
  assert.ok(error instanceof MinisqlError, `expected a MinisqlError, got ${Deno.inspect(error)}`);
  return error;
}

export async function assertRefused(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  assert.equal((await refusal(promise)).code, code);
}

/** Fails unless the promise rejects with this errno and SQLSTATE. */
export async function assertSqlError(
  promise: Promise<unknown>,
  errno: number,
  sqlState: string,
): Promise<void> {
  const { code, errno: gotErrno, sqlState: gotState, message } = await refusal(promise);
  assert.deepEqual({ code, errno: gotErrno, sqlState: gotState }, {
    code: "SQL",
    errno,
    sqlState,
  }, message);
}

/** The fingerprint computed in TypeScript from the streamed rows. */
export async function countedHere(
  engine: Engine,
  session: EngineSession,
  table: string,
): Promise<Fingerprint> {
  const schema = await engine.schema(table);
  assert.ok(schema !== null);
  const checksum = new RowChecksum(schema.columns);
  const content = new ContentSum();
  const sql = `SELECT ${exactSelectList(schema.columns)} FROM \`${table}\``;
  for await (const rows of session.stream(sql, LIMIT)) {
    for (const row of rows) content.add(checksum.of(row));
  }
  return { rows: content.rows, sum: content.sum, schema: schema.hash };
}

/** Fails unless kept, recomputed and counted fingerprints are one; returns it. */
export async function assertInStep(
  engine: Engine,
  session: EngineSession,
  table: string,
): Promise<Fingerprint> {
  const kept = await session.fingerprint(table);
  assert.ok(kept !== null, `no fingerprint is kept of ${table}`);
  assert.deepEqual(await session.recompute(table, LIMIT), kept, "recomputed by the engine");
  assert.deepEqual(await countedHere(engine, session, table), kept, "counted from the rows");
  return kept;
}
