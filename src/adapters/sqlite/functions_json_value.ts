/** JSON read into a tree that keeps numbers as they were written, and printed as MariaDB prints it. */

export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonObject = ReadonlyMap<string, Json>;
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** Deeper documents are refused, as servers refuse them. */
const DEPTH_MAX = 100;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// deno-lint-ignore no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;

/** The document, or undefined where the text is none. */
export function parseJson(text: string): Json | undefined {
  const parser = new Parser(text);
  const value = parser.value(0);
  return value !== undefined && parser.atEnd() ? value : undefined;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#match(SPACE);
    return this.#at === this.#text.length;
  }

  value(depth: number): Json | undefined {
    this.#match(SPACE);
    const character = this.#text.charAt(this.#at);
    if (depth > DEPTH_MAX) return undefined;
    if (character === "{") return this.#object(depth);
    if (character === "[") return this.#array(depth);
    if (character === '"') return this.#string();
    for (const [word, value] of [["null", null], ["true", true], ["false", false]] as const) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const number = this.#match(NUMBER);
    return number === null || number === "" ? undefined : new JsonNumber(number);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #take(sign: string): boolean {
    this.#match(SPACE);
    if (this.#text.charAt(this.#at) !== sign) return false;
    this.#at++;
    return true;
  }

  #string(): string | undefined {
    const found = this.#match(STRING);
    return found === null ? undefined : JSON.parse(found) as string;
  }

  #array(depth: number): Json | undefined {
    this.#take("[");
    const items: Json[] = [];
    if (this.#take("]")) return items;
    do {
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    } while (this.#take(","));
    return this.#take("]") ? items : undefined;
  }

  #object(depth: number): Json | undefined {
    this.#take("{");
    const entries = new Map<string, Json>();
    if (this.#take("}")) return entries;
    do {
      this.#match(SPACE);
      const key = this.#string();
      if (key === undefined || !this.#take(":")) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      if (!entries.has(key)) entries.set(key, value);
    } while (this.#take(","));
    return this.#take("}") ? entries : undefined;
  }
}

export function isJsonObject(value: Json): value is JsonObject {
  return value instanceof Map;
}

export function isJsonArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Compact but for a space behind each comma and colon. */
export function printJson(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return quoteJson(value);
  if (value instanceof JsonNumber) return value.text;
  if (isJsonArray(value)) return `[${value.map(printJson).join(", ")}]`;
  const entries = [...value].map(([key, each]) => `${quoteJson(key)}: ${printJson(each)}`);
  return `{${entries.join(", ")}}`;
}

export function quoteJson(text: string): string {
  return JSON.stringify(text);
}

/** How deep a document goes: 1 for a scalar. */
export function jsonDepth(value: Json): number {
  const inner = isJsonArray(value) ? value : isJsonObject(value) ? [...value.values()] : [];
  return 1 + inner.reduce((deepest: number, each) => Math.max(deepest, jsonDepth(each)), 0);
}

/** Whether two values mean the same; numbers by value, objects whatever the order of their keys. */
export function sameJson(a: Json, b: Json): boolean {
  if (a instanceof JsonNumber && b instanceof JsonNumber) return Number(a.text) === Number(b.text);
  if (isJsonArray(a) && isJsonArray(b)) {
    return a.length === b.length && a.every((each, at) => sameJson(each, b[at] ?? null));
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    return a.size === b.size && [...a].every(([key, each]) => {
      const other = b.get(key);
      return other !== undefined && sameJson(each, other);
    });
  }
  return a === b;
}
