/** The totals `deno test` prints, found in its output and added up. */

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

export const NO_TESTS: Totals = { passed: 0, failed: 0, ignored: 0 };

// deno-lint-ignore no-control-regex
const COLORS = /\x1b\[[0-9;]*m/g;
/** As in `ok | 12 passed (3 steps) | 0 failed | 1 ignored (25s)`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?/;

/** The sum over every run of `deno test` in this output. */
export function totalsIn(output: string): Totals {
  return output.replaceAll(COLORS, "").split("\n").reduce((sum, line) => {
    const match = SUMMARY.exec(line);
    return match === null ? sum : add(sum, totalsOf(match));
  }, NO_TESTS);
}

export function add(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    ignored: a.ignored + b.ignored,
  };
}

function totalsOf(match: RegExpExecArray): Totals {
  const [, passed, failed, ignored] = match;
  return { passed: Number(passed), failed: Number(failed), ignored: Number(ignored ?? 0) };
}
