/** What is gathered for a statement: of which tables which columns, by which condition. */
import { difference } from "../../cluster/compatibility.ts";
import type { StandIn, StandInColumn } from "../../ports/engine.ts";
import type { Original } from "../../protocol/calls/gathering.ts";
import type { GatheredRegion } from "../../protocol/calls/region.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type NamedTable, needsOf } from "../../sql/gather/needs.ts";
import { type Asking, fromAny, type Limit } from "./from_any.ts";
import type { GatherDeps } from "./gather_deps.ts";

export interface GatherRequest {
  readonly sql: string;
  /** The tables that are here. */
  readonly local: readonly NamedTable[];
  readonly regions: readonly GatheredRegion[];
}

export interface PlannedPiece {
  readonly standIn: StandIn;
  readonly hash: string;
  readonly where: string | null;
}

export interface PlannedRegion {
  readonly region: GatheredRegion;
  /** Who said how its tables are defined. */
  readonly rid: number;
  readonly pieces: readonly PlannedPiece[];
}

/** Asks how the tables are defined. Reads no row. */
export async function planGather(
  deps: GatherDeps,
  { sql, local, regions }: GatherRequest,
  limit: Limit,
): Promise<readonly PlannedRegion[]> {
  const asked = await Promise.all(regions.map(async (region) => ({
    region,
    ...await fromAny(deps, region, limit, (asking) => originals(deps, region, asking)),
  })));
  const tables = asked.flatMap(({ tables }) =>
    tables.map((original) => ({ ...original, name: original.table }))
  );
  const needs = needsOf(sql, [...local, ...tables]);
  return asked.map(({ region, rid, tables }) => ({
    region,
    rid,
    pieces: tables.map((original) => {
      const { columns, where } = needs.get(original.table) ?? { columns: [], where: null };
      return { standIn: standInOf(original, columns), hash: original.hash, where };
    }),
  }));
}

async function originals(
  { engine }: GatherDeps,
  { region, tables }: GatheredRegion,
  { rid, caller, options }: Asking,
): Promise<{ readonly rid: number; readonly tables: readonly Original[] }> {
  const answer = await caller.call("originals", { region, tables }, options);
  const unlike = difference(engine.info, answer.engine);
  if (unlike === null) return { rid, tables: answer.tables };
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot gather rows of ${tables.join(" and ")} from server ${rid}: its database might ` +
      `compare them otherwise, since here ${unlike}; give all servers one version and settings`,
  );
}

/** With what else belongs to a row's identity: its key, or else anything at all. */
function standInOf({ table, columns, indexes }: Original, needed: readonly string[]): StandIn {
  const key = indexes.find(({ name }) => name === "PRIMARY")?.columns ?? [];
  const names = new Set([...needed, ...key]);
  const chosen = columns.filter(({ name }) => names.has(name));
  const kept: readonly StandInColumn[] = chosen.length > 0 ? chosen : columns.slice(0, 1);
  const has = (name: string) => kept.some((column) => column.name === name);
  return {
    name: table,
    columns: kept,
    indexes: indexes.filter((index) => index.columns.every(has)),
  };
}
