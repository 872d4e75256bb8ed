/** Makes a table without a primary key what it is at the source: as it is, or anew as a whole. */
import type { Fingerprint } from "../../ports/engine.ts";
import { type AlignDeps, dropTable, haveTable } from "./align_tables.ts";
import type { RemoteCopy, RemoteTable } from "./remote_copy.ts";
import type { RowWriter } from "./row_writer.ts";
import { type TableRows, WHOLE } from "./table_rows.ts";

export interface KeylessCopyDeps extends AlignDeps {
  readonly remote: RemoteCopy;
  readonly filling: RowWriter;
}

/** Answers with what the source's rows add up to. */
export async function copyKeyless(
  deps: KeylessCopyDeps,
  table: TableRows,
  there: RemoteTable,
): Promise<Fingerprint> {
  const { local, remote, filling } = deps;
  const { fingerprint: theirs } = await remote.chunk(table, null, 1);
  const mine = await local.recompute(table, WHOLE);
  if (mine.rows === theirs.rows && mine.sum === theirs.sum) return theirs;
  if (mine.rows > 0) {
    await dropTable(deps, table.name);
    await haveTable(deps, there);
  }
  for await (const rows of remote.rows(table, WHOLE)) {
    for (const row of rows) await filling.putIn(row);
  }
  await filling.flush();
  return theirs;
}
