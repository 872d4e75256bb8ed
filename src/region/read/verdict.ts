/**
 * Who is right when copies differ. Pure: from what the copies in sync say they hold to whether one
 * of them may answer for itself.
 *
 * 1. More than half of the copies in sync decide, as soon as so many say the same.
 * 2. Where so many do not speak up in time, silence counts for nobody: of those who spoke, the
 *    larger side wins. A copy that nobody spoke up beside answers only if it is the primary, by
 *    whose log the others are judged; any other cannot tell.
 * 3. Between sides of one size, as there are with two copies, the primary's is right: what it has
 *    committed is what the log says. Where it is silent, or a majority has found it wrong before,
 *    nobody can tell.
 */

/** What a copy says that it holds. */
export interface Ballot {
  readonly rid: number;
  /** Equal for equal contents and for nothing else; null where it cannot say. */
  readonly content: string | null;
  readonly isPrimary: boolean;
}

export interface OwnBallot extends Ballot {
  readonly content: string;
}

export interface Count {
  readonly own: OwnBallot;
  /** Of the others, those who have answered, and what. */
  readonly others: readonly Ballot[];
  /** How many of the others may still answer. */
  readonly awaited: number;
}

export interface Verdict {
  /** `open`: another answer may decide. `undecided`: none is to come, and these do not suffice. */
  readonly outcome: "open" | "won" | "lost" | "undecided";
  /** Copies that hold the same as this one, itself included, in order. */
  readonly agree: readonly number[];
  /** Copies that hold something else, in order. */
  readonly dissent: readonly number[];
}

export function judge(count: Count): Verdict {
  const { own, others } = count;
  const same = others.filter(({ content }) => content === own.content);
  const different = others.filter(({ content }) => content !== null && content !== own.content);
  return {
    outcome: outcomeOf(count, 1 + same.length, different),
    agree: ridsOf([own, ...same]),
    dissent: ridsOf(different),
  };
}

function outcomeOf(
  { own, others, awaited }: Count,
  agree: number,
  different: readonly Ballot[],
): Verdict["outcome"] {
  const copies = 1 + others.length + awaited;
  const rivals = largestSide(different);
  if (agree > copies / 2) return "won";
  if (rivals > copies / 2) return "lost";
  if (awaited > 0) return "open";
  const spoke = agree + different.length;
  if (spoke === 1) return own.isPrimary ? "won" : "undecided";
  if (agree !== rivals) return agree > rivals ? "won" : "lost";
  const primary = [own, ...others].find(({ isPrimary }) => isPrimary);
  if (primary === undefined || primary.content === null) return "undecided";
  return primary.content === own.content ? "won" : "lost";
}

function largestSide(ballots: readonly Ballot[]): number {
  const sizes = new Map<string | null, number>();
  for (const { content } of ballots) sizes.set(content, (sizes.get(content) ?? 0) + 1);
  return Math.max(0, ...sizes.values());
}

function ridsOf(ballots: readonly Ballot[]): readonly number[] {
  return ballots.map(({ rid }) => rid).sort((a, b) => a - b);
}

/** "2:1", for people: how many hold what this copy holds, and how many something else. */
export function votesOf({ agree, dissent }: Verdict): string {
  return `${agree.length}:${dissent.length}`;
}
