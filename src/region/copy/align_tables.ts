/** Makes the tables that are here defined as they are at the source, before any row is compared. */
import { MinisqlError } from "../../protocol/errors.ts";
import { parseDdl } from "../../sql/ddl/parser.ts";
import { quoteName } from "../../sql/names.ts";
import type { LocalCopy } from "./local_copy.ts";
import type { RemoteTable } from "./remote_copy.ts";
import type { Quarantine } from "./replaced.ts";
import type { TableRows } from "./table_rows.ts";

export interface AlignDeps {
  readonly local: LocalCopy;
  readonly quarantine: Quarantine | null;
}

/**
 * Drops what the source has not or has otherwise, then makes what is missing: names of foreign keys
 * are free by then. `here` are the region's tables as far as this server knows.
 */
export async function alignTables(
  deps: AlignDeps,
  there: readonly RemoteTable[],
  here: readonly string[],
): Promise<readonly TableRows[]> {
  const names = new Set(there.map(({ table }) => table));
  for (const name of here) if (!names.has(name)) await dropTable(deps, name);
  for (const { table, fingerprint } of there) {
    const found = await deps.local.look(table);
    if (found !== null && found.schema.hash !== fingerprint.schema) await dropTable(deps, table);
  }
  const aligned: TableRows[] = [];
  for (const each of there) aligned.push(await haveTable(deps, each));
  return aligned;
}

/** Drops a table, its rows set aside. */
export async function dropTable({ local, quarantine }: AlignDeps, name: string): Promise<void> {
  const found = await local.look(name);
  if (found !== null && quarantine !== null) {
    const { schema } = found;
    await local.each(found, (before) => quarantine({ schema, before, after: [] }));
  }
  await local.drop(name);
}

/**
 * The table as it is at the source; empty if it was not here. A fingerprint that was kept goes on
 * being kept; one is not begun, since all rows are counted at the end where there is none. Triggers
 * whose fingerprint was lost, as a database can lose it that writes out late, let no row be written.
 */
export async function haveTable(
  { local }: AlignDeps,
  { table, ddl, fingerprint }: RemoteTable,
): Promise<TableRows> {
  if (await local.look(table) === null) await local.define(ddl);
  const rows = await local.look(table);
  if (rows === null || rows.schema.hash !== fingerprint.schema) {
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot copy table ${table}: made here, it is not what it is at the source; do both ` +
        "databases have the same version and settings, and is it without triggers?",
    );
  }
  const kept = await local.kept(rows);
  if (kept?.schema !== rows.schema.hash) await local.uncount(rows);
  return rows;
}

/** AUTO_INCREMENT goes on here where it would at the source, though its last rows are gone. */
export async function alignCounter(
  { local }: AlignDeps,
  { table, ddl }: RemoteTable,
): Promise<void> {
  const theirs = counterOf(ddl);
  if (theirs === null) return;
  const mine = counterOf((await local.look(table))?.schema.createSql ?? "") ?? 1n;
  if (theirs > mine) {
    await local.define(`ALTER TABLE ${quoteName(table)} AUTO_INCREMENT = ${theirs}`);
  }
}

/** What CREATE TABLE says of the next number; null where it says nothing that is understood. */
function counterOf(ddl: string): bigint | null {
  try {
    const statement = parseDdl(ddl);
    if (statement?.kind !== "create_table") return null;
    return BigInt(statement.options["AUTO_INCREMENT"] ?? 1);
  } catch (error) {
    if (error instanceof MinisqlError) return null;
    throw error;
  }
}
