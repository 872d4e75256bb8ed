/**
 * What a region's tables hold at each position, as the first sound copy to reach it had them. Every
 * other copy must hold the same there, whatever happened to it; fingerprints are equal exactly where
 * rows are; and a reader is told what stood at the position it was read at.
 */
import type { Cell } from "../../protocol/values.ts";

export interface TableContent {
  readonly rows: readonly { readonly cells: readonly Cell[] }[];
  /** As the engine keeps it, with the schema's hash; null where none is kept. */
  readonly fingerprint: string | null;
}

export type Content = ReadonlyMap<string, TableContent>;

export interface CommittedState {
  readonly server: string;
  readonly region: string;
  readonly epoch: number;
  readonly seq: number;
  readonly content: Content;
}

const NOTHING: Content = new Map();

export class StateBook {
  readonly #states = new Map<string, Map<number, CommittedState>>();
  readonly #applied = new Map<string, number>();
  /** Pairs of contents that differ and have one fingerprint. */
  collisions = 0;

  /** A copy has committed a position. What is wrong with that, or null. */
  commit(state: CommittedState): string | null {
    const { server, region, epoch, seq } = state;
    this.#applied.set(`${server} ${region}`, seq);
    // Before the first entry the tables are only just being made, and hold nothing.
    if (seq === 0) return null;
    const known = this.#of(region).get(seq);
    if (known === undefined) {
      this.#of(region).set(seq, state);
      return null;
    }
    if (known.epoch !== epoch) {
      return `${server} has position ${seq} of ${region} in epoch ${epoch}, ` +
        `${known.server} in ${known.epoch}`;
    }
    return this.differs(state);
  }

  /** Where a copy's content is not what stands in the book, in words; null where it is. */
  differs(state: CommittedState): string | null {
    const known = this.#of(state.region).get(state.seq);
    if (known === undefined || known === state) return null;
    const place = `position ${state.seq} of ${state.region}`;
    for (const name of new Set([...known.content.keys(), ...state.content.keys()])) {
      const [there, here] = [known.content.get(name), state.content.get(name)];
      if (there === undefined || here === undefined) {
        const [has, lacks] = there === undefined ? [state, known] : [known, state];
        return `at ${place} ${has.server} has table ${name} and ${lacks.server} has not`;
      }
      const row = differingRow(there, here);
      const isSameSum = there.fingerprint === here.fingerprint;
      if (row !== null) {
        if (isSameSum && there.fingerprint !== null) this.collisions++;
        return `at ${place} table ${name} differs: ${known.server} has ${row[0]}, ` +
          `${state.server} has ${row[1]}${isSameSum ? ", under one fingerprint" : ""}`;
      }
      if (!isSameSum && there.fingerprint !== null && here.fingerprint !== null) {
        return `at ${place} table ${name} is alike on ${known.server} and ${state.server}, and ` +
          `its fingerprints are ${there.fingerprint} and ${here.fingerprint}`;
      }
    }
    return null;
  }

  /** How far a copy was last seen to be applied; null before it was seen. */
  applied(server: string, region: string): number | null {
    return this.#applied.get(`${server} ${region}`) ?? null;
  }

  at(region: string, seq: number): Content | null {
    return seq === 0 ? NOTHING : this.#of(region).get(seq)?.content ?? null;
  }

  /** The epoch of the entry that made it so; null where nobody has committed it. */
  epochAt(region: string, seq: number): number | null {
    return this.#of(region).get(seq)?.epoch ?? null;
  }

  /** The highest position any copy has committed. */
  newest(region: string): number {
    return Math.max(0, ...this.#of(region).keys());
  }

  #of(region: string): Map<number, CommittedState> {
    let states = this.#states.get(region);
    if (states === undefined) this.#states.set(region, states = new Map());
    return states;
  }
}

function differingRow(one: TableContent, other: TableContent): readonly [string, string] | null {
  if (one.rows === other.rows) return null;
  const length = Math.max(one.rows.length, other.rows.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [one.rows[at]?.cells, other.rows[at]?.cells];
    if (left !== undefined && right !== undefined && isSame(left, right)) continue;
    return [JSON.stringify(left ?? null), JSON.stringify(right ?? null)];
  }
  return null;
}

function isSame(left: readonly Cell[], right: readonly Cell[]): boolean {
  return left === right ||
    (left.length === right.length && left.every((cell, at) => cell === right[at]));
}
