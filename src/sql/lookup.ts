/**
 * Queries for one row by its whole primary key, told from their text at a glance. They are what
 * most reads of most programs are, they take next to no time, and they cannot take much: so they
 * may be judged quickly and keep each other company. Whatever is written in another way than the
 * plain one is just not taken for one.
 */
import { isReserved } from "./reserved_words.ts";

/** What must be known of a table. It is never changed, but replaced. */
export interface LookupTable {
  readonly columns: readonly LookupColumn[];
  readonly indexes: readonly { readonly name: string; readonly columns: readonly string[] }[];
}

interface LookupColumn {
  readonly name: string;
  /** As the engine declares it. */
  readonly type: string;
}

const UNITS_MAX = 1024;

const NAME = "(?:[A-Za-z_][A-Za-z0-9_$]*|`[^`\\0]+`)";
const LITERAL = "(?:-?\\d{1,19}|'[^'\\\\\\0]*')";
const CONDITION = `${NAME}\\s*=\\s*${LITERAL}`;
const LOOKUP = new RegExp(
  `^SELECT\\s+(\\*|${NAME}(?:\\s*,\\s*${NAME})*)\\s+FROM\\s+(${NAME})\\s+` +
    `WHERE\\s+(${CONDITION}(?:\\s+AND\\s+${CONDITION})*)(?:\\s+LIMIT\\s+\\d{1,9})?\\s*$`,
  "i",
);
const NAMES = new RegExp(NAME, "g");
const CONDITIONS = new RegExp(`(${NAME})\\s*=\\s*(${LITERAL})`, "g");

/**
 * The table of a statement that is written as lookups are, whether it finds one row or many; null for
 * all others.
 */
export function tableLookedUp(sql: string): string | null {
  return sql.length > UNITS_MAX ? null : nameOf(LOOKUP.exec(sql)?.[2] ?? "");
}

/** The table, as the statement names it; null for anything but a lookup in one that is known. */
export function readLookup(
  sql: string,
  tableNamed: (name: string) => LookupTable | null,
): string | null {
  if (sql.length > UNITS_MAX) return null;
  const [, selected = "", from = "", where = ""] = LOOKUP.exec(sql) ?? [];
  const table = nameOf(from);
  const schema = table === null ? null : tableNamed(table);
  if (schema === null || table === null) return null;
  const facts = factsOf(schema);
  if (facts.key === null || !(selected === "*" || isSelectable(selected, facts))) return null;
  return findsOne(where, facts, facts.key) ? table : null;
}

interface TableFacts {
  /** By their names in lower case. */
  readonly columns: ReadonlyMap<string, LookupColumn>;
  /** The primary key's columns; null where it is none that a lookup could be made by. */
  readonly key: readonly string[] | null;
}

const known = new WeakMap<LookupTable, TableFacts>();

function factsOf(schema: LookupTable): TableFacts {
  let facts = known.get(schema);
  if (facts === undefined) known.set(schema, facts = readFacts(schema));
  return facts;
}

/** Types whose values may be too large to have many of them in memory at once. */
const LARGE = /^(?:medium|long)(?:text|blob)|^json|^vector|^geom|linestring|polygon|^multipoint/;

function readFacts({ columns, indexes }: LookupTable): TableFacts {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const primary = indexes.find(({ name }) => name === "PRIMARY");
  const key = primary?.columns.map((name) => name.toLowerCase()) ?? [];
  const isFit = key.length > 0 && key.every((name) => comparesWith(byName.get(name)) !== null) &&
    columns.every(({ type }) => !LARGE.test(type));
  return { columns: byName, key: isFit ? key : null };
}

function isSelectable(selected: string, { columns }: TableFacts): boolean {
  for (const [written] of selected.matchAll(NAMES)) {
    const name = nameOf(written);
    if (name === null || !columns.has(name.toLowerCase())) return false;
  }
  return true;
}

/** The whole key is compared, each column with a literal that its index can be searched for. */
function findsOne(where: string, { columns }: TableFacts, key: readonly string[]): boolean {
  const found = new Set<string>();
  for (const [, written = "", literal = ""] of where.matchAll(CONDITIONS)) {
    const name = nameOf(written)?.toLowerCase();
    const column = name === undefined ? undefined : columns.get(name);
    if (name === undefined || column === undefined) return false;
    if (comparesWith(column)?.test(literal) === true) found.add(name);
  }
  return key.every((name) => found.has(name));
}

const INTEGER = /^-?\d/;
/** A text of other characters might not be convertible to the column's character set. */
const ASCII_TEXT = /^'[ -~]*'$/;

/** How a literal must look to be searched for in an index as it stands; null where none can. */
function comparesWith(column: LookupColumn | undefined): RegExp | null {
  if (column === undefined) return null;
  if (/^(?:tiny|small|medium|big)?int\b/.test(column.type)) return INTEGER;
  return /^(?:var)?(?:char|binary)\b/.test(column.type) ? ASCII_TEXT : null;
}

/** What a written name stands for; null for a word that is no name. */
function nameOf(written: string): string | null {
  if (written.startsWith("`")) return written.slice(1, -1);
  return written === "" || isReserved(written.toUpperCase()) ? null : written;
}
