/** A statement's tokens as a tree: what parentheses enclose is one node. */
import { MinisqlError } from "../../protocol/errors.ts";
import { lex, significant, type Token } from "../lexer.ts";
import { syntaxError } from "../syntax_error.ts";

export interface Group {
  readonly kind: "group";
  readonly items: readonly Node[];
  /** Offsets in the text, the parentheses included. */
  readonly start: number;
  readonly end: number;
}

export type Node = Token | Group;

/** Deeper than people and programs write, and well within what the stack holds. */
const NESTING_MAX = 500;

/** The tree of a text without executable comments. A `;` at its end is left out. */
export function treeOf(sql: string): readonly Node[] {
  const open: { readonly token: Token; readonly outer: Node[] }[] = [];
  let items: Node[] = [];
  for (const token of significant(lex(sql))) {
    if (token.upper === "(") {
      open.push({ token, outer: items });
      if (open.length > NESTING_MAX) throw tooDeep();
      items = [];
    } else if (token.upper === ")") {
      const last = open.pop();
      if (last === undefined) throw syntaxError(sql, token.start);
      last.outer.push({ kind: "group", items, start: last.token.start, end: token.end });
      items = last.outer;
    } else {
      items.push(token);
    }
  }
  if (open.length > 0) throw syntaxError(sql, sql.length);
  const isBlank = (node: Node) => node.kind !== "group" && node.upper === ";";
  return items.filter((node) => !isBlank(node));
}

function tooDeep(): MinisqlError {
  return new MinisqlError(
    "UNSUPPORTED",
    `Cannot read the statement: parentheses are nested more than ${NESTING_MAX} deep`,
  );
}

export function isGroup(node: Node | undefined): node is Group {
  return node?.kind === "group";
}

/** The word or sign at a place; empty for a group, a literal, a name in backticks or behind a dot. */
export function upperAt(nodes: readonly Node[], at: number): string {
  const node = nodes[at];
  if (node === undefined || node.kind === "group") return "";
  if (node.kind === "word" && signAt(nodes, at - 1) === ".") return "";
  return node.upper;
}

function signAt(nodes: readonly Node[], at: number): string {
  const node = nodes[at];
  return node === undefined || node.kind === "group" ? "" : node.upper;
}

/** Whether these words or signs stand from this place on. */
export function looksAt(nodes: readonly Node[], at: number, ...words: readonly string[]): boolean {
  return words.every((word, ahead) => upperAt(nodes, at + ahead) === word);
}

/** Index of the first of these words at this level, or -1. */
export function indexOfWord(nodes: readonly Node[], words: ReadonlySet<string>, from = 0): number {
  for (let at = from; at < nodes.length; at++) if (words.has(upperAt(nodes, at))) return at;
  return -1;
}

export function hasWord(nodes: readonly Node[], ...words: readonly string[]): boolean {
  return indexOfWord(nodes, new Set(words)) >= 0;
}

/** The name at a place, without quotes, or null. Which words are names only a parser can tell. */
export function nameAt(nodes: readonly Node[], at: number): string | null {
  const node = nodes[at];
  return node?.kind === "word" || node?.kind === "quoted_name" ? node.value : null;
}

/** The parts between commas. */
export function listItems(nodes: readonly Node[]): readonly (readonly Node[])[] {
  return splitAt(nodes, (at) => upperAt(nodes, at) === ",");
}

/** The parts between the places that `isBorder` says. */
export function splitAt(
  nodes: readonly Node[],
  isBorder: (at: number) => boolean,
): readonly (readonly Node[])[] {
  const parts: (readonly Node[])[] = [];
  let from = 0;
  for (let at = 0; at < nodes.length; at++) {
    if (!isBorder(at)) continue;
    parts.push(nodes.slice(from, at));
    from = at + 1;
  }
  parts.push(nodes.slice(from));
  return parts;
}

/** A reference to a column, `a`, `t.a` or `db.t.a`, and nothing else; null for all else. */
export interface ColumnRef {
  readonly table: string | null;
  readonly column: string;
}

export function columnRef(nodes: readonly Node[]): ColumnRef | null {
  if (nodes.length !== 1 && nodes.length !== 3 && nodes.length !== 5) return null;
  const names: string[] = [];
  for (let at = 0; at < nodes.length; at += 2) {
    const name = nameAt(nodes, at);
    if (name === null || (at > 0 && signAt(nodes, at - 1) !== ".")) return null;
    names.push(name);
  }
  return { table: names.at(-2) ?? null, column: names.at(-1) ?? "" };
}
