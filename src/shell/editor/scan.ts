/** SQL as it is being typed, cut into words and such: finds a meaning in every text, whole or not. */

export type PartKind =
  | "word"
  /** In backticks. */
  | "name"
  | "string"
  | "number"
  | "comment"
  | "space"
  /** A command of the shell: `\dt`. */
  | "command"
  | "variable"
  | "symbol";

export interface Part {
  readonly kind: PartKind;
  readonly start: number;
  readonly text: string;
}

const KINDS = [
  ["space", /\s+/],
  ["comment", /\/\*[^]*?(?:\*\/|$)|--(?=\s|$)[^\n]*|#[^\n]*/],
  ["string", /'(?:[^'\\]|\\[^]|'')*(?:'|\\?$)|"(?:[^"\\]|\\[^]|"")*(?:"|\\?$)/],
  ["name", /`(?:[^`]|``)*(?:`|$)/],
  ["command", /\\(?:[A-Za-z]+|[^\s])?/],
  ["variable", /@@?[\w$.]*/],
  ["number", /(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)(?![\w$])/i],
  ["word", /[\w$\u0080-\uffff]+/],
  ["symbol", /[^]/],
] as const satisfies readonly (readonly [PartKind, RegExp])[];

const ANY = new RegExp(KINDS.map(([, pattern]) => `(${pattern.source})`).join("|"), "giy");

/** Parts that put together again are the text. */
export function scan(text: string): readonly Part[] {
  const parts: Part[] = [];
  for (const match of text.matchAll(ANY)) {
    const at = KINDS.findIndex((_kind, index) => match[index + 1] !== undefined);
    const kind = KINDS[at]?.[0] ?? "symbol";
    parts.push({ kind, start: match.index, text: match[0] });
  }
  return parts;
}

/** Without space and comments. */
export function meaningful(parts: readonly Part[]): readonly Part[] {
  return parts.filter(({ kind }) => kind !== "space" && kind !== "comment");
}

/** A name as it is called, without its backticks. */
export function nameOf({ kind, text }: Part): string {
  return kind === "name" ? text.replace(/^`|`$/g, "").replaceAll("``", "`") : text;
}
