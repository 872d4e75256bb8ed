/**
 * One statement of a client: judged by the guard, run with all that makes it repeat, and noted as
 * the log will have it.
 */
import type { EngineInfo, EngineSession, Rows, Statement, TableSchema } from "../ports/engine.ts";
import type { Random } from "../ports/random.ts";
import type { LoggedStatement } from "../protocol/entry.ts";
import { MinisqlError, sqlError } from "../protocol/errors.ts";
import type { StatementResult } from "../protocol/values.ts";
import { cellLiteral } from "../sql/cell_literal.ts";
import type { ServerVersion } from "../sql/executable_comment.ts";
import { guard } from "../sql/guard/guard.ts";
import { autoIncrementColumn } from "../sql/guard/schema.ts";
import type { Verdict } from "../sql/guard/verdict.ts";
import { readLookup } from "../sql/lookup.ts";
import { quoteName } from "../sql/names.ts";

export type Accepted = Exclude<Verdict, { readonly kind: "refused" }> & {
  /** For one row by its key. */
  readonly isLookup?: true;
};

/** A statement in a line of the log must leave room for the rest of the line. */
const STATEMENT_UNITS_MAX = 4 * 1024 * 1024;

/** What the guard must know; a table that is not the region's is none. */
export interface JudgeFacts {
  readonly server: ServerVersion | null;
  table(name: string): TableSchema | null;
}

/** The guard's verdict; raises its refusal. */
export function judge(sql: string, facts: JudgeFacts): Accepted {
  const table = readLookup(sql, facts.table);
  if (table !== null) return acceptedLookup(sql, table);
  if (sql.length > STATEMENT_UNITS_MAX) {
    throw sqlError(
      1153,
      "08S01",
      `Got a packet bigger than 'max_allowed_packet' bytes: a statement has at most ` +
        `${STATEMENT_UNITS_MAX} characters; send it in parts`,
    );
  }
  const verdict = guard(sql, { database: null, ...facts });
  if (verdict.kind === "refused") throw verdict.error;
  return verdict;
}

/** As the guard would have it. */
function acceptedLookup(sql: string, table: string): Accepted {
  return {
    ...{ kind: "safe", statement: "select", category: "read", isLookup: true },
    ...{ tables: [{ database: null, table, role: "read" }], context: [], sql, session: [] },
  };
}

/** Which executable comments the servers of the cluster run; null where they run none. */
export function serverVersion({ vendor, version }: EngineInfo): ServerVersion | null {
  if (vendor === "sqlite") return null;
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return { vendor, version: major * 10_000 + minor * 100 + patch };
}

/** What a write's context is made of. */
export interface ContextFacts {
  readonly wallMicros: number;
  readonly random: Random;
  readonly lastInsertId: string | null;
  readonly foreignKeyChecks: boolean;
}

export interface RunFacts extends ContextFacts {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly table: (name: string) => TableSchema | null;
}

export interface Ran {
  readonly logged: LoggedStatement;
  readonly result: StatementResult;
}

/** What to run for a write, where nothing has to be asked of the database before; null elsewhere. */
export function plainWrite(verdict: Accepted, facts: ContextFacts): Statement | null {
  const isPlain = verdict.kind === "safe" && !verdict.context.includes("insert_id_beforehand");
  return isPlain ? { sql: verdict.sql, context: contextOf(verdict, facts) } : null;
}

/** What has been run, as the log will have it. */
export function ranWrite(verdict: Accepted, { sql, context }: Statement, { result }: Rows): Ran {
  const drawn = result.insertId ?? null;
  const isNoted = verdict.context.includes("insert_id") && drawn !== null;
  const noted = isNoted ? { ...context, insertId: drawn } : context;
  return { logged: { sql, context: noted, affected: result.affected }, result };
}

/** Runs a write in the session's open transaction. */
export async function runWrite(
  session: EngineSession,
  verdict: Accepted,
  facts: RunFacts,
): Promise<Ran> {
  const { timeoutMs, signal } = facts;
  const context = contextOf(verdict, facts);
  const options = { timeoutMs, signal };
  const sql = verdict.kind === "safe"
    ? verdict.sql
    : verdict.rewrite(await literals(session, verdict.expressions, { ...options, context }));
  if (verdict.context.includes("insert_id_beforehand")) {
    const insertId = await nextId(session, verdict, facts);
    if (insertId !== null) context.insertId = insertId;
  }
  const rows = await session.run(sql, { ...options, context });
  return ranWrite(verdict, { sql, context }, rows);
}

/** A context while it is being put together. */
type Draft = { -readonly [K in keyof LoggedStatement["context"]]: LoggedStatement["context"][K] };

function contextOf(verdict: Accepted, facts: ContextFacts): Draft {
  const context: Draft = {};
  for (const field of verdict.context) {
    if (field === "timestamp") context.timestampMicros = facts.wallMicros;
    if (field === "last_insert_id") context.lastInsertId = facts.lastInsertId ?? "0";
    if (field === "random_seeds") {
      context.randSeed1 = seed(facts.random);
      context.randSeed2 = seed(facts.random);
    }
  }
  if (!facts.foreignKeyChecks) context.foreignKeyChecks = false;
  return context;
}

/** RAND() takes its seeds modulo 2^30 - 1. */
function seed(random: Random): number {
  return Math.floor(random.next() * (2 ** 30 - 1));
}

/** What has no seed is computed once, here, and written in. */
async function literals(
  session: EngineSession,
  expressions: readonly string[],
  options: Parameters<EngineSession["run"]>[1],
): Promise<readonly string[]> {
  const list = expressions.map((each, at) => `${each} AS \`v${at}\``).join(", ");
  const { columns, rows } = await session.run(`SELECT ${list}`, options);
  const [row = []] = rows;
  return columns.map(({ kind }, at) => cellLiteral(row[at] ?? null, kind));
}

/**
 * A number above all there are, for a statement whose answer would not tell which it drew. Nobody
 * else may be inserting meanwhile.
 */
async function nextId(
  session: EngineSession,
  verdict: Accepted,
  { table, timeoutMs, signal }: RunFacts,
): Promise<string | null> {
  const written = verdict.tables.find(({ role }) => role === "written");
  const schema = written === undefined ? null : table(written.table);
  const column = schema === null ? null : autoIncrementColumn(schema);
  if (schema === null || column === null) return null;
  const options = { timeoutMs, signal };
  const name = quoteName(schema.name);
  const { rows: [create] } = await session.run(`SHOW CREATE TABLE ${name}`, options);
  const counter = /\bAUTO_INCREMENT=(\d+)/.exec(String(create?.[1]))?.[1] ?? "1";
  const { rows: [highest] } = await session.run(
    `SELECT MAX(${quoteName(column.name)}) FROM ${name}`,
    options,
  );
  const above = BigInt(String(highest?.[0] ?? 0)) + 1n;
  return (above > BigInt(counter) ? above : BigInt(counter)).toString();
}

/** Raised for what only the master decides on. */
export function notHere(what: string): MinisqlError {
  return new MinisqlError("UNSUPPORTED", `Cannot run ${what} here: send it to the master`);
}
