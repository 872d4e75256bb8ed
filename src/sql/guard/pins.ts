/** Conditions that hold for at most one row, because they fix all columns of a unique key. */
import { type GuardColumn, isSameName, uniqueKeys } from "./schema.ts";
import { type Join, resolve, type Resolved, type Source } from "./sources.ts";
import { columnRef, hasWord, isGroup, type Node, upperAt } from "./tree.ts";

/** Digits a double holds exactly, as columns and literals of unlike types are compared. */
const EXACT_DIGITS = /^-?\d{1,15}$/;
const ASCII = /^\p{ASCII}*$/u;

/** A column that a condition equates with a literal, or with another table's column. */
interface Pin {
  readonly of: Resolved;
  readonly by: Resolved | null;
}

/** Whether a condition leaves at most one row of a join, where each table is known. */
export function isOneRow(join: Join, where: readonly Node[] | null): boolean {
  return join.sources.length > 0 && determined(join, where, []).size === join.sources.length;
}

/**
 * The sources of which each row of `given` meets at most one: by a literal in each column of a
 * unique key, or by columns of sources that are so in turn.
 */
export function determined(
  join: Join,
  where: readonly Node[] | null,
  given: readonly Source[],
): ReadonlySet<Source> {
  const joining = join.conditions.flatMap((nodes) => pinsOf(nodes, join.sources))
    // In an outer join, rows stay for which a literal's condition does not hold.
    .filter((pin) => !join.isOuter || pin.by !== null);
  const pins = [...joining, ...(where === null ? [] : pinsOf(where, join.sources))];
  const known = new Set(given);
  for (;;) {
    const next = join.sources.find((source) => !known.has(source) && isFixed(source, pins, known));
    if (next === undefined) return known;
    known.add(next);
  }
}

function isFixed(source: Source, pins: readonly Pin[], known: ReadonlySet<Source>): boolean {
  if (source.table === null) return false;
  const fixed = pins
    .filter((pin) => pin.of.source === source && (pin.by === null || known.has(pin.by.source)))
    .map((pin) => pin.of.column.name);
  return uniqueKeys(source.table).some(({ columns }) =>
    columns.every((column) => fixed.some((name) => isSameName(name, column)))
  );
}

/** The parts that must all hold; none where that is not plain to see. */
export function conjuncts(nodes: readonly Node[]): readonly (readonly Node[])[] {
  const [only] = nodes;
  if (nodes.length === 1 && isGroup(only)) return conjuncts(only.items);
  if (hasWord(nodes, "OR", "||", "XOR", "CASE", "SELECT")) return [];
  const parts: (readonly Node[])[] = [];
  let from = 0;
  let betweens = 0;
  for (let at = 0; at <= nodes.length; at++) {
    const word = upperAt(nodes, at);
    if (word === "BETWEEN") betweens++;
    if (at < nodes.length && word !== "AND" && word !== "&&") continue;
    if (word === "AND" && betweens > 0) {
      betweens--;
      continue;
    }
    parts.push(nodes.slice(from, at));
    from = at + 1;
  }
  return parts.flatMap((part) =>
    part.length === 1 && isGroup(part[0]) ? conjuncts(part[0].items) : [part]
  );
}

function pinsOf(nodes: readonly Node[], sources: readonly Source[]): readonly Pin[] {
  return conjuncts(nodes).flatMap((part) => {
    const at = part.findIndex((_, index) => upperAt(part, index) === "=");
    if (at < 0) return [];
    const sides = [part.slice(0, at), part.slice(at + 1)] as const;
    return [...pinOf(sides[0], sides[1], sources), ...pinOf(sides[1], sides[0], sources)];
  });
}

function pinOf(
  side: readonly Node[],
  other: readonly Node[],
  sources: readonly Source[],
): readonly Pin[] {
  const ref = columnRef(side);
  const of = ref === null ? null : resolve(sources, ref);
  if (of === null) return [];
  if (isExactLiteral(of.column, other)) return [{ of, by: null }];
  const otherRef = columnRef(other);
  const by = otherRef === null ? null : resolve(sources, otherRef);
  return by !== null && by.source !== of.source && isAlike(of.column, by.column)
    ? [{ of, by }]
    : [];
}

function isAlike(a: GuardColumn, b: GuardColumn): boolean {
  return a.kind === b.kind && a.collation === b.collation;
}

/**
 * Whether a literal is compared as the column's own type does. Else one value may be equal to
 * many rows: `text = 5` is so for '5', '05' and '5 apples'.
 */
function isExactLiteral(column: GuardColumn, nodes: readonly Node[]): boolean {
  const isNegative = nodes.length === 2 && upperAt(nodes, 0) === "-";
  const literal = nodes[isNegative ? 1 : 0];
  if (literal === undefined || isGroup(literal) || nodes.length > (isNegative ? 2 : 1)) {
    return false;
  }
  switch (column.kind) {
    case "integer":
      return literal.kind === "number" && !/[.e]/i.test(literal.text) ||
        literal.kind === "string" && EXACT_DIGITS.test(literal.value);
    case "year":
    case "bit":
      return literal.kind === "number" && EXACT_DIGITS.test(literal.text);
    case "decimal":
      return literal.kind === "number" && !/e/i.test(literal.text);
    case "text":
      return literal.kind === "string" &&
        (ASCII.test(literal.value) || column.collation?.startsWith("utf8mb4") === true);
    case "bytes":
      return literal.kind === "hex" || literal.kind === "string";
    case "date":
    case "datetime":
    case "timestamp":
      return literal.kind === "string";
    case "float":
    case "json":
    case "time":
    case "null":
      return false;
  }
}
