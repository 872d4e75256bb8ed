/** Listens to the other copies as they answer, until what they say decides. */
import { orAborted } from "../../base/abort.ts";
import { Deferred } from "../../base/deferred.ts";
import { type Ballot, judge, type OwnBallot, type Verdict } from "./verdict.ts";

/** A verdict that another ballot would not change, or that no other is to come for. */
export interface Decided extends Verdict {
  readonly outcome: Exclude<Verdict["outcome"], "open">;
  /** What was heard by then. */
  readonly others: readonly Ballot[];
}

export interface Hearing {
  readonly own: OwnBallot;
  /** Those known already. */
  readonly known: readonly Ballot[];
  /** Those to come. None of them rejects. */
  readonly asked: readonly Promise<Ballot>[];
  /** Told of ballots that come after it was decided. */
  readonly onLate?: (ballot: Ballot) => void;
}

export async function hear(hearing: Hearing, signal: AbortSignal): Promise<Decided> {
  const { own, asked, onLate } = hearing;
  const others = [...hearing.known];
  let awaited = asked.length;
  let isDecided = false;
  let news = new Deferred<void>();
  for (const each of asked) {
    void each.then((ballot) => {
      if (isDecided) return onLate?.(ballot);
      awaited--;
      others.push(ballot);
      news.resolve();
    });
  }
  try {
    for (;;) {
      const { outcome, ...sides } = judge({ own, others, awaited });
      if (outcome !== "open") return { ...sides, outcome, others };
      await orAborted(news.promise, signal);
      news = new Deferred();
    }
  } finally {
    isDecided = true;
  }
}
