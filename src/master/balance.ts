/** Which regions move when one server has far more to do than another. Pure. */

export interface ServerVisits {
  readonly rid: number;
  /** Reads and writes since the last look. */
  readonly visits: number;
  /** The same, by region. */
  readonly regions: ReadonlyMap<string, number>;
}

/** What could be done with a region: its copy moves, or the primary's role does, or nothing. */
export type Option = "copy" | "role" | null;

export interface BalanceInput {
  /** Those that are writable. */
  readonly servers: readonly ServerVisits[];
  /** Fewer visits than this are no reason to move anything. */
  readonly threshold: number;
  readonly option: (region: string, from: number, to: number) => Option;
}

export interface BalanceMove {
  readonly region: string;
  readonly from: number;
  readonly to: number;
  readonly what: "copy" | "role";
}

/** A server is busy when it has more than so many times what the least busy one has. */
const UNEVEN = 2;
/** At most so many regions move at a time… */
const MOVES_MAX = 3;
/** …chosen among the most visited ones. */
const CONSIDERED_MAX = 32;
/** Moves that take less than this share from the busiest are not worth it. */
const GAIN_MIN = 0.1;

interface Choice extends BalanceMove {
  /** Visits that the busiest server has no more, and the other has. */
  readonly weight: number;
}

/**
 * Moves from the busiest to the least busy server that leave the two as even as can be: as few as
 * make them even enough, for every move costs. A region that only carries the load along stays.
 */
export function balance({ servers, threshold, option }: BalanceInput): readonly BalanceMove[] {
  const sorted = [...servers].sort((a, b) => b.visits - a.visits || a.rid - b.rid);
  const [busiest, idlest] = [sorted[0], sorted.at(-1)];
  if (busiest === undefined || idlest === undefined || busiest === idlest) return [];
  if (!isUneven(busiest.visits, idlest.visits, threshold)) return [];
  const choices = choicesOf(busiest, idlest, option);
  let best: readonly Choice[] = [];
  for (let count = 1; count <= MOVES_MAX; count++) {
    const found = evenest(choices, count, busiest.visits - idlest.visits);
    if (found === null) break;
    if (highest(busiest, idlest, found) < highest(busiest, idlest, best)) best = found;
    const moved = weightOf(best);
    if (!isUneven(busiest.visits - moved, idlest.visits + moved, threshold)) break;
  }
  const gain = busiest.visits - highest(busiest, idlest, best);
  if (gain < GAIN_MIN * busiest.visits) return [];
  return best.map(({ region, from, to, what }) => ({ region, from, to, what }));
}

function isUneven(one: number, other: number, threshold: number): boolean {
  const [most, least] = one > other ? [one, other] : [other, one];
  return most > threshold && most > UNEVEN * least;
}

function choicesOf(
  from: ServerVisits,
  to: ServerVisits,
  option: BalanceInput["option"],
): readonly Choice[] {
  const choices = [...from.regions].flatMap(([region, visits]): Choice[] => {
    const what = option(region, from.rid, to.rid);
    if (what === null) return [];
    // Where both hold the region, its reads and writes change sides with the role.
    const weight = what === "copy" ? visits : visits - (to.regions.get(region) ?? 0);
    return weight > 0 ? [{ region, from: from.rid, to: to.rid, what, weight }] : [];
  });
  choices.sort((a, b) => b.weight - a.weight || (a.region < b.region ? -1 : 1));
  return choices.slice(0, CONSIDERED_MAX);
}

/** So many of the choices that close the gap best. */
function evenest(
  choices: readonly Choice[],
  count: number,
  gap: number,
): readonly Choice[] | null {
  let best: readonly Choice[] | null = null;
  const distance = (chosen: readonly Choice[]) => Math.abs(gap - 2 * weightOf(chosen));
  const pick = (start: number, chosen: readonly Choice[]) => {
    if (chosen.length === count) {
      if (best === null || distance(chosen) < distance(best)) best = chosen;
      return;
    }
    for (let at = start; at < choices.length; at++) {
      pick(at + 1, [...chosen, choices[at] as Choice]);
    }
  };
  pick(0, []);
  return best;
}

function weightOf(choices: readonly Choice[]): number {
  return choices.reduce((sum, { weight }) => sum + weight, 0);
}

function highest(from: ServerVisits, to: ServerVisits, moves: readonly Choice[]): number {
  const moved = weightOf(moves);
  return Math.max(from.visits - moved, to.visits + moved);
}
