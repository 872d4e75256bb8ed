/** Predicates: rows compared, IN, BETWEEN, LIKE, REGEXP. */
import { sqlError } from "../../protocol/errors.ts";
import { foldCase, withoutPadding } from "./functions_collation.ts";
import { likePrefix } from "./functions_like.ts";
import { CI_KEY } from "./functions_registry.ts";
import type { ComparisonOperator } from "./translate_ast.ts";
import { asText } from "./translate_coerce.ts";
import { compare, type Domain, domainOf, inDomain } from "./translate_compare.ts";
import { BOOLEAN_TYPE, isText } from "./translate_type.ts";
import { callSql, derived, isNull, type Parameters, type Value } from "./translate_value.ts";

/** An operand of a comparison: one value, or a row of them. */
export type Operand = readonly Value[];

export function checkWidths(left: Operand, width: number): void {
  if (left.length !== width) {
    throw sqlError(1241, "21000", `Operand should contain ${left.length} column(s)`);
  }
}

/** Values or rows compared. */
export function compareOperands(
  operator: ComparisonOperator,
  left: Operand,
  right: Operand,
): Value {
  checkWidths(left, right.length);
  const pairs = left.map((a, at): readonly [Value, Value] => [a, right[at] ?? a]);
  const [first] = pairs;
  if (pairs.length === 1 && first !== undefined) return compare(operator, first[0], first[1]);
  const all = pairs.flat();
  switch (operator) {
    case "=":
    case "<=>":
      return joined("AND", pairs.map(([a, b]) => compare(operator, a, b)), all);
    case "<>":
      return joined("OR", pairs.map(([a, b]) => compare("<>", a, b)), all);
    default:
      return lexicographic(operator, pairs, all);
  }
}

/** `(a, b) < (c, d)`: a < c, or a = c and b < d. */
function lexicographic(
  operator: ComparisonOperator,
  pairs: readonly (readonly [Value, Value])[],
  all: readonly Value[],
): Value {
  const strict = operator.charAt(0) as "<" | ">";
  const cases = pairs.map(([a, b], at) => {
    const before = pairs.slice(0, at).map(([x, y]) => compare("=", x, y));
    const last = at === pairs.length - 1 ? operator : strict;
    return joined("AND", [...before, compare(last, a, b)], all);
  });
  return joined("OR", cases, all);
}

function joined(word: "AND" | "OR", parts: readonly Value[], from: readonly Value[]): Value {
  return derived(`(${parts.map(({ sql }) => sql).join(` ${word} `)})`, BOOLEAN_TYPE, from);
}

function sameDomain(a: Domain, b: Domain): boolean {
  return a.kind === b.kind && (a.kind !== "moment" || b.kind !== "moment" || a.digits === b.digits);
}

export function between(operand: Value, low: Value, high: Value, negated: boolean): Value {
  const all = [operand, low, high];
  const domain = domainOf(operand, low);
  const isSame = sameDomain(domain, domainOf(operand, high)) && !isNull(low) && !isNull(high);
  const not = negated ? "NOT " : "";
  if (isSame) {
    const [value, from, to] = all.map((each) => inDomain(each, domain));
    return derived(`(${value} ${not}BETWEEN ${from} AND ${to})`, BOOLEAN_TYPE, all);
  }
  const sql = `(${not}(${compare(">=", operand, low).sql} AND ${
    compare("<=", operand, high).sql
  }))`;
  return derived(sql, BOOLEAN_TYPE, all);
}

export function inList(operand: Operand, items: readonly Operand[], negated: boolean): Value {
  for (const item of items) checkWidths(operand, item.length);
  const all = [...operand, ...items.flat()];
  const not = negated ? "NOT " : "";
  const [only] = operand;
  const singles = items.map((item) => item[0]).filter((item) => item !== undefined);
  if (operand.length === 1 && only !== undefined && !isNull(only)) {
    const domains = singles.filter((item) => !isNull(item)).map((item) => domainOf(only, item));
    const [domain] = domains;
    if (domain !== undefined && domains.every((each) => sameDomain(each, domain))) {
      const list = singles.map((item) => inDomain(item, domain)).join(", ");
      return derived(`(${inDomain(only, domain)} ${not}IN (${list}))`, BOOLEAN_TYPE, all);
    }
  }
  const cases = items.map((item) => compareOperands("=", operand, item).sql).join(" OR ");
  return derived(`(${not}(${cases}))`, BOOLEAN_TYPE, all);
}

interface Matching {
  readonly operand: Value;
  readonly pattern: Value;
  readonly negated: boolean;
  readonly parameters: Parameters;
}

/** Text of a pattern's side, bytes included; and whether the two are matched without case. */
function patternSides({ operand, pattern }: Matching): {
  readonly text: string;
  readonly pattern: string;
  readonly ci: boolean;
} {
  const sides = [operand, pattern];
  const isBytes = sides.some(({ type }) => type.kind === "bytes");
  const [text = "", match = ""] = sides.map((side) =>
    side.type.kind === "bytes" ? callSql("text_of_bytes", side.sql) : asText(side)
  );
  return { text, pattern: match, ci: !isBytes && isCaseless(operand, pattern) };
}

export function isCaseless(a: Value, b: Value): boolean {
  if (!isText(a.type) && !isText(b.type)) return true;
  if (!isText(a.type)) return b.type.collation === "ci";
  if (!isText(b.type)) return a.type.collation === "ci";
  return domainOf(a, b).kind !== "bin";
}

export function like(matching: Matching, escape: Value | null): Value {
  const { operand, pattern, negated } = matching;
  const all = escape === null ? [operand, pattern] : [operand, pattern, escape];
  const sides = patternSides(matching);
  const escapeText = escapeOf(escape);
  const sql = callSql(
    "like",
    sides.text,
    sides.pattern,
    matching.parameters.add(escapeText),
    sides.ci ? "1" : "0",
  );
  const range = negated ? null : prefixRange(matching, escapeText, sides.ci);
  const positive = range === null ? sql : `(${range} AND ${sql})`;
  return derived(negated ? `(NOT ${sql})` : positive, BOOLEAN_TYPE, all);
}

function escapeOf(escape: Value | null): string {
  if (escape === null) return "\\";
  const { literal } = escape;
  const text = literal?.type === "text" ? literal.text : null;
  if (text === null || [...text].length > 1) {
    throw sqlError(1210, "HY000", "Incorrect arguments to ESCAPE");
  }
  return text;
}

const LAST_CHARACTER = "\u{10ffff}";

/** What an index on the column can narrow down: the range of keys with the pattern's beginning. */
function prefixRange(matching: Matching, escape: string, ci: boolean): string | null {
  const { operand, pattern, parameters } = matching;
  if (pattern.literal?.type !== "text" || !ci || operand.type.column === null) return null;
  if (operand.type.kind !== "text" || operand.type.column.type.name === "enum") return null;
  const prefix = withoutPadding(foldCase(likePrefix(pattern.literal.text, escape) ?? ""));
  if (prefix === "") return null;
  const key = `${CI_KEY}(${operand.sql})`;
  const [low, high] = [prefix, prefix + LAST_CHARACTER].map((text) => parameters.add(text));
  return `${key} >= ${low} AND ${key} < ${high}`;
}

export function regexp(matching: Matching): Value {
  const sides = patternSides(matching);
  const sql = callSql("regexp", sides.text, sides.pattern, sides.ci ? "1" : "0");
  const { operand, pattern, negated } = matching;
  return derived(negated ? `(NOT ${sql})` : sql, BOOLEAN_TYPE, [operand, pattern]);
}
