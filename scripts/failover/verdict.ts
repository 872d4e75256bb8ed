/** Judges the copies, read from the databases themselves, by what the writers were told. */
import { createConnection, type RowDataPacket } from "mysql2/promise";
import type { MariadbServer } from "../services/mariadb.ts";
import { COPIES } from "../services/minisql.ts";
import type { Journal } from "./journal.ts";
import { isCounter, TABLE } from "./writers.ts";

const CHUNK_ROWS = 20_000;

/** Faults in words: none where all is well. */
export interface Verdict {
  readonly rows: number;
  readonly faults: readonly string[];
}

type StoredRow = readonly [id: number, writer: number, counter: number];

/** Compares the copies row by row, and the first of them with the journal. */
export async function judge(
  servers: readonly MariadbServer[],
  journal: Journal,
): Promise<Verdict> {
  const faults: string[] = [];
  const stored = new Map<number, number>();
  let after = -1;
  for (;;) {
    const copies = await Promise.all(servers.map((server) => readAfter(server, after)));
    const [first = [], ...others] = copies;
    for (const [at, other] of others.entries()) {
      const difference = firstDifference(first, other);
      if (difference !== null) faults.push(`copy ${at + 2} is not as copy 1: ${difference}`);
    }
    for (const [id, , counter] of first) stored.set(id, counter);
    const last = first.at(-1);
    if (last === undefined || faults.length > 0) break;
    after = last[0];
  }
  if (faults.length === 0) faults.push(...insertFaults(stored, journal));
  if (faults.length === 0) faults.push(...counterFaults(stored, journal));
  return { rows: stored.size, faults };
}

async function readAfter(server: MariadbServer, after: number): Promise<readonly StoredRow[]> {
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password, database: COPIES });
  try {
    const [rows] = await connection.query<RowDataPacket[][]>({
      sql: `SELECT id, writer, counter FROM ${TABLE} WHERE id > ${after} ORDER BY id ` +
        `LIMIT ${CHUNK_ROWS}`,
      rowsAsArray: true,
    });
    return rows as unknown as readonly StoredRow[];
  } finally {
    await connection.end();
  }
}

function firstDifference(one: readonly StoredRow[], other: readonly StoredRow[]): string | null {
  const count = Math.max(one.length, other.length);
  for (let at = 0; at < count; at++) {
    const [mine, theirs] = [one[at]?.join(), other[at]?.join()];
    if (mine !== theirs) return `${theirs ?? "no row"} in place of ${mine ?? "no row"}`;
  }
  return null;
}

/** Ids are unique by their key, so each is there once or not at all. */
function insertFaults(stored: ReadonlyMap<number, number>, { inserts }: Journal): string[] {
  const faults: string[] = [];
  for (const [id, outcome] of inserts) {
    if (outcome === "done" && !stored.has(id)) faults.push(`acknowledged id ${id} is lost`);
    if (outcome === "refused" && stored.has(id)) faults.push(`refused id ${id} is there`);
  }
  for (const id of stored.keys()) {
    if (!isCounter(id) && !inserts.has(id)) faults.push(`id ${id} was never sent`);
  }
  return faults;
}

function counterFaults(stored: ReadonlyMap<number, number>, { increments }: Journal): string[] {
  return [...increments].flatMap(([writer, { done, unknown }]) => {
    const counter = stored.get(writer) ?? -1;
    if (counter >= done && counter <= done + unknown) return [];
    return [`counter ${writer} is ${counter} after ${done} to ${done + unknown} increments`];
  });
}
