/** Who is right, case by case, and what must hold in every case there is. */
import assert from "node:assert/strict";
import { type Ballot, judge, type OwnBallot, votesOf } from "./verdict.ts";

/**
 * Copies in a word, the one that judges first: a letter for what a copy holds, `-` for one that
 * cannot say, `?` for one that has not answered yet; `*` behind the primary.
 */
function outcome(copies: string): string {
  const ballots: Ballot[] = [];
  let awaited = 0;
  for (const [, letter = "", star] of copies.matchAll(/([a-z?-])(\*?)/g)) {
    const content = letter === "-" ? null : letter;
    if (letter === "?") awaited++;
    else ballots.push({ rid: ballots.length + 1, content, isPrimary: star === "*" });
  }
  const [own, ...others] = ballots;
  assert.ok(own !== undefined && own.content !== null, copies);
  const verdict = judge({ own: own as OwnBallot, others, awaited });
  return `${verdict.outcome} ${votesOf(verdict)}`;
}

const CASES: readonly (readonly [copies: string, outcome: string, why: string])[] = [
  ["a*", "won 1:0", "the only copy agrees with itself"],
  ["aa*a", "won 3:0", "all agree"],
  ["aa?", "won 2:0", "two of three decide without the third"],
  ["aa?*", "won 2:0", "whoever the third is"],
  ["a??", "open 1:0", "one of three decides nothing"],
  ["ab?", "open 1:1", "the third decides"],
  ["aba*", "won 2:1", "two against one"],
  ["aab*", "won 2:1", "two against one, the primary being the one"],
  ["abb*", "lost 1:2", "one against two"],
  ["a*bb", "lost 1:2", "the primary too is outvoted"],
  ["abb?", "open 1:2", "two of four are no majority"],
  ["abbb", "lost 1:3", "three of four are"],
  ["abbb?", "lost 1:3", "three of five are, whatever the fifth says"],
  ["ab-", "undecided 1:1", "a tie, the primary silent"],
  ["ab*", "lost 1:1", "of two copies the primary's is right"],
  ["a*b", "won 1:1", "from the primary's side too"],
  ["ab*-", "lost 1:1", "the third being silent makes two copies of three"],
  ["ab-*", "undecided 1:1", "a primary that cannot say decides nothing"],
  ["abc*", "lost 1:2", "all three differ: the primary's is right"],
  ["a*bc", "won 1:2", "all three differ: the primary's is right"],
  ["abc", "undecided 1:2", "all three differ and none is the primary"],
  ["a-", "undecided 1:0", "of two copies one alone cannot tell"],
  ["a*-", "won 1:0", "but the primary can"],
  ["a--", "undecided 1:0", "nor can one of three"],
  ["a*--", "won 1:0", "but the primary can"],
  ["aa--", "won 2:0", "two that agree while the others are silent"],
  ["abb--", "lost 1:2", "the larger side of those who spoke"],
  ["aab--", "won 2:1", "the larger side of those who spoke"],
  ["aabb*", "lost 2:2", "two against two with the primary"],
  ["aa*bb", "won 2:2", "two with the primary against two"],
  ["aabb", "undecided 2:2", "two against two"],
  ["aabbc*", "lost 2:3", "two sides of one size, and a primary of neither"],
];

Deno.test("verdict: each case is decided as the rules say", () => {
  for (const [copies, expected, why] of CASES) assert.equal(outcome(copies), expected, why);
});

Deno.test("verdict: agreeing and dissenting copies are named in order", () => {
  const own = { rid: 5, content: "a", isPrimary: false };
  const ballot = (rid: number, content: string | null) => ({ rid, content, isPrimary: false });
  const others = [ballot(9, "b"), ballot(2, "a"), ballot(4, null), ballot(3, "c")];
  const { agree, dissent } = judge({ own, others, awaited: 0 });
  assert.deepEqual({ agree, dissent }, { agree: [2, 5], dissent: [3, 9] });
});

/** Every way in which so many copies can hold one of a few contents or be silent. */
function* everyCase(copies: number, contents: readonly (string | null)[]): Generator<Ballot[]> {
  for (let code = 0; code < contents.length ** copies; code++) {
    const held = Array.from(
      { length: copies },
      (_, at) => contents[Math.floor(code / contents.length ** at) % contents.length] ?? null,
    );
    for (let primary = -1; primary < copies; primary++) {
      yield held.map((content, at) => ({ rid: at + 1, content, isPrimary: at === primary }));
    }
  }
}

/** As each copy that can say something sees it once all have been heard. */
function verdicts(ballots: readonly Ballot[]): readonly { content: string; outcome: string }[] {
  return ballots.flatMap((own) => {
    if (own.content === null) return [];
    const others = ballots.filter(({ rid }) => rid !== own.rid);
    const { outcome } = judge({ own: own as OwnBallot, others, awaited: 0 });
    return [{ content: own.content, outcome }];
  });
}

Deno.test("verdict: of copies that differ no two win, and a majority always does", () => {
  let cases = 0;
  for (let copies = 1; copies <= 5; copies++) {
    for (const ballots of everyCase(copies, ["a", "b", "c", null])) {
      cases++;
      const seen = verdicts(ballots);
      const words = JSON.stringify(ballots);
      const winners = new Set(seen.filter((each) => each.outcome === "won").map((w) => w.content));
      assert.ok(winners.size <= 1, words);
      assert.ok(!seen.some(({ outcome }) => outcome === "open"), words);
      for (const { content } of seen) {
        const side = seen.filter((each) => each.content === content);
        if (side.length <= copies / 2) continue;
        assert.ok(side.every(({ outcome }) => outcome === "won"), words);
        assert.ok(seen.every((each) => (each.outcome === "won") === (each.content === content)));
      }
    }
  }
  assert.ok(cases > 5000);
});

Deno.test("verdict: what is decided early is not decided otherwise by those who come late", () => {
  for (let copies = 2; copies <= 5; copies++) {
    for (const ballots of everyCase(copies, ["a", "b", null])) {
      const [own, ...others] = ballots;
      if (own === undefined || own.content === null) continue;
      const mine = own as OwnBallot;
      const final = judge({ own: mine, others, awaited: 0 }).outcome;
      for (let heard = 0; heard < others.length; heard++) {
        const early = judge({
          own: mine,
          others: others.slice(0, heard),
          awaited: others.length - heard,
        }).outcome;
        if (early !== "open") assert.equal(early, final, JSON.stringify({ ballots, heard }));
      }
    }
  }
});
