/** What may stand at the cursor: commands, keywords, and names by what was typed before it. */
import { FUNCTIONS, isKeyword, KEYWORDS } from "./keywords.ts";
import { meaningful, nameOf, type Part, scan } from "./scan.ts";

/** Names there are in the database; slow to answer, and never wrong to be empty. */
export interface Names {
  databases(): Promise<readonly string[]>;
  tables(): Promise<readonly string[]>;
  columns(table: string): Promise<readonly string[]>;
  servers(): Promise<readonly string[]>;
}

export interface CompletionWords {
  /** `\dt`, `source`. */
  readonly commands: readonly string[];
  /** Beginnings of statements beside MySQL's own: `SHOW SERVERS`. */
  readonly statements: readonly string[];
}

export interface Completion {
  /** Where the word begins that is completed. */
  readonly start: number;
  /** Whole words, sorted. */
  readonly candidates: readonly string[];
}

const TABLE_FOLLOWS = new Set([
  ...["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "TABLES", "DESCRIBE", "DESC", "TRUNCATE"],
  ...["REFERENCES", "LIKE", "\\d", "\\log", "\\verify", "\\move"],
]);
/** Words that may stand between those and the table. */
const PASSED_OVER = new Set(["IF", "EXISTS", "NOT", "IGNORE", "LOW_PRIORITY", "ONLY"]);
const DATABASE_FOLLOWS = new Set(["USE", "DATABASE", "SCHEMA", "\\u"]);
const SERVER_FOLLOWS = new Set(["\\drain", "\\undrain"]);
const COLUMN_FOLLOWS = new Set([
  ...["SELECT", "WHERE", "AND", "OR", "ON", "BY", "SET", "HAVING", "NOT", "DISTINCT", "WHEN"],
  ...["THEN", "ELSE", "BETWEEN", "CASE", "(", ",", "=", "<", ">", "+", "-", "*", "/", "!"],
]);
const FIRST_WORDS: readonly string[] = [
  ...["ALTER", "ANALYZE", "BEGIN", "COMMIT", "CREATE", "DELETE", "DESCRIBE", "DROP", "EXPLAIN"],
  ...["INSERT", "RENAME", "REPLACE", "ROLLBACK", "SAVEPOINT", "SELECT", "SET", "SHOW", "START"],
  ...["TRUNCATE", "UPDATE", "USE", "WITH", "CLEAR"],
];

export async function complete(
  text: string,
  cursor: number,
  names: Names,
  words: CompletionWords,
): Promise<Completion> {
  const statement = statementAround(text, cursor);
  const before = statement.filter(({ start }) => start < cursor);
  const last = before.at(-1);
  const isTyping = last !== undefined && last.start + last.text.length >= cursor &&
    ["word", "name", "command"].includes(last.kind);
  const typed = isTyping ? text.slice(last.start, cursor) : "";
  const previous = meaningful(isTyping ? before.slice(0, -1) : before);
  const start = cursor - typed.length;
  if (last?.kind === "string" || last?.kind === "comment") return { start, candidates: [] };
  const all = await possible(typed, previous, meaningful(statement), { names, words });
  return { start, candidates: matching(typed, all) };
}

interface Sources {
  readonly names: Names;
  readonly words: CompletionWords;
}

async function possible(
  typed: string,
  previous: readonly Part[],
  statement: readonly Part[],
  { names, words }: Sources,
): Promise<readonly string[]> {
  if (typed.startsWith("\\")) return words.commands;
  const behind = keyword(previous);
  if (behind === "") return [...FIRST_WORDS, ...words.statements, ...words.commands];
  if (behind === ".") return await names.columns(tableOf(previous.at(-2), statement));
  if (DATABASE_FOLLOWS.has(behind)) return await names.databases();
  if (SERVER_FOLLOWS.has(behind)) return await names.servers();
  if (TABLE_FOLLOWS.has(behind)) return [...await names.tables(), ...optionsBehind(behind)];
  const inSelect = COLUMN_FOLLOWS.has(behind);
  const columns = inSelect ? await columnsOf(statement, names) : [];
  // Where nothing was typed yet, names are wanted; everything that could follow would hide them.
  if (typed === "" && columns.length > 0) return columns;
  const functions = inSelect ? FUNCTIONS.map((name) => `${name}(`) : [];
  const begun = previous.map(({ text }) => text.toUpperCase()).join(" ");
  return [...columns, ...continuing(begun, words.statements), ...KEYWORDS, ...functions];
}

/** `DROP TABLE IF EXISTS`. */
function optionsBehind(behind: string): readonly string[] {
  return behind === "TABLE" ? ["IF EXISTS", "IF NOT EXISTS"] : [];
}

/** The next words of statements that begin with what is there. */
function continuing(begun: string, statements: readonly string[]): readonly string[] {
  return statements.flatMap((each) =>
    each.startsWith(`${begun} `) ? [each.slice(begun.length + 1)] : []
  );
}

/** The word, in capitals, that says what follows; empty at the beginning of a statement. */
function keyword(previous: readonly Part[]): string {
  for (let at = previous.length - 1; at >= 0; at--) {
    const part = previous[at];
    const upper = part?.kind === "command" ? part.text : part?.text.toUpperCase() ?? "";
    if (!PASSED_OVER.has(upper)) return upper;
    // WHERE NOT, but also CREATE TABLE IF NOT EXISTS.
    if (upper === "NOT" && previous[at - 1]?.text.toUpperCase() !== "IF") return upper;
  }
  return "";
}

/** The statement the cursor is in: what is between delimiters. */
function statementAround(text: string, cursor: number): readonly Part[] {
  const parts = scan(text);
  const isEnd = ({ kind, text }: Part) => kind === "symbol" && text === ";";
  const from = parts.findLastIndex((part) => isEnd(part) && part.start < cursor) + 1;
  const to = parts.findIndex((part) => isEnd(part) && part.start >= cursor);
  return parts.slice(from, to < 0 ? undefined : to);
}

/** Tables named in the statement, each with the other names it has in it. */
function tablesIn(statement: readonly Part[]): ReadonlyMap<string, string> {
  const tables = new Map<string, string>();
  for (const [at, part] of statement.entries()) {
    const isTable = ["FROM", "JOIN", "INTO", "UPDATE"].includes(part.text.toUpperCase()) ||
      part.text === "," && tables.size > 0;
    const table = statement[at + 1];
    if (!isTable || table === undefined || !isName(table)) continue;
    const name = nameOf(table);
    tables.set(name, name);
    const next = statement[at + 2];
    const alias = next?.text.toUpperCase() === "AS" ? statement[at + 3] : next;
    if (alias !== undefined && isName(alias)) tables.set(nameOf(alias), name);
  }
  return tables;
}

function isName(part: Part): boolean {
  return part.kind === "name" || part.kind === "word" && !isKeyword(part.text);
}

function tableOf(qualifier: Part | undefined, statement: readonly Part[]): string {
  const name = qualifier === undefined ? "" : nameOf(qualifier);
  return tablesIn(statement).get(name) ?? name;
}

async function columnsOf(statement: readonly Part[], names: Names): Promise<readonly string[]> {
  const tables = tablesIn(statement);
  const columns = await Promise.all(
    [...new Set(tables.values())].map((table) => names.columns(table)),
  );
  const aliases = [...tables.keys()].map((name) => `${name}.`);
  return [...columns.flat(), ...aliases];
}

/** Keywords follow the case that was begun in; names are as they are. */
function matching(typed: string, all: readonly string[]): readonly string[] {
  const quoted = typed.startsWith("`");
  const lower = typed.replace(/^`/, "").toLowerCase();
  const isLowerCase = typed !== "" && typed === typed.toLowerCase();
  const found = all.filter((word) => word.toLowerCase().startsWith(lower));
  const cased = found.map((word) =>
    isLowerCase && word === word.toUpperCase() && isOurs(word) ? word.toLowerCase() : word
  );
  return [...new Set(cased.map((word) => quoted ? `\`${word}\`` : written(word)))].sort();
}

const OURS = new Set([...KEYWORDS, ...FIRST_WORDS, ...FUNCTIONS.map((name) => `${name}(`)]);

function isOurs(word: string): boolean {
  return word.split(" ").every((each) => OURS.has(each)) || /^SHOW |^EXPLAIN /.test(word);
}

/** A name that is more than letters stands in backticks. */
function written(word: string): string {
  return /^[\w$\u0080-\uffff\\ (.!?#]+$/.test(word) && !/^\d+$/.test(word)
    ? word
    : `\`${word.replaceAll("`", "``")}\``;
}
