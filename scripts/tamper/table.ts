/** The table that is tampered with: each row tells whether it is as the cluster wrote it. */
import crc32 from "crc-32";
import type { Client } from "../../src/client/api.ts";

export const TABLE = "kept";
export const ROWS = 1000;

const CHUNK_ROWS = 500;

export const CREATE_TABLE =
  `CREATE TABLE ${TABLE} (id INT NOT NULL PRIMARY KEY, version INT NOT NULL, word CHAR(8) NOT NULL)`;

/** Even numbers are rows of the cluster's own: what somebody puts between them is odd. */
export function idAt(place: number): number {
  return 2 * (place + 1);
}

/** What a row must say at a version: no row of another id or version says the same. */
export function wordOf(id: number, version: number): string {
  return (crc32.str(`${id} ${version}`) >>> 0).toString(16).padStart(8, "0");
}

export async function fillTable(client: Client): Promise<void> {
  await client.query(CREATE_TABLE);
  for (let from = 0; from < ROWS; from += CHUNK_ROWS) {
    const rows = Array.from({ length: CHUNK_ROWS }, (_, at) => {
      const id = idAt(from + at);
      return `(${id}, 0, '${wordOf(id, 0)}')`;
    });
    await client.query(`INSERT INTO ${TABLE} VALUES ${rows.join()}`);
  }
}

/** Why rows cannot be what the cluster holds of the places asked for; null where they may be. */
export function faultIn(
  rows: readonly (readonly unknown[])[],
  { place, count }: { readonly place: number; readonly count: number },
): string | null {
  if (rows.length !== count) return `${rows.length} rows instead of ${count}`;
  for (const [at, [id, version, word]] of rows.entries()) {
    const expected = idAt(place + at);
    if (Number(id) !== expected) return `row ${id} instead of ${expected}`;
    if (word !== wordOf(expected, Number(version))) return `row ${id} says ${word}`;
  }
  return null;
}
