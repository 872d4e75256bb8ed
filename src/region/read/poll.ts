/**
 * Asks the other copies what tables held at a position, and judges this one by it. What a copy held
 * at a position never changes, so readers at one position share what was heard there, and mostly
 * nobody needs to be asked at all.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Fingerprint } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Answer } from "../../protocol/messages.ts";
import type { Peer, ReadableReplica } from "../readable.ts";
import { contentOf, tableContents } from "./content.ts";
import { type Decided, hear } from "./hearing.ts";
import type { ReadLimits } from "./limits.ts";
import { Outvoted } from "./outvoted.ts";
import { Changing } from "./snapshot.ts";
import { type Ballot, judge, type OwnBallot, type Verdict, votesOf } from "./verdict.ts";

export interface PollDeps {
  readonly clock: Clock;
  readonly limits: ReadLimits;
}

/** What this copy held at a position, as one moment of its database showed it. */
export interface Claim {
  readonly replica: ReadableReplica;
  readonly seq: number;
  readonly tables: readonly string[];
  readonly fingerprints: readonly (Fingerprint | null)[];
  /** A schema change is being run: a difference is nobody's fault. */
  readonly isChanging: boolean;
}

export interface Judged extends Decided {
  /** Why this copy is in the wrong or cannot tell, for people. */
  readonly reason: string;
  /** The first table that copies differ in; the first of all where they do not. */
  readonly table: string;
}

/** What the others have said of one position and some tables, by their numbers. */
interface Heard {
  readonly ballots: Map<number, Ballot>;
  readonly asked: Map<number, Promise<Ballot>>;
  /** Null as long as not all were heard to hold the same. */
  unanimous: Unanimous | null;
}

/** All copies hold the same, which stands for as long as they are those to be asked. */
interface Unanimous {
  readonly peers: readonly Peer[];
  readonly fingerprints: Claim["fingerprints"];
  readonly verdict: Verdict;
}

const TABLES_A_VOTE = 64;

export class Poll {
  readonly #deps: PollDeps;
  /** By region, epoch, position and tables, the oldest first. */
  readonly #heard = new Map<string, Heard>();
  /** Copies that did not answer when they were asked last. */
  readonly #silent = new Set<string>();
  /** When each copy was last told that it dissents. */
  readonly #challenged = new Map<string, number>();

  constructor(deps: PollDeps) {
    this.#deps = deps;
  }

  /**
   * The verdict on what this copy remembers, where all are known to hold the same, as nearly every
   * read finds them; null where it must be taken.
   */
  known(claim: Claim): Verdict | null {
    const unanimous = this.#heard.get(keyOf(claim))?.unanimous ?? null;
    if (unanimous === null || unanimous.peers !== claim.replica.peers()) return null;
    const { fingerprints, verdict } = unanimous;
    return claim.fingerprints.every((each, at) => each === fingerprints[at]) ? verdict : null;
  }

  /**
   * Returns when this copy may answer. Raises `Outvoted` where it is in the wrong, `Changing` while
   * a schema change lets it differ, and `BEHIND` where nobody can tell.
   */
  async pass(claim: Claim, signal: AbortSignal): Promise<Verdict> {
    const judged = await this.take(claim, signal);
    if (judged.outcome === "won") return judged;
    const { replica, seq } = claim;
    const { table, reason } = judged;
    const votes = votesOf(judged);
    if (judged.outcome === "lost") throw new Outvoted(replica, { table, seq, votes, reason });
    const why = `Cannot tell whether the copy of ${table} on server ${replica.rid} is right: ` +
      `${reason}; read from another replica`;
    throw new MinisqlError("BEHIND", why);
  }

  /** The same as a verdict, whatever it is. */
  async take(claim: Claim, signal: AbortSignal): Promise<Judged> {
    const { replica, tables, fingerprints } = claim;
    const peers = tables.length === 0 ? [] : replica.peers();
    const content = contentOf(fingerprints);
    if (content === null) throw new Changing(replica.region, claim.seq);
    const table = changedTable(claim);
    if (table !== null) return { ...CHANGED, table };
    const own = { rid: replica.rid, content, isPrimary: replica.isPrimary };
    const judged = await this.#hear(claim, own, peers, signal);
    if (judged.outcome === "won" || !claim.isChanging) return judged;
    throw new Changing(replica.region, claim.seq);
  }

  /** Raises `Outvoted` for a copy that was changed beside the cluster. Asks nobody. */
  requireUnchanged(claim: Claim): void {
    const table = changedTable(claim);
    if (table === null) return;
    const { replica, seq } = claim;
    throw new Outvoted(replica, { table, seq, votes: votesOf(CHANGED), reason: CHANGED.reason });
  }

  async #hear(
    claim: Claim,
    own: OwnBallot,
    peers: readonly Peer[],
    signal: AbortSignal,
  ): Promise<Judged> {
    const heard = this.#heardOf(claim);
    const known = peers.flatMap(({ rid }) => heard.ballots.get(rid) ?? []);
    const unheard = peers.filter(({ rid }) => !heard.ballots.has(rid));
    // Mostly others have asked at this position before, and nobody need be heard any more.
    const { outcome, ...sides } = judge({ own, others: known, awaited: unheard.length });
    const decided = outcome === "open"
      ? await hear({
        own,
        known,
        asked: unheard.map((peer) => this.#ask(peer, claim, heard)),
        onLate: (ballot) => this.#challengeDissent(own, [ballot], claim),
      }, signal)
      : { ...sides, outcome, others: [...known, ...unheard.map(silence)] };
    if (decided.outcome === "won") this.#challengeDissent(own, decided.others, claim);
    if (decided.agree.length > peers.length) {
      heard.unanimous = { peers, fingerprints: claim.fingerprints, verdict: decided };
    }
    const table = differingTable(claim, own, decided);
    return { ...decided, reason: reasonOf(decided), table };
  }

  #heardOf(claim: Claim): Heard {
    const key = keyOf(claim);
    const found = this.#heard.get(key);
    if (found !== undefined) return found;
    const heard: Heard = { ballots: new Map(), asked: new Map(), unanimous: null };
    this.#heard.set(key, heard);
    if (this.#heard.size > this.#deps.limits.votesKept) {
      const [oldest] = this.#heard.keys();
      this.#heard.delete(oldest as string);
    }
    return heard;
  }

  /** Whoever asks the same meanwhile shares the answer; silence is not kept. Never rejects. */
  #ask(peer: Peer, claim: Claim, { ballots, asked }: Heard): Promise<Ballot> {
    const underWay = asked.get(peer.rid);
    if (underWay !== undefined) return underWay;
    const asking = this.#answerOf(peer, claim).then((ballot) => {
      asked.delete(peer.rid);
      if (ballot.content !== null) ballots.set(peer.rid, ballot);
      return ballot;
    });
    asked.set(peer.rid, asking);
    return asking;
  }

  /** Silence, where it does not answer in time. */
  async #answerOf(peer: Peer, claim: Claim): Promise<Ballot> {
    const { voteMs, silentVoteMs } = this.#deps.limits;
    const name = `${claim.replica.region} ${peer.rid}`;
    try {
      const timeoutMs = this.#silent.has(name) ? silentVoteMs : voteMs;
      const ballot = await this.#request(peer, claim, timeoutMs);
      this.#silent.delete(name);
      return ballot;
    } catch {
      this.#silent.add(name);
      return silence(peer);
    }
  }

  async #request(
    peer: Peer,
    { replica, seq, tables }: Claim,
    timeoutMs: number,
  ): Promise<Ballot> {
    const { region, epoch } = replica;
    const parts: Promise<Answer<"vote">>[] = [];
    for (let from = 0; from < tables.length; from += TABLES_A_VOTE) {
      const part = tables.slice(from, from + TABLES_A_VOTE);
      const request = { region, epoch, seq, tables: part };
      parts.push(peer.call("vote", request, { timeoutMs }));
    }
    const answers = await Promise.all(parts);
    return {
      rid: peer.rid,
      content: contentOf(answers.flatMap(({ fingerprints }) => fingerprints)),
      // What a majority has found is not forgotten because fewer are left to ask.
      isPrimary: peer.rid !== replica.outvotedPrimary && answers.every(({ primary }) => primary),
    };
  }

  /** A copy that nobody reads would not notice otherwise that it differs. */
  #challengeDissent(own: OwnBallot, ballots: readonly Ballot[], claim: Claim): void {
    for (const { rid, content } of ballots) {
      if (content !== null && content !== own.content) this.challenge(rid, claim);
    }
  }

  /** Tells a copy to look at itself, unless it was told a moment ago. */
  challenge(rid: number, { replica, tables }: Pick<Claim, "replica" | "tables">): void {
    const { clock, limits } = this.#deps;
    const { region, epoch } = replica;
    const key = `${region} ${rid}`;
    const last = this.#challenged.get(key);
    if (last !== undefined && clock.now() - last < limits.challengeMs) return;
    this.#challenged.set(key, clock.now());
    const peer = replica.peers().find((each) => each.rid === rid);
    const request = { region, epoch, tables: tables.slice(0, TABLES_A_VOTE) };
    peer?.call("challenge", request, { timeoutMs: limits.voteMs }).catch(() => {});
  }
}

/** No name holds the character between them. */
function keyOf({ replica: { region, epoch }, seq, tables }: Claim): string {
  return `${region}\0${epoch}\0${seq}\0${tables.join("\0")}`;
}

function silence({ rid }: Peer): Ballot {
  return { rid, content: null, isPrimary: false };
}

/** No other copy need be heard. */
const CHANGED: Omit<Judged, "table"> = {
  outcome: "lost",
  agree: [],
  dissent: [],
  others: [],
  reason: "it is not what it was when the log's last entry was applied: it was changed beside " +
    "the cluster, or its files are damaged",
};

/**
 * A table that differs from what it was when its position was reached; null where none does, or
 * where that is not known, or where there is no other copy to mend it from.
 */
function changedTable({ replica, seq, tables, fingerprints, isChanging }: Claim): string | null {
  if (replica.applied < seq || replica.peers().length === 0) return null;
  const changed = tables.find((table, at) => {
    const then = replica.fingerprintAt(table, seq);
    const now = fingerprints[at] ?? null;
    if (then === null || now === null) return false;
    const isOther = then.rows !== now.rows || then.sum !== now.sum;
    if (then.schema === now.schema && !(isOther && isChanging)) return isOther;
    throw new Changing(replica.region, seq);
  });
  return changed ?? null;
}

function differingTable(
  { tables }: Claim,
  own: OwnBallot,
  { dissent, others }: Decided,
): string {
  if (dissent.length === 0) return tables[0] ?? "";
  const mine = tableContents(own.content);
  for (const { content } of others) {
    if (content === null || content === own.content) continue;
    const theirs = tableContents(content);
    const differing = tables.find((_, at) => mine[at] !== theirs[at]);
    if (differing !== undefined) return differing;
  }
  return tables[0] ?? "";
}

function reasonOf({ outcome, agree, dissent, others }: Decided): string {
  const silent = others.filter(({ content }) => content === null).map(({ rid }) => rid);
  const told = silent.length === 0 ? "" : `, silent: ${silent.sort((a, b) => a - b).join(", ")}`;
  switch (outcome) {
    case "won":
      return "";
    case "lost":
      return agree.length < dissent.length
        ? `servers ${dissent.join(", ")} hold something else${told}`
        : `it differs from the primary, and as many hold the one as the other${told}`;
    default:
      return dissent.length === 0
        ? `no other replica could be heard in time${told}`
        : `as many replicas hold one thing as another, and the primary is not heard${told}`;
  }
}
