/** Finds the word somebody probably meant. */

/** The nearest word within a third of the length in edits, or null. */
export function suggest(typed: string, words: readonly string[]): string | null {
  const edits = words.map((word) => ({ word, count: editDistance(typed, word) }));
  edits.sort((a, b) => a.count - b.count || a.word.localeCompare(b.word));
  const best = edits[0];
  if (best === undefined) return null;
  const near = Math.max(1, Math.floor(Math.max(typed.length, best.word.length) / 3));
  if (best.count <= near) return best.word;
  return typed.length >= 3 ? words.find((word) => word.startsWith(typed)) ?? null : null;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      if (isSwap) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
