/** JSON paths: `$.a[0]."b c"`, with the wildcards `*`, `[*]` and `**`. */
import { sqlError } from "../../protocol/errors.ts";
import { isJsonArray, isJsonObject, type Json } from "./functions_json_value.ts";

export type PathStep =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly at: number; readonly fromEnd: boolean }
  | { readonly kind: "any_key" | "any_index" | "anywhere" };

const STEP =
  /\s*(?:\.\s*(?:([\p{L}_$][\p{L}\p{N}_$-]*|\d+[\p{L}\p{N}_$-]*)|"((?:[^"\\]|\\.)*)"|(\*))|\[\s*(?:(\d+)|(\*)|(last)(?:\s*-\s*(\d+))?)\s*\]|(\*\*))/uy;

/** Reads a path; raises MySQL's error where it is none. */
export function parsePath(text: string): readonly PathStep[] {
  const trimmed = text.trim();
  if (!trimmed.startsWith("$")) throw badPath(text);
  const steps: PathStep[] = [];
  let at = 1;
  while (at < trimmed.length) {
    STEP.lastIndex = at;
    const found = STEP.exec(trimmed);
    if (found === null) throw badPath(text);
    steps.push(stepOf(found));
    at += found[0].length;
  }
  if (steps.at(-1)?.kind === "anywhere") throw badPath(text);
  return steps;
}

function stepOf(found: RegExpExecArray): PathStep {
  const [, bare, quoted, anyKey, index, anyIndex, last, before] = found;
  if (bare !== undefined) return { kind: "key", key: bare };
  if (quoted !== undefined) return { kind: "key", key: JSON.parse(`"${quoted}"`) as string };
  if (anyKey !== undefined) return { kind: "any_key" };
  if (index !== undefined) return { kind: "index", at: Number(index), fromEnd: false };
  if (anyIndex !== undefined) return { kind: "any_index" };
  if (last !== undefined) return { kind: "index", at: Number(before ?? 0), fromEnd: true };
  return { kind: "anywhere" };
}

function badPath(text: string): Error {
  return sqlError(3143, "42000", `Invalid JSON path expression: '${text}'`);
}

export function hasWildcard(steps: readonly PathStep[]): boolean {
  return steps.some((step) => step.kind.startsWith("any"));
}

/** Every value the path leads to, in the order of the document. */
export function follow(value: Json, steps: readonly PathStep[]): readonly Json[] {
  let found: readonly Json[] = [value];
  for (const step of steps) found = found.flatMap((each) => stepInto(each, step));
  return found;
}

function stepInto(value: Json, step: PathStep): readonly Json[] {
  switch (step.kind) {
    case "key": {
      const inner = isJsonObject(value) ? value.get(step.key) : undefined;
      return inner === undefined ? [] : [inner];
    }
    case "index": {
      if (!isJsonArray(value)) return positionOf(step, 1) === 0 ? [value] : [];
      const inner = value[positionOf(step, value.length)];
      return inner === undefined ? [] : [inner];
    }
    case "any_key":
      return isJsonObject(value) ? [...value.values()] : [];
    case "any_index":
      return isJsonArray(value) ? value : [];
    case "anywhere":
      return everything(value);
  }
}

/** The index a step means in an array of that length. */
export function positionOf(step: PathStep & { readonly kind: "index" }, length: number): number {
  return step.fromEnd ? length - 1 - step.at : step.at;
}

function everything(value: Json): readonly Json[] {
  const inner = isJsonArray(value) ? value : isJsonObject(value) ? [...value.values()] : [];
  return [value, ...inner.flatMap(everything)];
}

/** What to do with the place a path leads to; undefined for the old value means there is none. */
export type Change = (old: Json | undefined) => Json | undefined;

/** The document with one place changed; the same where the path leads nowhere. */
export function changeAt(value: Json, steps: readonly PathStep[], change: Change): Json {
  const [step, ...rest] = steps;
  if (step === undefined) {
    const next = change(value);
    return next === undefined ? value : next;
  }
  if (step.kind === "key" && isJsonObject(value)) {
    const entries = new Map(value);
    const old = value.get(step.key);
    const next = inner(old, rest, change);
    if (next !== undefined) entries.set(step.key, next);
    else entries.delete(step.key);
    return entries;
  }
  if (step.kind !== "index") return value;
  // A value that is no array counts as an array of itself.
  if (!isJsonArray(value)) {
    if (positionOf(step, 1) === 0) return changeAt(value, rest, change);
    const added = rest.length === 0 ? change(undefined) : undefined;
    return added === undefined ? value : [value, added];
  }
  return changeItem(value, positionOf(step, value.length), rest, change);
}

function changeItem(
  items: readonly Json[],
  position: number,
  rest: readonly PathStep[],
  change: Change,
): Json {
  const next = inner(items[position], rest, change);
  if (position >= items.length) return next === undefined ? items : [...items, next];
  if (next === undefined) return items.toSpliced(position, 1);
  return items.with(position, next);
}

function inner(old: Json | undefined, rest: readonly PathStep[], change: Change): Json | undefined {
  if (rest.length === 0) return change(old);
  return old === undefined ? undefined : changeAt(old, rest, change);
}
