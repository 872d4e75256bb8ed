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
  readonly epoch: number;
  readonly peers: readonly Peer[];
}

export interface Ruling {
  /** A majority of the copies came to the same as this one. */
  readonly isRight: boolean;
  /** "2:1", for people. */
  readonly votes: string;
}

/** How long others get to come to the entry themselves. */
const LIMIT_MS = 3000;
const AGAIN_MS = 50;

export async function settleDispute(
  deps: DisputeDeps,
  difference: Difference,
  signal: AbortSignal,
): Promise<Ruling> {
  const mine = difference.fingerprints;
  if (mine.size === 0) return { isRight: false, votes: "" };
  const votes = await Promise.all(
    deps.peers.map((peer) => votesLike(deps, peer, difference.seq, mine, signal)),
  );
  const same = 1 + votes.filter((vote) => vote === "same").length;
  const other = votes.filter((vote) => vote === "other").length;
  return { isRight: same > other && same > 1, votes: `${same}:${other}` };
}

async function votesLike(
  { copy, epoch }: DisputeDeps,
  peer: Peer,
  seq: number,
  mine: ReadonlyMap<string, Fingerprint | null>,
  signal: AbortSignal,
): Promise<"same" | "other" | "none"> {
  const { clock, limits } = copy.deps;
  const tables = [...mine.keys()];
  const until = clock.now() + LIMIT_MS;
  while (!signal.aborted && clock.now() < until) {
    try {
      const request = { region: copy.region, epoch, seq, tables };
      const { fingerprints } = await peer.call("vote", request, {
        timeoutMs: limits.ackMs,
        signal,
      });
      const known = fingerprints.every((each) => each !== null);
      if (known) return isSame(tables, fingerprints, mine) ? "same" : "other";
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
    }
    await pause(clock, AGAIN_MS, signal);
  }
  return "none";
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
