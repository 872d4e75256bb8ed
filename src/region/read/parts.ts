/** What a statement reads: the regions, and of each the tables. */
import type { EngineSession } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { TableUse } from "../../sql/table_walk.ts";
import type { ReadableReplica } from "../readable.ts";
import type { Claim } from "./poll.ts";
import { openSnapshot, type View } from "./snapshot.ts";

/** A region that a client wants to read from, at least at the position it has seen. */
export interface ReadRegion {
  readonly replica: ReadableReplica;
  readonly after: number;
}

export interface Part extends ReadRegion {
  readonly tables: readonly string[];
}

/**
 * Each region with those of its tables that are named. Behind a name that is no table of theirs,
 * as a view's is, may be any of them.
 */
export function partsOf(
  regions: readonly ReadRegion[],
  uses: readonly Pick<TableUse, "table">[],
): readonly Part[] {
  // Whether names differ by case is each server's own; one table too many does no harm.
  const names = new Set(uses.map(({ table }) => table.toLowerCase()));
  const parts = regions.map((region) => {
    const tables = region.replica.tables().filter((table) => names.has(table.toLowerCase()));
    return { ...region, tables };
  });
  const found = new Set(parts.flatMap(({ tables }) => tables.map((table) => table.toLowerCase())));
  if (found.size === names.size) return parts;
  return regions.map((region) => ({ ...region, tables: region.replica.tables() }));
}

/** Begins a transaction that sees one moment, in which every region is where it must be. */
export async function openViews(
  session: EngineSession,
  parts: readonly Part[],
): Promise<readonly View[]> {
  const looked = parts.map(({ replica: { region }, tables }) => ({ region, tables }));
  const views = await openSnapshot(session, looked);
  for (const [at, { seq }] of views.entries()) {
    const part = parts[at];
    if (part === undefined || seq >= part.after) continue;
    const why = `it is at position ${seq}, and you have seen ${part.after}`;
    throw new MinisqlError("BEHIND", `Cannot read region ${part.replica.region} here: ${why}`);
  }
  return views;
}

/** What this server says that it holds of what is read. */
export function claims(parts: readonly Part[], views: readonly View[]): readonly Claim[] {
  return parts.flatMap(({ replica, tables }, at) => {
    const view = views[at];
    return view === undefined || tables.length === 0 ? [] : [{ replica, tables, ...view }];
  });
}
