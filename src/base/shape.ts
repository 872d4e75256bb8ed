/**
 * Runtime shapes: one declaration gives a type, a validator and words for a person. Data from
 * outside is shaped once, at the edge; past it the types are true and nobody checks again.
 */

export interface Shape<T> {
  /** What fits, in words, for error messages and the protocol page. */
  readonly words: string;
  /** True when the value fits; the only part that runs on good data, so it allocates nothing. */
  fits(value: unknown): value is T;
  /** Where and why a value that does not fit fails. Called only after `fits` said no. */
  fault(value: unknown, path: string): string;
}

export type Infer<S> = S extends Shape<infer T> ? T : never;

/** A field that may be absent. Only meaningful inside `object`. */
export interface OptionalShape<T> extends Shape<T> {
  readonly optional: true;
}

type Fields = Readonly<Record<string, Shape<unknown>>>;

type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never;
}[keyof F];

type Flat<T> = { [K in keyof T]: T[K] };

export type InferFields<F extends Fields> = Flat<
  & { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> }
  & { readonly [K in OptionalKeys<F>]?: Infer<F[K]> }
>;

export interface ObjectShape<F extends Fields> extends Shape<InferFields<F>> {
  readonly fields: F;
}

const VALUE_WORDS_MAX = 60;
const PREVIEW_ITEMS_MAX = 10;
const PREVIEW_DEPTH_MAX = 3;

function wordsOf(value: unknown): string {
  return shortened(preview(value, 0));
}

function shortened(words: string): string {
  return words.length > VALUE_WORDS_MAX ? `${words.slice(0, VALUE_WORDS_MAX)}…` : words;
}

/** As JSON says it, but for what it does not say, and in no more time than the message is worth. */
function preview(value: unknown, depth: number): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return String(value);
  const isList = Array.isArray(value);
  if (depth === PREVIEW_DEPTH_MAX) return isList ? "[…]" : "{…}";
  const inner = (each: unknown) => preview(each, depth + 1);
  if (isList) return `[${value.slice(0, PREVIEW_ITEMS_MAX).map(inner).join(",")}]`;
  const entries = Object.entries(value).slice(0, PREVIEW_ITEMS_MAX);
  return `{${entries.map(([key, each]) => `${quoted(key)}:${inner(each)}`).join(",")}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, VALUE_WORDS_MAX + 1));
}

/** How a message calls the value at a path: the whole has no name. */
function nameOf(path: string): string {
  return path === "" ? "it" : path;
}

function inside(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function notAnObject(value: unknown, path: string): string {
  return `${nameOf(path)} must be an object, not ${wordsOf(value)}`;
}

function leaf<T>(words: string, fits: (value: unknown) => boolean): Shape<T> {
  return {
    words,
    fits: fits as (value: unknown) => value is T,
    fault: (value, path) => `${nameOf(path)} must be ${words}, not ${wordsOf(value)}`,
  };
}

export interface TextLimits {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly words?: string;
}

/** Text whose length in UTF-16 units is within the limits. */
export function text(limits: TextLimits = {}): Shape<string> {
  const { min = 0, max = Infinity, pattern } = limits;
  const range = max === Infinity
    ? (min > 0 ? " that is not empty" : "")
    : ` of ${min} to ${max} characters`;
  return leaf(
    limits.words ?? `text${range}`,
    (value) =>
      typeof value === "string" && value.length >= min && value.length <= max &&
      (pattern === undefined || pattern.test(value)),
  );
}

/** A whole number that a double holds exactly. */
export function integer(
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
): Shape<number> {
  const range = min === Number.MIN_SAFE_INTEGER && max === Number.MAX_SAFE_INTEGER
    ? ""
    : max === Number.MAX_SAFE_INTEGER
    ? ` of at least ${min}`
    : ` from ${min} to ${max}`;
  return leaf(
    `a whole number${range}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  );
}

export const number: Shape<number> = leaf("a number", (value) => Number.isFinite(value));

export const boolean: Shape<boolean> = leaf(
  "true or false",
  (value) => typeof value === "boolean",
);

/** Anything JSON can say. */
export const json: Shape<unknown> = leaf("any JSON", (value) => value !== undefined);

/** One of a fixed list of words. */
export function oneOf<const T extends readonly string[]>(values: T): Shape<T[number]> {
  const allowed = new Set<unknown>(values);
  return leaf(values.map((value) => `"${value}"`).join(" or "), (value) => allowed.has(value));
}

export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  return {
    words: `${inner.words}, or null`,
    fits: (value): value is T | null => value === null || inner.fits(value),
    fault: (value, path) => inner.fault(value, path),
  };
}

export function optional<T>(inner: Shape<T>): OptionalShape<T> {
  return {
    optional: true,
    words: `${inner.words}, or absent`,
    fits: (value): value is T => value === undefined || inner.fits(value),
    fault: (value, path) => inner.fault(value, path),
  };
}

export function array<T>(item: Shape<T>, max = Infinity): Shape<readonly T[]> {
  const words = `a list of ${item.words}`;
  return {
    words,
    fits(value): value is readonly T[] {
      if (!Array.isArray(value) || value.length > max) return false;
      for (let i = 0; i < value.length; i++) if (!item.fits(value[i])) return false;
      return true;
    },
    fault(value, path) {
      const name = nameOf(path);
      if (!Array.isArray(value)) return `${name} must be ${words}, not ${wordsOf(value)}`;
      if (value.length > max) return `${name} must have at most ${max} items, not ${value.length}`;
      const at = value.findIndex((each) => !item.fits(each));
      return item.fault(value[at], `${path}[${at}]`);
    },
  };
}

/** An object used as a dictionary: any keys, values of one shape. */
export function record<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  const words = `an object of ${item.words}`;
  return {
    words,
    fits(value): value is Readonly<Record<string, T>> {
      return isPlainObject(value) && Object.values(value).every((each) => item.fits(each));
    },
    fault(value, path) {
      if (!isPlainObject(value)) return `${nameOf(path)} must be ${words}, not ${wordsOf(value)}`;
      const [key, bad] = Object.entries(value).find(([, each]) => !item.fits(each)) ?? ["?", null];
      return item.fault(bad, inside(path, shortened(key)));
    },
  };
}

/** An object with known fields. Fields it does not know are let through: a newer peer may send more. */
export function object<const F extends Fields>(fields: F): ObjectShape<F> {
  const entries = Object.entries(fields);
  const words = `{ ${entries.map(([key, shape]) => `${key}: ${shape.words}`).join("; ")} }`;
  return {
    words,
    fields,
    fits(value): value is InferFields<F> {
      if (!isPlainObject(value)) return false;
      for (const [key, shape] of entries) if (!shape.fits(own(value, key))) return false;
      return true;
    },
    fault(value, path) {
      if (!isPlainObject(value)) return notAnObject(value, path);
      const bad = entries.find(([key, shape]) => !shape.fits(own(value, key)));
      if (bad === undefined) return `${nameOf(path)} is fine`;
      return bad[1].fault(own(value, bad[0]), inside(path, bad[0]));
    },
  };
}

/** A union of objects told apart by one field that holds the member's name. */
export function union<const K extends string, const M extends Readonly<Record<string, Fields>>>(
  tag: K,
  members: M,
): Shape<
  { [N in keyof M & string]: Flat<{ readonly [T in K]: N } & InferFields<M[N]>> }[keyof M & string]
> {
  type Value = { [N in keyof M & string]: Flat<{ readonly [T in K]: N } & InferFields<M[N]>> }[
    & keyof M
    & string
  ];
  const shapes = new Map<unknown, ObjectShape<Fields>>();
  for (const [name, fields] of Object.entries(members)) shapes.set(name, object(fields));
  const names = [...shapes.keys()].map((name) => `"${name}"`).join(" or ");
  return {
    words: `an object whose ${tag} is ${names}`,
    fits(value): value is Value {
      return isPlainObject(value) && (shapes.get(own(value, tag))?.fits(value) ?? false);
    },
    fault(value, path) {
      if (!isPlainObject(value)) return notAnObject(value, path);
      const shape = shapes.get(own(value, tag));
      if (shape !== undefined) return shape.fault(value, path);
      return `${inside(path, tag)} must be ${names}, not ${wordsOf(own(value, tag))}`;
    },
  };
}

/** The values of `Object.prototype` are nobody's fields: only what the object itself holds counts. */
function own(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
