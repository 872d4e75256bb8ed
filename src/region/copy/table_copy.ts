/** Makes one table what it is at the source, and shows that it is. */
import type { Clock } from "../../ports/clock.ts";
import type { Fingerprint } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { alignCounter } from "./align_tables.ts";
import { KeyedCopy } from "./keyed_copy.ts";
import { copyKeyless } from "./keyless_copy.ts";
import type { CopyLimits } from "./limits.ts";
import type { LocalCopy } from "./local_copy.ts";
import type { RemoteCopy, RemoteTable } from "./remote_copy.ts";
import type { Quarantine } from "./replaced.ts";
import { RowWriter } from "./row_writer.ts";
import { type TableRows, WHOLE } from "./table_rows.ts";

export interface TableCopyDeps {
  readonly clock: Clock;
  readonly limits: CopyLimits;
  readonly remote: RemoteCopy;
  readonly local: LocalCopy;
  readonly quarantine: Quarantine | null;
  /** Called between two chunks, with the rows of the one that is done. */
  readonly between: (rows: number) => Promise<void>;
}

export interface TableCopied {
  readonly table: string;
  /** Rows it has. */
  readonly rows: number;
  /** Rows that were put in, and taken out. */
  readonly copied: number;
  readonly removed: number;
  readonly ms: number;
}

export async function copyTable(
  deps: TableCopyDeps,
  table: TableRows,
  there: RemoteTable,
): Promise<TableCopied> {
  const { clock, local, limits, quarantine } = deps;
  const started = clock.now();
  const mending = new RowWriter({ local, limits, quarantine }, table);
  const filling = new RowWriter({ local, limits, quarantine: null }, table);
  try {
    const kept = await local.kept(table);
    if (!await isThere(local, table, kept, there.fingerprint)) {
      // Counting many rows at once is much cheaper than counting each as it comes.
      if (kept?.rows === 0 && there.fingerprint.rows > limits.leafRows) await local.uncount(table);
      const content = table.key === null
        ? await copyKeyless({ ...deps, filling }, table, there)
        : await new KeyedCopy({ ...deps, mending, filling }, table).run();
      requireAlike(content, there);
      await requireKept(local, table, there.fingerprint);
    }
    await alignCounter(deps, there);
  } catch (error) {
    throw named(error, table.name);
  }
  return {
    table: table.name,
    rows: there.fingerprint.rows,
    copied: mending.counts.in + filling.counts.in,
    removed: mending.counts.out,
    ms: clock.now() - started,
  };
}

type Content = Pick<Fingerprint, "rows" | "sum">;

function isAlike(a: Content, b: Content): boolean {
  return a.rows === b.rows && a.sum === b.sum;
}

/**
 * The rows here are those that the source's fingerprint is of. Then nothing is taken from it: should
 * its rows have changed in secret, these may be the last that are right.
 */
async function isThere(
  local: LocalCopy,
  table: TableRows,
  kept: Fingerprint | null,
  theirs: Fingerprint,
): Promise<boolean> {
  return kept !== null && isAlike(kept, theirs) &&
    isAlike(await local.recompute(table, WHOLE), theirs);
}

/** All that was compared, put together, against what the source keeps. */
function requireAlike(content: Content, { table, fingerprint }: RemoteTable): void {
  if (isAlike(content, fingerprint)) return;
  throw new MinisqlError(
    "DIVERGED",
    `Cannot copy table ${table}: its rows at the source do not add up to the fingerprint that the ` +
      "source keeps; the source itself has to be verified",
  );
}

/**
 * What counts rows as they are written may not have been there from the beginning, or may have been
 * passed by before.
 */
async function requireKept(
  local: LocalCopy,
  table: TableRows,
  theirs: Fingerprint,
): Promise<void> {
  const kept = await local.kept(table);
  if (kept !== null && isAlike(kept, theirs)) return;
  if (isAlike(await local.recount(table), theirs)) return;
  throw new MinisqlError(
    "DIVERGED",
    `Cannot copy table ${table.name}: it is not what it is at the source, though all its rows ` +
      "were compared; does anybody else write to this server's database?",
  );
}

/** An engine's error does not say which table was being copied. */
function named(error: unknown, table: string): unknown {
  if (!(error instanceof MinisqlError) || error.code !== "SQL") return error;
  const { errno = 0, sqlState = "HY000" } = error;
  const message = `Cannot copy table ${table}: ${error.message}`;
  return new MinisqlError("SQL", message, { errno, sqlState, cause: error });
}
