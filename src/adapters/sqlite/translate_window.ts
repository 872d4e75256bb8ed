/** Windows, and the functions that exist only over them. */
import { sqlError } from "../../protocol/errors.ts";
import type { Expr, FrameBound, Node, WindowFrame, WindowSpec } from "./translate_ast.ts";
import { asInteger } from "./translate_coerce.ts";
import { groupKey, sortKey } from "./translate_compare.ts";
import type { ExpressionPlace } from "./translate_context.ts";
import { convertTo, mergeTypes } from "./translate_merge.ts";
import { BIGINT_TYPE, DOUBLE_TYPE } from "./translate_type.ts";
import { derived, NULL_VALUE, type Value } from "./translate_value.ts";

/** Translates an expression that is a single value. */
export type Translate = (expr: Expr, place: ExpressionPlace) => Value;

const NOT_CONSTANT: Value = { ...NULL_VALUE, constant: false, literal: null };

/** What stands behind OVER. */
export function windowSql(spec: WindowSpec, place: ExpressionPlace, translate: Translate): string {
  const full = named(spec, place);
  const inside: ExpressionPlace = { ...place, aggregates: true };
  const parts: string[] = [];
  if (full.partitionBy.length > 0) {
    const keys = full.partitionBy.map((expr) => groupKey(translate(expr, inside)));
    parts.push(`PARTITION BY ${keys.join(", ")}`);
  }
  if (full.orderBy.length > 0) {
    const keys = full.orderBy.map(({ expr, descending }) =>
      `${sortKey(translate(expr, inside))}${descending ? " DESC" : ""}`
    );
    parts.push(`ORDER BY ${keys.join(", ")}`);
  }
  if (full.frame !== null) parts.push(frameSql(full.frame));
  return `(${parts.join(" ")})`;
}

/** A window that names another one has what that one has, and what it adds. */
function named(spec: WindowSpec, place: ExpressionPlace): WindowSpec {
  if (spec.name === null) return spec;
  const base = place.windows.get(spec.name.toLowerCase());
  if (base === undefined) {
    throw sqlError(4067, "HY000", `Window specification with name '${spec.name}' is not defined`);
  }
  const inherited = named(base, place);
  return {
    name: null,
    partitionBy: inherited.partitionBy,
    orderBy: spec.orderBy.length > 0 ? spec.orderBy : inherited.orderBy,
    frame: spec.frame ?? inherited.frame,
  };
}

function frameSql({ unit, start, end }: WindowFrame): string {
  return end === null
    ? `${unit} ${boundSql(start)}`
    : `${unit} BETWEEN ${boundSql(start)} AND ${boundSql(end)}`;
}

function boundSql(bound: FrameBound): string {
  switch (bound.at) {
    case "current":
      return "CURRENT ROW";
    case "unbounded_preceding":
      return "UNBOUNDED PRECEDING";
    case "unbounded_following":
      return "UNBOUNDED FOLLOWING";
    case "preceding":
      return `${bound.rows} PRECEDING`;
    case "following":
      return `${bound.rows} FOLLOWING`;
  }
}

/** Shares of a window are shown with so many digits. */
const RATIO_DIGITS = 10;

/** How many arguments each function takes. */
const COUNTS: Readonly<Record<string, readonly [number, number]>> = {
  ROW_NUMBER: [0, 0],
  RANK: [0, 0],
  DENSE_RANK: [0, 0],
  PERCENT_RANK: [0, 0],
  CUME_DIST: [0, 0],
  NTILE: [1, 1],
  LAG: [1, 3],
  LEAD: [1, 3],
  FIRST_VALUE: [1, 1],
  LAST_VALUE: [1, 1],
  NTH_VALUE: [2, 2],
};

export function translateWindowCall(
  node: Node<"call">,
  over: WindowSpec,
  place: ExpressionPlace,
  translate: Translate,
): Value {
  const [min = 0, max = 0] = COUNTS[node.name] ?? [];
  if (node.args.length < min || node.args.length > max) {
    throw sqlError(
      1582,
      "42000",
      `Incorrect parameter count in the call to native function '${node.name.toLowerCase()}'`,
    );
  }
  const args = node.args.map((arg) => translate(arg, place));
  const window = windowSql(over, place, translate);
  const done = (inside: string, type: Value["type"]): Value =>
    derived(`${node.name}(${inside}) OVER ${window}`, type, [NOT_CONSTANT, ...args]);
  const [value = NULL_VALUE, count, otherwise] = args;
  switch (node.name) {
    case "PERCENT_RANK":
    case "CUME_DIST":
      return done("", { ...DOUBLE_TYPE, scale: RATIO_DIGITS });
    case "NTILE":
      return done(asInteger(value), BIGINT_TYPE);
    case "FIRST_VALUE":
    case "LAST_VALUE":
      return done(value.sql, value.type);
    case "NTH_VALUE":
      return done(`${value.sql}, ${asInteger(count ?? NULL_VALUE)}`, value.type);
    case "LAG":
    case "LEAD": {
      const type = otherwise === undefined ? value.type : mergeTypes([value.type, otherwise.type]);
      const given = [otherwise === undefined ? value.sql : convertTo(value, type).sql];
      if (count !== undefined) given.push(asInteger(count));
      if (otherwise !== undefined) given.push(convertTo(otherwise, type).sql);
      return done(given.join(", "), type);
    }
    default:
      return done("", BIGINT_TYPE);
  }
}
