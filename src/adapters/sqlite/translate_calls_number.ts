/** Functions on numbers whose result depends on whether they are integers, decimals or doubles. */
import { apply, type Call, type SpecialCall } from "./translate_apply.ts";
import { asDouble, asExact, asInteger, fractionDigits } from "./translate_coerce.ts";
import { literalValue } from "./translate_literal_value.ts";
import { arithmetic } from "./translate_operators.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  BIGINT_TYPE,
  decimalType,
  DOUBLE_TYPE,
  INT64_MAX,
  INT64_MIN,
  integerType,
  isInteger,
  isTemporal,
  textType,
  type ValueType,
  wholeDigits,
} from "./translate_type.ts";
import { callSql, derived, isNull, NULL_VALUE, quoted, type Value } from "./translate_value.ts";

function special(min: number, max: number, translate: (call: Call) => Value): SpecialCall {
  return { min, max, translate };
}

type Class = "integer" | "decimal" | "double";

function classOf(value: Value): Class {
  const { type } = value;
  if (isInteger(type)) return "integer";
  if (type.kind === "decimal") return "decimal";
  if (isTemporal(type)) return fractionDigits(value) > 0 ? "decimal" : "integer";
  return "double";
}

function first({ args }: Call): Value {
  return args[0] ?? NULL_VALUE;
}

/** The whole number that a literal argument says; null where it is none. */
function wholeLiteral(value: Value | undefined): number | null {
  if (value?.literal?.type !== "integer") return null;
  const { value: number } = value.literal;
  return number > 100n || number < -100n ? null : Number(number);
}

/** ROUND and TRUNCATE. */
function round(cut: boolean): (call: Call) => Value {
  const word = cut ? "truncate" : "round";
  return ({ args }) => {
    const [value = NULL_VALUE, places] = args;
    if (isNull(value)) return derived("NULL", DOUBLE_TYPE, args);
    const digits = places === undefined ? 0 : wholeLiteral(places);
    const placesSql = places === undefined ? "0" : asInteger(places);
    const kind = classOf(value);
    if (kind === "double") {
      return derived(callSql(`${word}_double`, asDouble(value), placesSql), DOUBLE_TYPE, args);
    }
    if (kind === "integer") {
      if (digits !== null && digits >= 0) return derived(asInteger(value), value.type, args);
      const sql = callSql(`${word}_integer`, asInteger(value), placesSql);
      return derived(sql, roundedInteger(value.type), args);
    }
    if (digits === null) {
      throw unsupported(`Cannot ${word} a decimal: the digits must be a literal`);
    }
    const kept = Math.max(0, Math.min(digits, 38));
    const sql = callSql(`dec_${word}`, asExact(value), String(Math.min(digits, 38)));
    return derived(sql, decimalType(wholeDigits(value.type) + 1 + kept, kept), args);
  };
}

/** Rounding to tens can carry a number beyond its type, but not beyond one digit more. */
function roundedInteger({ min, max, unsigned, digits }: ValueType): ValueType {
  const [low, high] = [min < 0n ? min * 10n : 0n, max * 10n];
  const fits = low >= INT64_MIN && high <= INT64_MAX;
  return fits ? integerType(low, high, unsigned) : decimalType(digits + 1, 0);
}

/** CEIL and FLOOR: decimals become integers. */
function whole(word: "ceil" | "floor"): (call: Call) => Value {
  return (call) => {
    const value = first(call);
    switch (classOf(value)) {
      case "integer":
        return derived(asInteger(value), isInteger(value.type) ? value.type : BIGINT_TYPE, [value]);
      case "decimal":
        return derived(callSql(`dec_${word}`, asExact(value)), wholeType(value.type), [value]);
      case "double":
        return derived(callSql(`${word}_double`, asDouble(value)), DOUBLE_TYPE, [value]);
    }
  };
}

/** Decimals of many digits stay decimals when they lose their fraction. */
function wholeType(type: ValueType): ValueType {
  return wholeDigits(type) > 18 ? decimalType(wholeDigits(type) + 1, 0) : BIGINT_TYPE;
}

function abs(call: Call): Value {
  const value = first(call);
  const { type } = value;
  switch (classOf(value)) {
    case "integer": {
      if (type.min >= 0n) return derived(asInteger(value), type, [value]);
      const size = -type.min > type.max ? -type.min : type.max;
      if (type.form === "native" && type.min > INT64_MIN && isInteger(type)) {
        return derived(`ABS(${value.sql})`, integerType(0n, size), [value]);
      }
      const text = quoted(call.context.text.slice(0, 40));
      const negated = callSql("int_sub", "0", asInteger(value), text);
      const sql = `(CASE WHEN ${asInteger(value)} < 0 THEN ${negated} ELSE ${
        asInteger(value)
      } END)`;
      return derived(sql, integerType(0n, size > INT64_MAX ? INT64_MAX : size), [value]);
    }
    case "decimal":
      return derived(callSql("dec_abs", asExact(value)), { ...type, form: "digits" }, [value]);
    case "double":
      return derived(callSql("abs_double", asDouble(value)), DOUBLE_TYPE, [value]);
  }
}

function sign(call: Call): Value {
  const value = first(call);
  return classOf(value) === "double"
    ? apply("sign_double", value)
    : derived(callSql("dec_sign", asExact(value)), integerType(-1n, 1n), [value]);
}

function mod({ args, context }: Call): Value {
  const [a = NULL_VALUE, b = NULL_VALUE] = args;
  return arithmetic("%", a, b, {
    text: context.text.slice(0, 40),
    strict: context.strictDivision,
  });
}

function pow({ args, context }: Call): Value {
  const [a = NULL_VALUE, b = NULL_VALUE] = args;
  const text = quoted(context.text.slice(0, 40));
  return derived(callSql("dbl_pow", asDouble(a), asDouble(b), text), DOUBLE_TYPE, args);
}

/** Each RAND(seed) in a statement is a sequence of its own, told apart by its place. */
function rand({ args, context }: Call): Value {
  const [seed] = args;
  if (seed === undefined) return apply("RAND");
  if (!seed.constant) {
    throw unsupported("Cannot call RAND with a column: the seed must be constant");
  }
  const place = literalValue(
    { type: "integer", value: BigInt(placeOf(context.alias())) },
    context.parameters,
  );
  return apply("rand_seeded", place, seed);
}

function placeOf(alias: string): string {
  return alias.replace(/\D/g, "");
}

/** FORMAT(x, digits), with a comma for thousands; other countries are refused. */
function format({ args }: Call): Value {
  const [value = NULL_VALUE, places = NULL_VALUE, locale] = args;
  if (
    locale !== undefined && !(locale.literal?.type === "text" && locale.literal.text === "en_US")
  ) {
    throw unsupported("Cannot format for another locale than en_US");
  }
  return derived(callSql("format", asExact(value), asInteger(places)), textType(), args);
}

function pi(): Value {
  return { ...apply("PI"), type: { ...DOUBLE_TYPE, scale: 6 } };
}

export const NUMBER_CALLS: Readonly<Record<string, SpecialCall>> = {
  ROUND: special(1, 2, round(false)),
  TRUNCATE: special(2, 2, round(true)),
  CEIL: special(1, 1, whole("ceil")),
  FLOOR: special(1, 1, whole("floor")),
  ABS: special(1, 1, abs),
  SIGN: special(1, 1, sign),
  MOD: special(2, 2, mod),
  POW: special(2, 2, pow),
  RAND: special(0, 1, rand),
  FORMAT: special(2, 3, format),
  PI: special(0, 0, pi),
};
