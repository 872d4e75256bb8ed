/**
 * A copy came out of an entry different from what its primary says. Either this copy was wrong
 * before, or the primary's was: the other copies, which apply the same entry, decide. Of two copies
 * alone the primary's counts, since its log is what everybody else starts from.
 */
import { pause } from "../cluster/pause.ts";
import type { Fingerprint } from "../ports/engine.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type Difference, differenceOf } from "./apply.ts";
import type { RegionCopy } from "./copy.ts";
import type { Peer } from "./readable.ts";

export interface DisputeDeps {
  readonly copy: RegionCopy;
  /** As they are at the moment: somebody may take over while others are asked. */
  readonly epoch: () => number;
  readonly peers: () => readonly Peer[];
}

export interface Ruling {
  /** A majority of the copies came to the same as this one. */
  readonly isRight: boolean;
  /** "2:1", for people. */
  readonly votes: string;
}

/** A primary that was wrong, and will be until its copy has been made anew. */
export interface OutvotedPrimary {
  readonly rid: number;
  readonly epoch: number;
  readonly why: string;
}

type Vote = "same" | "other";

/** How long others get to come to the entry themselves. */
const LIMIT_MS = 10_000;
const AGAIN_MS = 50;

export async function settleDispute(
  deps: DisputeDeps,
  difference: Difference,
  signal: AbortSignal,
): Promise<Ruling> {
  const { clock } = deps.copy.deps;
  if (difference.fingerprints.size === 0) return { isRight: false, votes: "" };
  const votes = new Map<number, Vote>();
  const until = clock.now() + LIMIT_MS;
  for (;;) {
    const silent = deps.peers().filter(({ rid }) => !votes.has(rid));
    await Promise.all(silent.map(async (peer) => {
      const vote = await voteOf(deps, peer, difference, signal);
      if (vote !== null) votes.set(peer.rid, vote);
    }));
    const same = 1 + count(votes, "same");
    const other = count(votes, "other");
    const open = deps.peers().filter(({ rid }) => !votes.has(rid)).length;
    const isRight = same > other && same > 1;
    const isDecided = isRight ? same > other + open : other >= same + open;
    if (isDecided || signal.aborted || clock.now() >= until) {
      return { isRight, votes: `${same}:${other}` };
    }
    await pause(clock, AGAIN_MS, signal);
  }
}

function count(votes: ReadonlyMap<number, Vote>, vote: Vote): number {
  return [...votes.values()].filter((each) => each === vote).length;
}

/** Null while it has not come to the entry, or is not to be reached. */
async function voteOf(
  { copy, epoch }: DisputeDeps,
  peer: Peer,
  { position: { seq }, fingerprints: mine }: Difference,
  signal: AbortSignal,
): Promise<Vote | null> {
  const tables = [...mine.keys()];
  try {
    const { fingerprints } = await peer.call(
      "vote",
      { region: copy.region, epoch: epoch(), seq, tables },
      { timeoutMs: copy.deps.limits.ackMs, signal },
    );
    if (fingerprints.some((each) => each === null)) return null;
    return isSame(tables, fingerprints, mine) ? "same" : "other";
  } catch (error) {
    if (error instanceof MinisqlError) return null;
    throw error;
  }
}

function isSame(
  tables: readonly string[],
  theirs: readonly (Fingerprint | null)[],
  mine: ReadonlyMap<string, Fingerprint | null>,
): boolean {
  return tables.every((table, at) =>
    differenceOf(theirs[at] ?? null, mine.get(table) ?? null) === null
  );
}
