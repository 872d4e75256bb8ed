/**
 * A look at a copy: in one moment of the database, what its fingerprints say, what its rows add up
 * to, and what the other copies say.
 */
import type { EngineSession, Fingerprint } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Lost, ReadableReplica } from "../readable.ts";
import { differenceOf } from "./content.ts";
import { type Counting, countTable } from "./count.ts";
import type { Poll } from "./poll.ts";
import { Changing, openSnapshot } from "./snapshot.ts";
import { votesOf } from "./verdict.ts";

export interface Inspected {
  readonly table: string;
  readonly seq: number;
  readonly kept: Fingerprint;
  /** Null where the vote had settled it and nobody wanted to know. */
  readonly counted: Fingerprint | null;
  readonly ms: number;
  /** What is wrong with the copy; null where nothing is. */
  readonly lost: Lost | null;
}

export interface Inspection {
  readonly poll: Poll;
  readonly counting: Counting;
  /** Rows are counted also where the copy has lost the vote already. */
  readonly isThorough: boolean;
}

/**
 * Inspects tables of a replica, all at one position, in the order given. Raises `BEHIND` while a
 * schema change is under way.
 */
export async function inspect(
  session: EngineSession,
  replica: ReadableReplica,
  tables: readonly string[],
  inspection: Inspection,
): Promise<readonly Inspected[]> {
  const { region } = replica;
  try {
    const [view] = await openSnapshot(session, [{ region, tables }]);
    if (view?.isChanging === true) throw new Changing(region, view.seq);
    const inspected: Inspected[] = [];
    for (const [at, table] of tables.entries()) {
      const kept = view?.fingerprints[at] ?? null;
      if (view === undefined || kept === null) throw unsettled(table);
      inspected.push(
        await inspectTable(session, replica, { table, seq: view.seq, kept }, inspection),
      );
    }
    return inspected;
  } finally {
    if (session.usable) await session.rollback();
  }
}

type Kept = Pick<Inspected, "table" | "seq" | "kept">;

async function inspectTable(
  session: EngineSession,
  replica: ReadableReplica,
  { table, seq, kept }: Kept,
  { poll, counting, isThorough }: Inspection,
): Promise<Inspected> {
  const { clock, signal } = counting;
  // At once: the others do not remember for ever what they held at a position.
  const claim = { replica, seq, tables: [table], fingerprints: [kept], isChanging: false };
  const judged = await poll.take(claim, signal);
  const votes = votesOf(judged);
  const outvoted = judged.outcome === "lost" ? { table, seq, votes, reason: judged.reason } : null;
  if (outvoted !== null && !isThorough) {
    return { table, seq, kept, counted: null, ms: 0, lost: outvoted };
  }
  const started = clock.now();
  const counted = await count(session, replica, { table, seq, kept }, counting);
  const ms = clock.now() - started;
  const difference = differenceOf(counted, kept);
  if (difference === null) return { table, seq, kept, counted, ms, lost: outvoted };
  const reason = `its rows are not what its fingerprint says: ${difference}`;
  return { table, seq, kept, counted, ms, lost: { table, seq, votes, reason } };
}

async function count(
  session: EngineSession,
  replica: ReadableReplica,
  { table, kept }: Kept,
  counting: Counting,
): Promise<Fingerprint> {
  const schema = await replica.schema(table);
  if (schema === null || schema.hash !== kept.schema) throw unsettled(table);
  const counted = await countTable(session, schema, kept, counting);
  if (counted.schema !== kept.schema) throw unsettled(table);
  return counted;
}

function unsettled(table: string): MinisqlError {
  const why = "its schema is not what it was when the log's last entry was applied";
  return new MinisqlError("BEHIND", `Cannot verify table ${table} at the moment: ${why}`);
}
