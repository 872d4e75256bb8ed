/** Writes that leave a token of their own: each is there once, at most once, or not at all. */

export type Outcome =
  /** Acknowledged. */
  | "done"
  /** Refused with an error that says that nothing happened. */
  | "refused"
  /** The answer was lost, or says that it may have happened. */
  | "unknown";

export interface TokenWrite {
  readonly token: string;
  readonly outcome: Outcome;
  readonly called: number;
  readonly returned: number;
}

/** What is wrong with the tokens found at the end, in whatever order, or null. */
export function tokenFault(
  where: string,
  writes: readonly TokenWrite[],
  found: readonly string[],
): string | null {
  const counts = new Map<string, number>();
  for (const token of found) counts.set(token, (counts.get(token) ?? 0) + 1);
  for (const { token, outcome, returned } of writes) {
    const count = counts.get(token) ?? 0;
    counts.delete(token);
    const wrong = count > 1 || (outcome === "done" && count === 0) ||
      (outcome === "refused" && count > 0);
    if (wrong) {
      const when = Number.isFinite(returned) ? ` at ${returned.toFixed(1)} ms` : "";
      return `${where}: ${token} was ${outcome}${when} and is there ${count} times`;
    }
  }
  const [stranger] = counts.keys();
  return stranger === undefined ? null : `${where}: nobody wrote ${stranger}, which is there`;
}

/** What a reader saw of a list that tokens are only ever added to, at its end. */
export interface ListRead {
  readonly tokens: readonly string[];
  readonly called: number;
  readonly returned: number;
  /** It is to see all that was acknowledged before it was called. */
  readonly latest: boolean;
}

/** What is wrong with a list and what was seen of it, or null. `final` is the list at the end. */
export function listFault(
  where: string,
  writes: readonly TokenWrite[],
  reads: readonly ListRead[],
  final: readonly string[],
): string | null {
  const fault = tokenFault(where, writes, final);
  if (fault !== null) return fault;
  const places = new Map(final.map((token, at) => [token, at]));
  const known = writes.filter(({ token }) => places.has(token));
  // The list is the order things happened in: nothing is before what it came after.
  const sorted = known.toSorted((a, b) => place(places, a) - place(places, b));
  let latest: TokenWrite | null = null;
  for (const write of sorted) {
    if (latest !== null && write.returned < latest.called) {
      return `${where}: ${write.token} returned before ${latest.token} was called, and is behind it`;
    }
    if (latest === null || write.called > latest.called) latest = write;
  }
  for (const read of reads) {
    const wrong = readFault(read, known, places, final);
    if (wrong !== null) return `${where}: ${wrong}`;
  }
  return null;
}

function place(places: ReadonlyMap<string, number>, { token }: TokenWrite): number {
  return places.get(token) ?? -1;
}

function readFault(
  read: ListRead,
  writes: readonly TokenWrite[],
  places: ReadonlyMap<string, number>,
  final: readonly string[],
): string | null {
  const at = read.returned.toFixed(1);
  const wrong = read.tokens.find((token, n) => final[n] !== token);
  if (wrong !== undefined) {
    return `a read at ${at} ms saw ${wrong}, which is not there in the end, or not there`;
  }
  for (const write of writes) {
    const isSeen = place(places, write) < read.tokens.length;
    if (isSeen && write.called > read.returned) {
      return `a read at ${at} ms saw ${write.token}, which was not yet written`;
    }
    if (!isSeen && read.latest && write.outcome === "done" && write.returned < read.called) {
      return `a read at ${at} ms missed ${write.token}, acknowledged before`;
    }
  }
  return null;
}

/** A number that writes only add to: it is what was acknowledged, and at most what may have been. */
export function counterFault(
  where: string,
  writes: readonly TokenWrite[],
  final: number,
): string | null {
  const count = (outcome: Outcome) => writes.filter((write) => write.outcome === outcome).length;
  const [least, more] = [count("done"), count("unknown")];
  if (final >= least && final <= least + more) return null;
  return `${where}: it is ${final} after ${least} additions and ${more} that are not known`;
}
