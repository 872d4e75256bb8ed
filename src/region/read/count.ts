/**
 * A table's rows counted anew, within one moment of the database and bit by bit, so that no query
 * takes long and others get their turn.
 */
import type { Clock } from "../../ports/clock.ts";
import type { EngineSession, Fingerprint, TableSchema } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Cell } from "../../protocol/values.ts";
import { ContentSum } from "../../sql/fingerprint.ts";
import { COPY_LIMITS } from "../copy/limits.ts";
import { Pace } from "../copy/pace.ts";
import { TableRows } from "../copy/table_rows.ts";
import { isSameContent } from "./content.ts";

export interface Counting {
  readonly clock: Clock;
  /** One query takes about so long. */
  readonly chunkMs: number;
  /** Rows of the first one; how long it takes says how many may follow. */
  readonly chunkRows?: number;
  /** The whole table takes no longer, or is given up with `TIMEOUT`. */
  readonly tableMs: number;
  /** How long to pause after a query that took so long. */
  readonly rest: (tookMs: number) => number;
  readonly signal: AbortSignal;
}

/**
 * Counts within the session's open snapshot. `kept` is what should come out: where it does not, the
 * table is counted once more in one go, since nobody is to be accused because of how a table was
 * cut into pieces.
 */
export async function countTable(
  session: EngineSession,
  schema: TableSchema,
  kept: Fingerprint,
  counting: Counting,
): Promise<Fingerprint> {
  const until = counting.clock.now() + counting.tableMs;
  const rows = new TableRows(schema);
  if (rows.key === null) return await countWhole(session, schema.name, until, counting);
  const counted = await countChunks(session, rows, until, counting);
  if (isSameContent(counted, kept)) return counted;
  return await countWhole(session, schema.name, until, counting);
}

async function countWhole(
  session: EngineSession,
  table: string,
  until: number,
  counting: Counting,
): Promise<Fingerprint> {
  return await session.recompute(table, limit(table, until, counting));
}

async function countChunks(
  session: EngineSession,
  rows: TableRows,
  until: number,
  counting: Counting,
): Promise<Fingerprint> {
  const { clock, chunkMs, chunkRows = COPY_LIMITS.chunkRowsFirst, tableMs, rest, signal } =
    counting;
  const pace = new Pace({ ...COPY_LIMITS, chunkMs, chunkRowsFirst: chunkRows });
  const total = new ContentSum();
  const began = clock.now();
  let after: readonly Cell[] | null = null;
  for (;;) {
    const started = clock.now();
    const options = limit(rows.name, until, counting);
    const end = await session.run(rows.chunkEndSql(after, pace.rows), options);
    const upTo: readonly Cell[] | null = end.rows[0] ?? null;
    const part = await session.recompute(rows.name, { ...options, range: { after, upTo } });
    total.merge(part.rows, part.sum);
    if (upTo === null) return { rows: total.rows, sum: total.sum, schema: part.schema };
    const tookMs = clock.now() - started;
    pace.took(part.rows, tookMs);
    after = upTo;
    // A table that takes long is held open long: then it is better to be done with it.
    const isLate = clock.now() - began > tableMs / 2;
    await clock.sleep(isLate ? 0 : rest(tookMs), signal);
  }
}

function limit(table: string, until: number, { clock, tableMs, signal }: Counting) {
  const timeoutMs = until - clock.now();
  if (timeoutMs > 0) return { timeoutMs, signal };
  const why = `its rows were not counted within ${tableMs} ms`;
  throw new MinisqlError("TIMEOUT", `Cannot verify table ${table}: ${why}`);
}
