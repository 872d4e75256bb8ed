/** Judges the copies by what the writers were told. */
import type { Copy, StoredRow } from "./copies.ts";
import type { Journal } from "./journal.ts";
import { isCounter } from "./writers.ts";

/** Faults in words: none where all is well. */
export interface Verdict {
  readonly rows: number;
  readonly faults: readonly string[];
}

/** Compares the copies row by row, and the first of them with the journal. */
export async function judge(
  copies: readonly Copy[],
  journal: Journal,
): Promise<Verdict> {
  const faults: string[] = [];
  const stored = new Map<number, number>();
  let after = -1;
  for (;;) {
    const read = await Promise.all(copies.map((copy) => copy.rowsAfter(after)));
    const [first = [], ...others] = read;
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
