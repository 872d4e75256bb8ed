/** Which fingerprint a table had after which position, for votes: the recent past, in memory. */
import type { Fingerprint } from "../ports/engine.ts";

interface Known {
  readonly seq: number;
  /** Null where the table was not there. */
  readonly fingerprint: Fingerprint | null;
}

export class FingerprintHistory {
  readonly #keptMax: number;
  readonly #tables = new Map<string, Known[]>();
  /** Nothing is known of positions before it. */
  #from = 0;

  constructor(keptMax: number) {
    this.#keptMax = keptMax;
  }

  /** Begins anew at a position, with what the engine says of every table. */
  begin(seq: number, fingerprints: ReadonlyMap<string, Fingerprint>): void {
    this.#tables.clear();
    this.#from = seq;
    for (const [table, fingerprint] of fingerprints) {
      this.#tables.set(table, [{ seq, fingerprint }]);
    }
  }

  /** These tables were changed at `seq`. */
  note(seq: number, changed: ReadonlyMap<string, Fingerprint | null>): void {
    for (const [table, fingerprint] of changed) {
      const known = this.#tables.get(table) ?? [];
      known.push({ seq, fingerprint });
      if (known.length > 2 * this.#keptMax) known.splice(0, known.length - this.#keptMax);
      this.#tables.set(table, known);
    }
  }

  /** As of `seq`, which must have been applied; null where that is not known any more. */
  at(table: string, seq: number): Fingerprint | null {
    if (seq < this.#from) return null;
    const known = this.#tables.get(table) ?? [];
    // The one asked for is nearly always among the last.
    for (let at = known.length - 1; at >= 0; at--) {
      const each = known[at] as Known;
      if (each.seq <= seq) return each.fingerprint;
    }
    return null;
  }

  /** The latest of each table. */
  latest(table: string): Fingerprint | null {
    return this.#tables.get(table)?.at(-1)?.fingerprint ?? null;
  }
}
