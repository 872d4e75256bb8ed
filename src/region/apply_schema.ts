/**
 * Schema changes. They commit by themselves and cannot be undone, so they are logged before they
 * are run; a copy knows by the hashes of its tables whether it has run one already.
 */
import type { EngineSession, Fingerprint, TableSchema } from "../ports/engine.ts";
import type { LogPosition } from "../ports/log.ts";
import type { SchemaBody, SchemaDoneBody, SchemaOutcome } from "../protocol/entry.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { classify } from "../sql/classify.ts";
import { Difference, differenceOf, isPassing } from "./apply.ts";
import {
  type Applied,
  movedSql,
  readApplied,
  readOwned,
  type SessionBook,
  writeApplied,
  writeOwned,
  writeSessions,
} from "./books.ts";
import type { RegionCopy } from "./copy.ts";
import { doubtBook } from "./last_claims.ts";

const SCHEMA_MS = 24 * 3_600_000;

export interface SchemaEntry extends LogPosition {
  readonly body: SchemaBody;
}

export interface SchemaDoneEntry extends LogPosition {
  readonly body: SchemaDoneBody;
}

/** Stands for the hash of a table that is not there. */
export const NO_TABLE = "none";

/** The hash of each table now. */
export async function schemaHashes(
  copy: RegionCopy,
  tables: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const hashes: Record<string, string> = {};
  for (const table of tables) {
    hashes[table] = (await copy.deps.engine.schema(table))?.hash ?? NO_TABLE;
  }
  return hashes;
}

/**
 * Runs a schema change unless it has been run, and moves the position past it. What it came to
 * here is answered; that the rows do not allow it is an outcome, not a failure.
 */
export async function applySchema(copy: RegionCopy, entry: SchemaEntry): Promise<SchemaOutcome> {
  const { body } = entry;
  const before = await schemaHashes(copy, Object.keys(body.before));
  const hasRun = Object.entries(body.before).some(([table, hash]) => before[table] !== hash);
  copy.mayShow(entry.seq);
  await noteBegun(copy, entry);
  const error = hasRun ? null : await runSchema(copy, body);
  return await adopt(copy, entry, error);
}

/** Readers are to know that what they see may be ahead of the position. */
async function noteBegun(copy: RegionCopy, { seq, body }: SchemaEntry): Promise<void> {
  const state = classify(body.sql).kind === "truncate" ? "emptying" : "changing";
  await copy.use(async (session) => {
    await session.begin("write");
    const applied = await requireBefore(session, copy.region, seq);
    await writeApplied(session, copy.region, { ...applied, state });
    await session.commit();
  });
}

/** The database may have lost what it had committed last: that has to come first then. */
async function requireBefore(
  session: EngineSession,
  region: string,
  seq: number,
): Promise<Applied> {
  const applied = await readApplied(session, region);
  if (applied?.seq === seq - 1 && applied.state !== "copying") return applied;
  throw new MinisqlError("UNAVAILABLE", `Cannot go on with ${seq}: ${region} is not at ${seq - 1}`);
}

/** The error with which the statement failed because of what the rows are; null for none. */
async function runSchema(copy: RegionCopy, body: SchemaBody): Promise<MinisqlError | null> {
  try {
    await copy.use((session) =>
      session.run(body.sql, { context: body.context, timeoutMs: SCHEMA_MS })
    );
    return null;
  } catch (error) {
    if (isPassing(error) || !(error instanceof MinisqlError)) throw error;
    return error;
  }
}

/**
 * Brings triggers, fingerprints and the list of the region's tables in step with what there is,
 * and notes with the position what it came to.
 */
async function adopt(
  copy: RegionCopy,
  { epoch, seq, body }: SchemaEntry,
  error: MinisqlError | null,
): Promise<SchemaOutcome> {
  const { engine } = copy.deps;
  const owned = await copy.use(readOwned);
  const candidates = new Set([...copy.tables, ...Object.keys(body.before)]);
  const there: TableSchema[] = [];
  for (const table of [...candidates].sort()) {
    const schema = await engine.schema(table);
    if (schema === null) {
      if (owned.has(table)) await engine.forgetFingerprint(table);
      continue;
    }
    await engine.maintainFingerprint(table);
    there.push(await engine.schema(table) ?? schema);
  }
  const outcome: SchemaOutcome = {
    errno: error?.errno ?? null,
    message: error?.message ?? null,
    sqlState: error?.sqlState ?? null,
    tables: there.map(({ name, createSql, hash }) => ({
      table: name,
      ddl: createSql,
      schemaHash: hash,
    })),
  };
  await copy.use(async (session) => {
    await session.begin("write");
    await requireBefore(session, copy.region, seq);
    await writeOwned(session, copy.region, there.map(({ name }) => name));
    const result = JSON.stringify(outcome);
    await writeSessions(session, copy.region, [{
      session: ranSession(body.job),
      n: 1,
      seq,
      result,
    }]);
    await writeApplied(session, copy.region, { epoch, seq, state: "sound" });
    await session.commit();
  });
  await copy.reload();
  return outcome;
}

/**
 * Notes how the change ended at the primary; it must have come to the same here, unless a majority
 * of the copies came to what this one did: then `isTrusted`.
 */
export async function applySchemaDone(
  copy: RegionCopy,
  entry: SchemaDoneEntry,
  isTrusted: boolean,
): Promise<void> {
  if (!isTrusted) requireSameTables(copy, entry);
  await noteDone(copy, entry, isTrusted ? [doubtBook(entry.seq)] : []);
}

/** Notes with the position how a change ended, whose outcome here is the one that counts. */
export async function noteDone(
  copy: RegionCopy,
  entry: SchemaDoneEntry,
  doubts: readonly SessionBook[] = [],
): Promise<void> {
  await copy.use(async (session) => {
    await session.begin("write");
    await writeSessions(session, copy.region, [jobBook(entry), ...doubts]);
    copy.mayShow(entry.seq);
    await session.commit([movedSql(copy.region, entry)]);
  });
  copy.noteApplied(entry, new Map());
}

function requireSameTables(copy: RegionCopy, entry: SchemaDoneEntry): void {
  const { outcome, fingerprints } = entry.body;
  const here = new Map<string, Fingerprint | null>();
  const claimed = new Map<string, Fingerprint | null>();
  let reason: string | null = null;
  for (const { table, schemaHash } of outcome.tables) {
    const mine = copy.history.latest(table);
    const theirs = fingerprints[table] ?? null;
    here.set(table, mine);
    claimed.set(table, theirs);
    const hash = copy.schema(table)?.hash ?? NO_TABLE;
    const why = hash === schemaHash
      ? differenceOf(mine, theirs)
      : `schema ${hash} is not ${schemaHash}`;
    if (why !== null) reason ??= `table ${table} differs: ${why}`;
  }
  if (reason !== null) throw new Difference(entry, reason, here, claimed);
}

/** A job's change is done once: its outcome is kept as a client session's last write is. */
export function jobBook({ seq, body }: SchemaDoneEntry): SessionBook {
  return { session: jobSession(body.job), n: 1, seq, result: JSON.stringify(body.outcome) };
}

export function jobSession(job: string): string {
  return `job:${job}`.slice(0, 64);
}

/** Under which it is kept what a change came to here, until all have agreed on it. */
export function ranSession(job: string): string {
  return `ran:${job}`.slice(0, 64);
}
