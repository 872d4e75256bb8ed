/** SHOW, which has no tables to be told by: of all tables, of one, or of the server that is asked. */
import type { StatementKind } from "../sql/statement_kind.ts";
import { Cursor } from "../sql/cursor.ts";
import { unsupported } from "../sql/guard/verdict.ts";
import type { Token } from "../sql/lexer.ts";

export type Show =
  /** SHOW TABLES: only the master knows all of them. */
  | { readonly kind: "tables"; readonly full: boolean; readonly like: string | null }
  /** Of one table, which every copy of it can tell. */
  | { readonly kind: "table"; readonly table: string }
  /** SHOW WARNINGS and its kin: the session knows. */
  | ConditionsShow
  /** What is alike on all servers, as sessions are pinned. */
  | { readonly kind: "server" };

export interface ConditionsShow {
  readonly kind: "conditions";
  readonly errorsOnly: boolean;
  /** How many there are. */
  readonly counts: boolean;
  readonly from: number;
  readonly most: number | null;
}

/** What any server may answer: nothing of it is about tables. */
const SERVER_WORDS = new Set([
  ...["DATABASES", "SCHEMAS", "VARIABLES", "STATUS", "ENGINES", "STORAGE", "COLLATION", "CHARSET"],
  ...["CHARACTER", "GRANTS", "PRIVILEGES", "PROCESSLIST", "PLUGINS"],
]);

export function readShow(sql: string, tokens: readonly Token[]): Show {
  const cursor = new Cursor(sql, tokens);
  cursor.expect("SHOW");
  const full = readModifiers(cursor);
  const word = cursor.next().upper;
  switch (word) {
    case "TABLES":
      return readTables(cursor, full);
    case "COLUMNS":
    case "FIELDS":
    case "INDEX":
    case "INDEXES":
    case "KEYS":
      return readOneTable(cursor);
    case "CREATE":
      if (cursor.take("TABLE")) return { kind: "table", table: tableName(cursor) };
      if (cursor.takeOneOf("DATABASE", "SCHEMA") !== null) return { kind: "server" };
      throw refused(`SHOW CREATE ${cursor.peek().text}`);
    case "TABLE":
      throw unsupported(
        "SHOW TABLE STATUS",
        "each server knows of its own copies only",
        "write SHOW TABLES, and COUNT(*) or SHOW CREATE TABLE for one of them",
      );
    case "WARNINGS":
    case "ERRORS":
      return readConditions(cursor, word, false);
    case "COUNT":
      for (const sign of ["(", "*", ")"]) cursor.expect(sign);
      return readConditions(cursor, cursor.next().upper, true);
    default:
      if (SERVER_WORDS.has(word)) return { kind: "server" };
      throw refused(`SHOW ${word}`);
  }
}

function readModifiers(cursor: Cursor): boolean {
  let full = false;
  for (;;) {
    const word = cursor.takeOneOf("FULL", "EXTENDED", "GLOBAL", "SESSION", "LOCAL");
    if (word === null) return full;
    if (word === "FULL") full = true;
  }
}

function readTables(cursor: Cursor, full: boolean): Show {
  if (cursor.takeOneOf("FROM", "IN") !== null) throw otherDatabase(cursor.name());
  if (cursor.looksAt("WHERE")) {
    throw unsupported("SHOW TABLES … WHERE", "the master keeps names only", "write LIKE");
  }
  let like: string | null = null;
  if (cursor.take("LIKE")) {
    const { kind, value } = cursor.next();
    // A parameter's value comes later, and the text is then read anew.
    if (kind !== "string" && kind !== "parameter") throw cursor.fault(cursor.previous);
    like = value;
  }
  requireEnd(cursor);
  return { kind: "tables", full, like };
}

/** `LIMIT [from,] most` may follow what is not a count. */
function readConditions(cursor: Cursor, word: string, counts: boolean): Show {
  if (word !== "WARNINGS" && word !== "ERRORS") throw cursor.fault(cursor.previous);
  const limits: number[] = [];
  if (!counts && cursor.take("LIMIT")) {
    do limits.push(readCount(cursor)); while (limits.length < 2 && cursor.take(","));
  }
  requireEnd(cursor);
  const from = limits.length === 2 ? limits[0] ?? 0 : 0;
  return {
    kind: "conditions",
    errorsOnly: word === "ERRORS",
    counts,
    from,
    most: limits.at(-1) ?? null,
  };
}

function readCount(cursor: Cursor): number {
  const { kind, text } = cursor.next();
  if (kind !== "number" || !/^\d+$/.test(text)) throw cursor.fault(cursor.previous);
  return Number(text);
}

function readOneTable(cursor: Cursor): Show {
  if (cursor.takeOneOf("FROM", "IN") === null) throw cursor.fault();
  const table = tableName(cursor);
  if (cursor.takeOneOf("FROM", "IN") !== null) throw otherDatabase(cursor.name());
  return { kind: "table", table };
}

function tableName(cursor: Cursor): string {
  const name = cursor.name();
  if (cursor.take(".")) throw otherDatabase(name);
  return name;
}

function requireEnd(cursor: Cursor): void {
  while (cursor.take(";"));
  if (!cursor.done) throw cursor.fault();
}

function otherDatabase(name: string) {
  return unsupported(`SHOW … of ${name}`, "a cluster is one database", "leave its name out");
}

function refused(what: string) {
  return unsupported(what, "each server would answer for itself alone");
}

/** Kinds that tell what a table is made of: nothing in them could be voted on. */
export function tellsOfSchema(kind: StatementKind): boolean {
  return kind === "show" || kind === "describe" || kind === "explain";
}

/** Whether a name is as LIKE has it: `%` any text, `_` one character, a backslash before either. */
export function isLike(name: string, pattern: string): boolean {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern.charAt(at);
    const next = pattern.charAt(at + 1);
    if (char === "\\" && next !== "") source += RegExp.escape(pattern.charAt(++at));
    else source += char === "%" ? ".*" : char === "_" ? "." : RegExp.escape(char);
  }
  return new RegExp(`^${source}$`, "isu").test(name);
}
