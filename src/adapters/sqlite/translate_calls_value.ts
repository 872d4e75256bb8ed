/** Functions that choose among values of any type, and those that depend on what they are given. */
import { apply, type Call, type SpecialCall } from "./translate_apply.ts";
import { asInteger, asText, asTruth } from "./translate_coerce.ts";
import { compare, inDomain } from "./translate_compare.ts";
import { convertTo, mergeTypes } from "./translate_merge.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  BIGINT_TYPE,
  BIGINT_UNSIGNED_TYPE,
  BOOLEAN_TYPE,
  BYTES_TYPE,
  DOUBLE_TYPE,
  INT_TYPE,
  isExact,
  isNumber,
  isTemporal,
  textType,
} from "./translate_type.ts";
import { callSql, derived, isNull, NULL_VALUE, quoted, type Value } from "./translate_value.ts";

function special(
  min: number,
  max: number,
  translate: (call: Call) => Value,
): SpecialCall {
  return { min, max, translate };
}

/** The argument at a place that the count has been checked for. */
function arg({ args }: Call, at: number): Value {
  return args[at] ?? NULL_VALUE;
}

/** CASE with conditions that are SQLite's already. */
export function choose(
  branches: readonly { readonly when: string; readonly then: Value }[],
  otherwise: Value,
  conditions: readonly Value[],
): Value {
  const values = [...branches.map(({ then }) => then), otherwise];
  const type = mergeTypes(values.map((value) => value.type));
  const cases = branches.map(({ when, then }) => `WHEN ${when} THEN ${convertTo(then, type).sql}`);
  const sql = `CASE ${cases.join(" ")} ELSE ${convertTo(otherwise, type).sql} END`;
  return derived(`(${sql})`, type, [...values, ...conditions]);
}

function iif(call: Call): Value {
  const condition = arg(call, 0);
  return choose([{ when: asTruth(condition), then: arg(call, 1) }], arg(call, 2), [condition]);
}

function coalesce({ args }: Call): Value {
  const type = mergeTypes(args.map((each) => each.type));
  const values = args.map((each) => convertTo(each, type).sql);
  const sql = values.length === 1 ? values[0] ?? "NULL" : `COALESCE(${values.join(", ")})`;
  return derived(sql, type, args);
}

function nullif(call: Call): Value {
  const [a, b] = [arg(call, 0), arg(call, 1)];
  return derived(`(CASE WHEN ${compare("=", a, b).sql} THEN NULL ELSE ${a.sql} END)`, a.type, [
    a,
    b,
  ]);
}

/** GREATEST and LEAST: numbers, dates or texts, whichever all arguments can be. */
function extreme(greatest: boolean): (call: Call) => Value {
  const word = greatest ? "greatest" : "least";
  return ({ args }) => {
    const type = mergeTypes(args.map((each) => each.type));
    const hasNumber = args.some((each) => isNumber(each.type));
    const dates = args.find((each) => isTemporal(each.type));
    if (args.some(isNull)) return derived("NULL", hasNumber ? DOUBLE_TYPE : type, args);
    if (type.kind === "text" && dates !== undefined) {
      throw unsupported(`Cannot compare dates with text in ${word.toUpperCase()}: cast the text`);
    }
    if (type.kind === "text" && hasNumber) {
      const reals = args.map((each) => convertTo(each, DOUBLE_TYPE).sql).join(", ");
      return derived(`${greatest ? "MAX" : "MIN"}(${reals})`, DOUBLE_TYPE, args);
    }
    if (type.kind === "time") throw unsupported(`Cannot compare times in ${word.toUpperCase()}`);
    const values = args.map((each) => convertTo(each, type).sql);
    if (type.kind === "text") {
      return derived(
        callSql(`${word}_text`, ...values, type.collation === "ci" ? "1" : "0"),
        type,
        args,
      );
    }
    if (type.form === "digits") return derived(callSql(`${word}_dec`, ...values), type, args);
    return derived(`${greatest ? "MAX" : "MIN"}(${values.join(", ")})`, type, args);
  };
}

/** ELT(n, a, b, …). */
function elt({ args }: Call): Value {
  const [index = NULL_VALUE, ...items] = args;
  const branches = items.map((then, at) => ({ when: `${asInteger(index)} = ${at + 1}`, then }));
  const text = items.map((item) => convertTo(item, textType()).type);
  const chosen = choose(
    branches.map(({ when, then }) => ({
      when,
      then: derived(asText(then), mergeTypes(text), [then]),
    })),
    NULL_VALUE,
    [index],
  );
  return chosen;
}

/** FIELD(x, a, b, …): all compared as texts, or all as numbers. */
function field({ args }: Call): Value {
  const [wanted = NULL_VALUE, ...items] = args;
  const areTexts = args.every((each) => !isNumber(each.type));
  const areExact = args.every((each) => isExact(each.type) || isNull(each));
  const cases = items.map((item, at) => {
    const equal = areTexts || areExact
      ? compare("=", wanted, item).sql
      : `${inDomain(wanted, { kind: "double" })} = ${inDomain(item, { kind: "double" })}`;
    return `WHEN ${equal} THEN ${at + 1}`;
  });
  return derived(`(CASE ${cases.join(" ")} ELSE 0 END)`, INT_TYPE, args);
}

/** INTERVAL(n, a, b, …): how many of the rising numbers are not above n. */
function interval({ args }: Call): Value {
  const [value = NULL_VALUE, ...bounds] = args;
  const cases = bounds.map((bound, at) => `WHEN ${compare("<", value, bound).sql} THEN ${at}`);
  const sql = `(CASE WHEN ${value.sql} IS NULL THEN -1 ${
    cases.join(" ")
  } ELSE ${bounds.length} END)`;
  return derived(sql, INT_TYPE, args);
}

function isBytes(value: Value): boolean {
  return value.type.kind === "bytes";
}

function concat({ args }: Call): Value {
  return apply(args.some(isBytes) ? "concat_bytes" : "CONCAT", ...args);
}

function substring({ args }: Call): Value {
  const [text = NULL_VALUE] = args;
  return apply(isBytes(text) ? "substring_bytes" : "SUBSTRING", ...args);
}

/** In a SET column a member is at its place in the declaration, not in the value. */
function findInSet({ args }: Call): Value {
  const [wanted = NULL_VALUE, list = NULL_VALUE] = args;
  const declared = list.type.column?.type;
  const found = apply("FIND_IN_SET", wanted, list);
  if (declared?.name !== "set" || !wanted.constant) return found;
  const members = { ...list, sql: quoted(declared.values.join(",")), literal: null };
  const place = apply("FIND_IN_SET", wanted, members);
  return { ...found, sql: `(CASE WHEN ${found.sql} > 0 THEN ${place.sql} ELSE ${found.sql} END)` };
}

function repeat({ args }: Call): Value {
  const [text = NULL_VALUE] = args;
  return apply(isBytes(text) ? "repeat_bytes" : "REPEAT", ...args);
}

function hex(call: Call): Value {
  const value = arg(call, 0);
  const isNumeric = isNumber(value.type) && !isNull(value);
  return apply(isNumeric ? "hex_number" : "hex_string", value);
}

function lastInsertId(call: Call): Value {
  if (call.args.length === 0) return apply("LAST_INSERT_ID");
  return apply("set_insert_id", arg(call, 0));
}

/** Text that is the same for the whole session. */
function constantText(read: (call: Call) => string): SpecialCall {
  return special(0, 0, (call) => ({
    ...NULL_VALUE,
    sql: call.context.parameters.add(read(call)),
    type: textType(),
    literal: null,
  }));
}

/** What the engine says it is; the names are those of the servers it stands for. */
export const VERSION = "10.11.0-minisql-sqlite";

function charset(call: Call): string {
  return isBytes(arg(call, 0)) ? "binary" : "utf8mb4";
}

function collationName(call: Call): string {
  const { type } = arg(call, 0);
  if (type.kind === "bytes" || !["text", "json"].includes(type.kind)) return "binary";
  return type.collation === "ci" ? "utf8mb4_general_ci" : "utf8mb4_bin";
}

export const VALUE_CALLS: Readonly<Record<string, SpecialCall>> = {
  IF: special(3, 3, iif),
  IFNULL: special(2, 2, coalesce),
  NVL: special(2, 2, coalesce),
  COALESCE: special(1, Infinity, coalesce),
  NULLIF: special(2, 2, nullif),
  ISNULL: special(
    1,
    1,
    (call) => derived(`(${arg(call, 0).sql} IS NULL)`, BOOLEAN_TYPE, call.args),
  ),
  GREATEST: special(2, Infinity, extreme(true)),
  LEAST: special(2, Infinity, extreme(false)),
  ELT: special(2, Infinity, elt),
  FIELD: special(2, Infinity, field),
  INTERVAL: special(2, Infinity, interval),
  CONCAT: special(1, Infinity, concat),
  SUBSTRING: special(2, 3, substring),
  REPEAT: special(2, 2, repeat),
  HEX: special(1, 1, hex),
  FIND_IN_SET: special(2, 2, findInSet),
  LOCATE: special(2, 3, ({ args }) => apply(args.length === 2 ? "LOCATE" : "locate_from", ...args)),
  TRIM_LEADING: special(1, 2, ({ args }) => apply("trim_leading", ...args)),
  TRIM_TRAILING: special(1, 2, ({ args }) => apply("trim_trailing", ...args)),
  REGEXP_LIKE: special(2, 2, ({ args }) => apply("regexp", ...args)),
  CHARSET: special(1, 1, (call) => constantOf(call, charset(call))),
  COLLATION: special(1, 1, (call) => constantOf(call, collationName(call))),
  LAST_INSERT_ID: special(0, 1, lastInsertId),
  CONNECTION_ID: special(
    0,
    0,
    () => ({ ...NULL_VALUE, sql: "1", type: BIGINT_UNSIGNED_TYPE, literal: null }),
  ),
  VERSION: constantText(() => VERSION),
  USER: constantText(() => "minisql@localhost"),
  CURRENT_USER: constantText(() => "minisql@localhost"),
  ANY_VALUE: special(1, 1, (call) => arg(call, 0)),
  NAME_CONST: special(2, 2, (call) => arg(call, 1)),
  CHAR: special(1, Infinity, ({ args }) => derived(apply("CHAR", ...args).sql, BYTES_TYPE, args)),
  ROW_COUNT: special(0, 0, () => derived(apply("ROW_COUNT").sql, BIGINT_TYPE, [])),
};

function constantOf(call: Call, text: string): Value {
  return { ...NULL_VALUE, sql: call.context.parameters.add(text), type: textType(), literal: null };
}
