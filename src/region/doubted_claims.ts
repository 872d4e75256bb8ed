/**
 * On which tables a primary was out-voted. Whoever has a wrong row goes on to claim what is off in
 * each entry that it has written, and by more whenever such a row changes: none of them need be
 * voted on again. Were this copy wrong as well, it would be found by what the next primary writes.
 */
import { type Difference, differenceOf } from "./apply.ts";

type Claims = Pick<Difference, "position" | "fingerprints" | "claimed">;

export class DoubtedClaims {
  /** That of the primary. */
  #epoch = 0;
  readonly #tables = new Set<string>();

  /** The other copies have come to the same as this one. */
  learn(claims: Claims): void {
    const { epoch } = claims.position;
    if (epoch !== this.#epoch) this.#tables.clear();
    this.#epoch = epoch;
    for (const table of differing(claims)) this.#tables.add(table);
  }

  /** Whether the same primary is off in nothing but what it was off in before. */
  explain(claims: Claims): boolean {
    const tables = differing(claims);
    return claims.position.epoch === this.#epoch && tables.length > 0 &&
      tables.every((table) => this.#tables.has(table));
  }
}

function differing({ fingerprints, claimed }: Claims): readonly string[] {
  return [...fingerprints.keys()].filter((table) =>
    differenceOf(fingerprints.get(table) ?? null, claimed.get(table) ?? null) !== null
  );
}
