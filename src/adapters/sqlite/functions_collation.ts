/** Comparison of text as utf8mb4_general_ci and utf8mb4_bin have it: by keys that SQLite compares. */
import { GENERAL_CI_RUNS } from "./functions_collation_table.ts";

/** Characters beyond the basic plane all have the weight of this one. */
const REPLACEMENT = "\ufffd";

const WEIGHTS: ReadonlyMap<string, string> = readWeights(GENERAL_CI_RUNS);

function readWeights(runs: string): ReadonlyMap<string, string> {
  const weights = new Map<string, string>();
  for (const run of runs.split(/\s+/)) {
    const found = /^([0-9a-f]+)(?:([-~])([0-9a-f]+))?([=>])([0-9a-f]+)$/.exec(run);
    const [first, last, weight] = [found?.[1], found?.[3] ?? found?.[1], found?.[5]]
      .map((hex) => Number.parseInt(hex ?? "", 16));
    if (first === undefined || last === undefined || weight === undefined) continue;
    const step = found?.[2] === "~" ? 2 : 1;
    const rises = found?.[4] === ">" ? 1 : 0;
    for (let code = first; code <= last; code += step) {
      const key = String.fromCharCode(weight + rises * (code - first));
      weights.set(String.fromCharCode(code), key);
    }
  }
  return weights;
}

// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;

/** Each character replaced by its weight; the length in characters stays. */
export function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  let folded = "";
  for (const character of text) {
    folded += character.length > 1 ? REPLACEMENT : WEIGHTS.get(character) ?? character;
  }
  return folded;
}

/** Without the spaces at its end, which no comparison sees. */
export function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end--;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * A text that is equal for texts that general_ci finds equal, and sorts as they do. The space at
 * its end puts what goes on with a control character before what ends, as padding does.
 */
export function ciKey(text: string): string {
  return `${foldCase(withoutPadding(text))} `;
}

export function binKey(text: string): string {
  return `${withoutPadding(text)} `;
}

/** Below, equal or above zero by the order of code points. */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** UTF-16 puts surrogates before the last characters of the basic plane; code points do not. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
