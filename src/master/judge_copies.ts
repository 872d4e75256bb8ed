/** Which copies of a table agree, once each has counted its rows. Pure. */
import type { Answer } from "../protocol/messages.ts";

export type Fingerprint = Answer<"verify">["copies"][number]["kept"];

export interface CountedCopy {
  readonly rid: number;
  readonly kept: Fingerprint;
  readonly counted: Fingerprint;
  /** What it held at the position that all are compared at; null where that is not known. */
  readonly at: Fingerprint | null;
}

export interface Judgement {
  readonly verdict: "agrees" | "differs" | "behind";
  readonly why: string | null;
}

/** The majority is right; of halves, the one that the primary is in. */
export function judgeCopies(
  copies: readonly CountedCopy[],
  primary: number | null,
): ReadonlyMap<number, Judgement> {
  const groups = new Map<string, CountedCopy[]>();
  for (const copy of copies) {
    if (copy.at === null) continue;
    const words = wordsOf(copy.at);
    groups.set(words, [...groups.get(words) ?? [], copy]);
  }
  const hasPrimary = (group: readonly CountedCopy[]) => group.some(({ rid }) => rid === primary);
  const [right] = [...groups].sort(([, a], [, b]) =>
    b.length - a.length || Number(hasPrimary(b)) - Number(hasPrimary(a))
  );
  return new Map(copies.map((copy) => [copy.rid, judge(copy, right?.[0] ?? "")]));
}

function judge({ kept, counted, at }: CountedCopy, right: string): Judgement {
  if (wordsOf(counted) !== wordsOf(kept)) {
    const why = "its rows are not what it has kept count of: somebody changed them beside minisql";
    return { verdict: "differs", why };
  }
  if (at === null) {
    return { verdict: "behind", why: "it does not know what it held where the others are" };
  }
  if (wordsOf(at) === right) return { verdict: "agrees", why: null };
  return { verdict: "differs", why: "most copies hold something else at the same position" };
}

function wordsOf({ rows, sum, schema }: Fingerprint): string {
  return `${rows} ${sum} ${schema}`;
}
