/**
 * One entry of the log applied to the engine, in one transaction with its position: rows affected
 * and fingerprints must come out as the primary saw them.
 */
import type { EngineSession, Fingerprint, Flushed } from "../ports/engine.ts";
import type { LogPosition } from "../ports/log.ts";
import type { AnsweredWrite, ChangeBody } from "../protocol/entry.ts";
import { MinisqlError } from "../protocol/errors.ts";
import {
  forgetSessionsSql,
  movedSql,
  moveFault,
  type SessionBook,
  writeSessionsSql,
} from "./books.ts";
import type { RegionCopy } from "./copy.ts";
import { doubtBook } from "./last_claims.ts";

/** However long it took at the primary, it may take here. */
const APPLY_MS = 3_600_000;
/** Old client sessions are forgotten every so many entries. */
const FORGET_EVERY = 10_000;

/** This copy came out different from what the entry says. The transaction is undone. */
export class Difference extends Error {
  override readonly name = "Difference";
  readonly position: LogPosition;
  /** What each table in question came to here. */
  readonly fingerprints: ReadonlyMap<string, Fingerprint | null>;
  /** What it came to by the entry. */
  readonly claimed: ReadonlyMap<string, Fingerprint | null>;

  constructor(
    { epoch, seq }: LogPosition,
    reason: string,
    fingerprints: ReadonlyMap<string, Fingerprint | null>,
    claimed: ReadonlyMap<string, Fingerprint | null>,
  ) {
    super(reason);
    this.position = { epoch, seq };
    this.fingerprints = fingerprints;
    this.claimed = claimed;
  }
}

/** Errors of the moment, not of the rows: the same statement may go well when run again. */
const PASSING_ERRNOS: ReadonlySet<number> = new Set([
  ...[1021, 1030, 1037, 1038, 1040, 1041, 1053, 1114, 1135, 1158, 1159, 1160, 1161, 1205, 1206],
  ...[1213, 1317, 1927, 1969, 2006, 2013, 3024],
]);

export function isPassing(error: unknown): boolean {
  if (!(error instanceof MinisqlError)) return false;
  return error.code !== "SQL" || PASSING_ERRNOS.has(error.errno ?? 0);
}

export interface ChangeEntry extends LogPosition {
  readonly body: ChangeBody;
}

/**
 * Applies a change. Raises `Difference` having undone it; with `isTrusted` what came out here is
 * kept whatever the entry says, since a majority of the copies came to the same.
 */
export async function applyChange(
  copy: RegionCopy,
  session: EngineSession,
  entry: ChangeEntry,
  isTrusted: boolean,
): Promise<ReadonlyMap<string, Fingerprint>> {
  await session.begin("write");
  try {
    const books = booksOf(copy, entry, entry.body.answered);
    if (isTrusted) books.push(...writeSessionsSql(copy.region, [doubtBook(entry.seq)]));
    const all = [...entry.body.statements, ...books.map((sql) => ({ sql, context: {} }))];
    const ran = await session.runAllAndFlush(all, { timeoutMs: APPLY_MS });
    const { fault, fingerprints } = endOf(entry, ran);
    if (!isTrusted) requireSame(copy, entry, fingerprints, fault);
    copy.mayShow(entry.seq);
    await session.commit();
    return fingerprints;
  } catch (error) {
    if (session.usable) await session.rollback();
    throw error;
  }
}

/**
 * All have run, whatever came of each: what they add up to is for the copies to compare. Says how
 * the first one differed that did; null where all went as at the primary.
 */
function endOf(
  { body: { statements } }: ChangeEntry,
  { outcomes, fingerprints }: Flushed,
): { readonly fault: string | null; readonly fingerprints: ReadonlyMap<string, Fingerprint> } {
  let fault: string | null = null;
  for (const [at, outcome] of outcomes.entries()) {
    const logged = statements[at];
    if (outcome instanceof MinisqlError) {
      if (logged === undefined) throw moveFault(outcome);
      if (isPassing(outcome)) throw outcome;
      fault ??= `a statement that went well at the primary failed: ${outcome.message}`;
    } else if (logged !== undefined && outcome.result.affected !== logged.affected) {
      const { affected } = outcome.result;
      fault ??= `a statement changed ${affected} rows here and ${logged.affected} at the primary`;
    }
  }
  if (fingerprints === null) throw outcomes.at(-1);
  return { fault, fingerprints };
}

function requireSame(
  copy: RegionCopy,
  entry: ChangeEntry,
  changed: ReadonlyMap<string, Fingerprint>,
  fault: string | null,
): void {
  const { fingerprints } = entry.body;
  const tables = new Set([...changed.keys(), ...Object.keys(fingerprints)]);
  const here = new Map<string, Fingerprint | null>();
  const claimed = new Map<string, Fingerprint | null>();
  let reason = fault;
  for (const table of tables) {
    // A table that was not changed here is what it was.
    const mine = changed.get(table) ?? copy.history.latest(table);
    const theirs = fingerprints[table] ?? null;
    here.set(table, mine);
    claimed.set(table, theirs);
    const why = differenceOf(mine, theirs);
    if (why !== null) reason ??= `table ${table} differs: ${why}`;
  }
  if (reason !== null) throw new Difference(entry, reason, here, claimed);
}

/** Where two fingerprints differ, in words; null where they do not. */
export function differenceOf(here: Fingerprint | null, there: Fingerprint | null): string | null {
  if (here === null || there === null) {
    if (here === there) return null;
    return here === null ? "it was not changed here" : "it was changed only here";
  }
  if (here.schema !== there.schema) return `schema ${here.schema} is not ${there.schema}`;
  if (here.rows !== there.rows) return `${here.rows} rows are not ${there.rows}`;
  return here.sum === there.sum ? null : `checksum ${here.sum} is not ${there.sum}`;
}

/** The position and what was answered to clients, for the transaction of the data. */
export function booksOf(
  { region, deps: { limits } }: RegionCopy,
  { epoch, seq }: LogPosition,
  answered: readonly AnsweredWrite[],
): string[] {
  const books = answered.map(({ session, n, result }): SessionBook => ({
    session,
    n,
    seq,
    result: JSON.stringify(result),
  }));
  const texts = [...writeSessionsSql(region, books)];
  if (seq % FORGET_EVERY === 0) texts.push(forgetSessionsSql(region, seq - limits.sessionsKept));
  texts.push(movedSql(region, { epoch, seq }));
  return texts;
}
