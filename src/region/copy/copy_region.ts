/**
 * Makes this server's copy of a region what the region is at the source, whatever it was before:
 * nothing, far behind, or wrong in a few rows. It is done in place, and only what differs is
 * written; so done again after a crash, it goes on where it was. From before the first change until
 * all has been compared the books call the copy `copying`, and nobody may read it.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Engine, EngineSession } from "../../ports/engine.ts";
import type { LogPosition } from "../../ports/log.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { Caller } from "../../rpc/caller.ts";
import { forgetSessions, readApplied, writeApplied, writeOwned, writeSessions } from "../books.ts";
import { doubtBook } from "../last_claims.ts";
import { alignTables } from "./align_tables.ts";
import { COPY_LIMITS, type CopyLimits } from "./limits.ts";
import { LocalCopy } from "./local_copy.ts";
import { RemoteCopy } from "./remote_copy.ts";
import type { Quarantine } from "./replaced.ts";
import { copyTable, type TableCopied } from "./table_copy.ts";

export interface CopyRegionDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** To the primary. */
  readonly call: Pick<Caller, "call" | "rows">;
}

export interface CopyRegionOptions {
  readonly region: string;
  readonly epoch: number;
  /** The region's tables as far as this server knows; those that the source has not are dropped. */
  readonly tables: readonly string[];
  readonly signal: AbortSignal;
  /** Called once it is known which position is copied, before anything is changed. */
  readonly opened?: (position: LogPosition) => Promise<void>;
  /** Waits between two chunks, for as long as others are to have the machine. */
  readonly throttle?: (signal: AbortSignal) => Promise<void>;
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly quarantine?: Quarantine | null;
  readonly limits?: Partial<CopyLimits>;
}

/** Rows of the source that are known to be here, of all its rows. */
export interface CopyProgress {
  readonly done: number;
  readonly of: number;
  readonly table: string;
}

export interface RegionCopied {
  /** Where the log goes on. */
  readonly position: LogPosition;
  /** That came from the source. */
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
  readonly perTable: readonly TableCopied[];
}

/**
 * The caller sees to it that nothing is applied to the region meanwhile. Raises `DIVERGED`, naming
 * the table, where it does not become what it is at the source; what the link raises when that
 * breaks; the signal's reason. Then it is to be called again: what is equal by now stays.
 */
export async function copyRegion(
  deps: CopyRegionDeps,
  options: CopyRegionOptions,
): Promise<RegionCopied> {
  const { clock, engine, call } = deps;
  const { region, epoch, signal } = options;
  const started = clock.now();
  const limits = { ...COPY_LIMITS, ...options.limits };
  const remote = await RemoteCopy.open({ call, clock, limits, signal }, { region, epoch });
  let session: EngineSession | null = null;
  try {
    await options.opened?.(remote.position);
    session = await engine.session();
    const local = new LocalCopy({ engine, session, limits, signal });
    await markCopying(session, options, remote);
    const perTable = await copyTables(deps, options, { limits, remote, local });
    await takeSessions(session, region, remote);
    await markSound(session, region, remote);
    const { position, travelled } = remote;
    return { position, ...travelled, ms: clock.now() - started, perTable };
  } finally {
    await session?.close();
    await remote.close();
  }
}

interface CopySides {
  readonly limits: CopyLimits;
  readonly remote: RemoteCopy;
  readonly local: LocalCopy;
}

async function copyTables(
  { clock, reporter }: CopyRegionDeps,
  { region, tables, signal, throttle, onProgress, quarantine = null }: CopyRegionOptions,
  { limits, remote, local }: CopySides,
): Promise<readonly TableCopied[]> {
  const aligned = await alignTables({ local, quarantine }, remote.tables, tables);
  const of = remote.tables.reduce((sum, { fingerprint }) => sum + fingerprint.rows, 0);
  const copied: TableCopied[] = [];
  let done = 0;
  for (const [at, there] of remote.tables.entries()) {
    const table = aligned[at];
    if (table === undefined) continue;
    let inTable = 0;
    const between = async (rows: number) => {
      inTable += rows;
      onProgress?.({ done: done + inTable, of, table: table.name });
      await throttle?.(signal);
    };
    const sides = { clock, limits, remote, local, quarantine, between };
    const result = await copyTable(sides, table, there);
    reporter.log("debug", "A table is what it is at the source", { region, ...result });
    copied.push(result);
    done += there.fingerprint.rows;
    onProgress?.({ done, of, table: table.name });
  }
  return copied;
}

/** Where it is applied to stays in the books, though it does not say anything for a while. */
async function markCopying(
  session: EngineSession,
  { region, tables }: CopyRegionOptions,
  remote: RemoteCopy,
): Promise<void> {
  await session.begin("write");
  const applied = await readApplied(session, region) ?? { epoch: 0, seq: 0 };
  const all = new Set([...tables, ...remote.tables.map(({ table }) => table)]);
  await writeOwned(session, region, [...all]);
  await writeApplied(session, region, { ...applied, state: "copying" });
  await session.commit();
}

/** Nobody looks at the sessions of a copy that is not sound: they need not change at once. */
async function takeSessions(
  session: EngineSession,
  region: string,
  remote: RemoteCopy,
): Promise<void> {
  await forgetSessions(session, region, Number.MAX_SAFE_INTEGER);
  for await (const books of remote.sessions()) {
    await session.begin("write");
    await writeSessions(session, region, books);
    await session.commit();
  }
}

async function markSound(
  session: EngineSession,
  region: string,
  { position, tables }: RemoteCopy,
): Promise<void> {
  await session.begin("write");
  await writeOwned(session, region, tables.map(({ table }) => table));
  await writeSessions(session, region, [doubtBook(position.seq)]);
  await writeApplied(session, region, { ...position, state: "sound" });
  await session.commit();
}
