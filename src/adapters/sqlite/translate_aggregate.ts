/** Aggregates and window functions. */
import { sqlError } from "../../protocol/errors.ts";
import { sqliteAggregate } from "./functions_registry.ts";
import type { Node, OrderItem } from "./translate_ast.ts";
import { asDouble, asExact, asInteger, asJson, asText, memberNumber } from "./translate_coerce.ts";
import { groupKey, sortKey } from "./translate_compare.ts";
import type { ExpressionPlace, TranslateContext } from "./translate_context.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  BIGINT_TYPE,
  BIGINT_UNSIGNED_TYPE,
  decimalType,
  detached,
  DOUBLE_TYPE,
  isExact,
  isInteger,
  isTemporal,
  isText,
  JSON_TYPE,
  NULL_TYPE,
  textType,
  type ValueType,
} from "./translate_type.ts";
import { callSql, derived, isNull, NULL_VALUE, type Value } from "./translate_value.ts";
import type { Translate } from "./translate_window.ts";
import { windowSql } from "./translate_window.ts";

interface Aggregation {
  readonly node: Node<"aggregate">;
  readonly args: readonly Value[];
  readonly place: ExpressionPlace;
  readonly context: TranslateContext;
  readonly translate: Translate;
}

/** An aggregate, over its group or over a window. */
export function translateAggregate(
  node: Node<"aggregate">,
  place: ExpressionPlace,
  context: TranslateContext,
  translate: Translate,
): Value {
  if (!place.aggregates) throw sqlError(1111, "HY000", "Invalid use of group function");
  const inner: Translate = (expr, where) => translate(expr, { ...where, aggregates: false });
  const args = node.args.map((arg) => inner(arg, innerPlace(node, place)));
  const aggregation = { node, args, place, context, translate };
  const { sql, type, windowed } = TRANSLATORS[node.name]?.(aggregation) ?? unknown(node);
  if (node.over === null) return derived(sql, type, [NOT_CONSTANT, ...args]);
  if (!windowed || node.distinct) {
    throw unsupported(`Cannot run ${node.name} over a window here`);
  }
  const over = windowSql(node.over, place, inner);
  return derived(`${sql} OVER ${over}`, type, [NOT_CONSTANT, ...args]);
}

/** What an aggregate's arguments may use: a window's may be aggregates of the group in turn. */
function innerPlace(node: Node<"aggregate">, place: ExpressionPlace): ExpressionPlace {
  return { ...place, aggregates: node.over !== null };
}

const NOT_CONSTANT: Value = { ...NULL_VALUE, constant: false, literal: null };

interface Translated {
  readonly sql: string;
  readonly type: ValueType;
  readonly windowed: boolean;
}

function unknown(node: Node<"aggregate">): never {
  throw unsupported(`Cannot run the aggregate ${node.name}`);
}

type Translator = (aggregation: Aggregation) => Translated;

function own(name: string, ...args: readonly string[]): string {
  return `${sqliteAggregate(name)}(${args.join(", ")})`;
}

function distinct({ node }: Aggregation, sql: string): string {
  return node.distinct ? `DISTINCT ${sql}` : sql;
}

function first({ args }: Aggregation): Value {
  return args[0] ?? NULL_VALUE;
}

function count(aggregation: Aggregation): Translated {
  const { node, args } = aggregation;
  const done = (sql: string): Translated => ({ sql, type: BIGINT_TYPE, windowed: true });
  if (args.length === 0) return done("COUNT(*)");
  if (!node.distinct) return done(`COUNT(${first(aggregation).sql})`);
  if (args.length === 1) return done(`COUNT(DISTINCT ${groupKey(first(aggregation))})`);
  return done(`COUNT(DISTINCT ${callSql("tuple", ...args.map(plainKey))})`);
}

/** A key that needs no collation: what goes into a function loses it. */
function plainKey(value: Value): string {
  const isBin = isText(value.type) && value.type.collation === "bin";
  return isBin ? callSql("bin_key", asText(value)) : groupKey(value);
}

/** Sums of so many rows of integers this small cannot leave 64 bits. */
const SMALL_MAX = 2n ** 32n;

function sum(aggregation: Aggregation): Translated {
  const value = first(aggregation);
  const { type } = value;
  if (isInteger(type) && type.form === "native" && type.max < SMALL_MAX && type.min > -SMALL_MAX) {
    const sumType: ValueType = { ...decimalType(type.digits + 22, 0), form: "native" };
    return { sql: `SUM(${distinct(aggregation, value.sql)})`, type: sumType, windowed: true };
  }
  if (!isCountable(value)) {
    const sql = own("sum_double", distinct(aggregation, asDouble(value)));
    return { sql, type: DOUBLE_TYPE, windowed: true };
  }
  const scale = isExact(type) || isTemporal(type) ? type.scale : 0;
  const sql = own("sum_exact", distinct(aggregation, exactNumber(aggregation, value)));
  return { sql, type: decimalType(type.digits + 22, scale), windowed: true };
}

/** Whether a value is added exactly: numbers, dates and members, but not texts. */
function isCountable(value: Value): boolean {
  return isExact(value.type) || isTemporal(value.type) || memberNumber(value) !== null;
}

/** Stored decimals can be added as they are; only DISTINCT must see equal ones as equal. */
function exactNumber({ node }: Aggregation, value: Value): string {
  const isStored = value.type.kind === "decimal" && value.type.form === "native";
  return isStored && !node.distinct ? value.sql : asExact(value);
}

function average(aggregation: Aggregation): Translated {
  const value = first(aggregation);
  if (!isCountable(value)) {
    const sql = own("avg_double", distinct(aggregation, asDouble(value)));
    return { sql, type: DOUBLE_TYPE, windowed: true };
  }
  const scale = value.type.scale + 4;
  const sql = own("avg_exact", distinct(aggregation, asExact(value)));
  return { sql, type: decimalType(value.type.digits + 4, scale), windowed: true };
}

function extreme(word: "MIN" | "MAX"): Translator {
  return (aggregation) => {
    const value = first(aggregation);
    const type = detached(value.type);
    if (isNull(value)) return { sql: `${word}(NULL)`, type: NULL_TYPE, windowed: true };
    if (type.form === "digits") {
      return { sql: own(`${word.toLowerCase()}_exact`, asExact(value)), type, windowed: false };
    }
    if (isText(type)) {
      const sql = own(`${word.toLowerCase()}_${type.collation}`, asText(value));
      return { sql, type, windowed: false };
    }
    if (type.kind === "time") {
      return { sql: own(`${word.toLowerCase()}_time`, value.sql), type, windowed: false };
    }
    return { sql: `${word}(${value.sql})`, type, windowed: true };
  };
}

/** Deviations of exact numbers are shown with four digits more than the numbers have. */
function deviation(name: string): Translator {
  return (aggregation) => {
    const value = first(aggregation);
    const type = isExact(value.type)
      ? { ...DOUBLE_TYPE, scale: value.type.scale + 4 }
      : DOUBLE_TYPE;
    return { sql: own(name, asDouble(value)), type, windowed: false };
  };
}

function bits(name: string): Translator {
  return (aggregation) => ({
    sql: own(name, asInteger(first(aggregation))),
    type: BIGINT_UNSIGNED_TYPE,
    windowed: false,
  });
}

function groupConcat(aggregation: Aggregation): Translated {
  const { node, args, context } = aggregation;
  const texts = args.map(asText);
  const text = texts.length === 1 ? texts[0] ?? "NULL" : callSql("CONCAT", ...texts);
  const key = node.distinct ? callSql("tuple", ...args.map(plainKey)) : "NULL";
  const separator = context.parameters.add(node.separator ?? ",");
  const order = orderWithin(aggregation);
  const types = args.filter((arg) => isText(arg.type)).map((arg) => arg.type.collation);
  return {
    sql: own("group_concat", text, separator, `${key}${order}`),
    type: textType(types.includes("bin") ? "bin" : "ci"),
    windowed: false,
  };
}

/** ORDER BY inside GROUP_CONCAT; a number is the argument at that place. */
function orderWithin(aggregation: Aggregation): string {
  const { node, args, place, translate } = aggregation;
  if (node.orderBy.length === 0) return "";
  const items = node.orderBy.map(({ expr, descending }: OrderItem) => {
    const value = expr.kind === "literal" && expr.value.type === "integer"
      ? args[Number(expr.value.value) - 1] ?? NULL_VALUE
      : translate(expr, { ...place, aggregates: false });
    return `${sortKey(value)}${descending ? " DESC" : ""}`;
  });
  return ` ORDER BY ${items.join(", ")}`;
}

function jsonArray(aggregation: Aggregation): Translated {
  const sql = own("json_arrayagg", asJson(first(aggregation)));
  return { sql, type: JSON_TYPE, windowed: false };
}

function jsonObject(aggregation: Aggregation): Translated {
  const [key = NULL_VALUE, value = NULL_VALUE] = aggregation.args;
  const sql = own("json_objectagg", asText(key), asJson(value));
  return { sql, type: JSON_TYPE, windowed: false };
}

const TRANSLATORS: Readonly<Record<string, Translator>> = {
  COUNT: count,
  SUM: sum,
  AVG: average,
  MIN: extreme("MIN"),
  MAX: extreme("MAX"),
  STDDEV_POP: deviation("stddev_pop"),
  STDDEV_SAMP: deviation("stddev_samp"),
  VAR_POP: deviation("var_pop"),
  VAR_SAMP: deviation("var_samp"),
  BIT_AND: bits("bit_and"),
  BIT_OR: bits("bit_or"),
  BIT_XOR: bits("bit_xor"),
  GROUP_CONCAT: groupConcat,
  JSON_ARRAYAGG: jsonArray,
  JSON_OBJECTAGG: jsonObject,
};
