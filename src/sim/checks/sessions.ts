/** What one session may count on: it never goes back, and sees what it wrote itself. */

/** An answer of a region to a session, in the order the session got them. */
export interface Seen {
  readonly region: string;
  readonly kind: "read" | "write";
  readonly epoch: number;
  readonly seq: number;
  readonly at: number;
}

/** What is wrong with one session's answers, or null. */
export function sessionFault(session: string, answers: readonly Seen[]): string | null {
  const reached = new Map<string, Seen>();
  for (const answer of answers) {
    const before = reached.get(answer.region);
    const place = `session ${session} in ${answer.region}`;
    if (before !== undefined) {
      const behind = answer.kind === "write" ? answer.seq <= before.seq : answer.seq < before.seq;
      // Two writes never share a position in one session: it waits for one before the next.
      const isSame = answer.kind === "write" && before.kind === "read" && answer.seq === before.seq;
      if (behind && !isSame) {
        return `${place}: a ${answer.kind} at ${answer.seq} came after a ${before.kind} at ` +
          `${before.seq} (${before.at.toFixed(1)}, ${answer.at.toFixed(1)} ms)`;
      }
    }
    reached.set(answer.region, answer);
  }
  return null;
}
