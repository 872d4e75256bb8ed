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
  /** Whole words: names first, then what the language has, each sorted. */
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

interface Possible {
  /** Of things in the database: as they are, in backticks where they must be. */
  readonly names?: readonly string[];
  /** Of the language: in whatever case. */
  readonly words?: readonly string[];
}

async function possible(
  typed: string,
  previous: readonly Part[],
  statement: readonly Part[],
  { names, words }: Sources,
): Promise<Possible> {
  if (typed.startsWith("\\")) return { words: words.commands };
  const behind = keyword(previous);
  if (behind === "") return { words: [...FIRST_WORDS, ...words.statements, ...words.commands] };
  if (behind === ".") return { names: await names.columns(tableOf(previous.at(-2), statement)) };
  if (DATABASE_FOLLOWS.has(behind)) return { names: await names.databases() };
  if (SERVER_FOLLOWS.has(behind)) return { names: await names.servers() };
  if (TABLE_FOLLOWS.has(behind)) {
    return { names: await names.tables(), words: optionsBehind(behind) };
  }
  const isColumnNext = COLUMN_FOLLOWS.has(behind);
  const tables = isColumnNext ? tablesIn(statement) : new Map<string, string>();
  const columns = await columnsOf(tables, names);
  const begun = previous.map(({ text }) => text.toUpperCase()).join(" ");
  const aliases = [...tables.keys()].map((name) => `${quotedName(name)}.`);
  // Where nothing was typed yet, names are wanted; everything that could follow would hide them.
  if (typed === "" && columns.length > 0) return { names: columns, words: aliases };
  const functions = isColumnNext ? FUNCTIONS.map((name) => `${name}(`) : [];
  const next = [...continuing(begun, words.statements), ...KEYWORDS, ...functions, ...aliases];
  return { names: columns, words: next };
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

async function columnsOf(
  tables: ReadonlyMap<string, string>,
  names: Names,
): Promise<readonly string[]> {
  const known = [...new Set(tables.values())].map((table) => names.columns(table));
  return (await Promise.all(known)).flat();
}

/** Those that begin with what was typed; keywords in the case in which that is. */
function matching(typed: string, { names = [], words = [] }: Possible): readonly string[] {
  const isQuoted = typed.startsWith("`");
  const begun = typed.replace(/^`/, "").toLowerCase();
  const begins = (word: string) => word.toLowerCase().startsWith(begun);
  const found = names.filter(begins).map((name) => isQuoted ? inBackticks(name) : quotedName(name));
  if (isQuoted) return [...new Set(found)].sort();
  const isLowerCase = typed !== "" && typed === typed.toLowerCase();
  const cased = words.filter(begins).map((word) =>
    isLowerCase && !word.startsWith("\\") ? word.toLowerCase() : word
  );
  return [...new Set([...found.sort(), ...cased.sort()])];
}

/** A name that is more than letters and digits, or only digits, stands in backticks. */
function quotedName(name: string): string {
  return /^[\w$\u0080-\uffff]+$/.test(name) && !/^\d+$/.test(name) ? name : inBackticks(name);
}

function inBackticks(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
