/** Arithmetic and bit operators, with the types and the overflow of MySQL's. */
import type { ArithmeticOperator, BitOperator } from "./translate_ast.ts";
import { asDouble, asExact, asInteger, isHexNumber, memberNumber } from "./translate_coerce.ts";
import {
  BIGINT_TYPE,
  BIGINT_UNSIGNED_TYPE,
  decimalType,
  DOUBLE_TYPE,
  INT64_MAX,
  INT64_MIN,
  integerType,
  isInteger,
  isTemporal,
  UINT64_MAX,
  type ValueType,
  wholeDigits,
} from "./translate_type.ts";
import { callSql, derived, isNull, quoted, type Value } from "./translate_value.ts";

type Class = "integer" | "decimal" | "double";

/** What a value is to arithmetic. */
function classOf(value: Value): Class {
  const { type } = value;
  if (isInteger(type) || isHexNumber(value) || memberNumber(value) !== null) return "integer";
  if (type.kind === "decimal") return "decimal";
  if (isTemporal(type)) return type.scale > 0 ? "decimal" : "integer";
  return "double";
}

/** The type a value has as an operand. */
function numberType(value: Value): ValueType {
  if (isInteger(value.type) || value.type.kind === "decimal") return value.type;
  if (isHexNumber(value) || memberNumber(value) !== null) return BIGINT_UNSIGNED_TYPE;
  if (!isTemporal(value.type)) return DOUBLE_TYPE;
  return value.type.scale > 0
    ? decimalType(14 + value.type.scale, value.type.scale)
    : integerType(-(10n ** 14n), 10n ** 14n);
}

/** DIVision and its zero digits more than the dividend has: div_precision_increment. */
const QUOTIENT_DIGITS = 4;

const NAMES: Readonly<Record<ArithmeticOperator, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "quo",
  DIV: "div",
  "%": "mod",
};

export interface Writing {
  /** The expression as it was written, for the error when it is out of range. */
  readonly text: string;
  /** Division by zero must be told of. */
  readonly strict: boolean;
}

export function arithmetic(
  operator: ArithmeticOperator,
  a: Value,
  b: Value,
  writing: Writing,
): Value {
  const classes = [classOf(a), classOf(b)];
  if (isNull(a) || isNull(b)) return derived("NULL", DOUBLE_TYPE, [a, b]);
  if (operator === "DIV") return divide(a, b, writing);
  if (classes.includes("double")) return doubles(operator, a, b, writing.text);
  if (operator === "/" || classes.includes("decimal")) {
    return decimals(operator, a, b, writing.text);
  }
  return integers(operator, a, b, writing);
}

function doubles(operator: ArithmeticOperator, a: Value, b: Value, text: string): Value {
  const sql = callSql(`dbl_${NAMES[operator]}`, asDouble(a), asDouble(b), quoted(text));
  return derived(sql, DOUBLE_TYPE, [a, b]);
}

function decimals(operator: ArithmeticOperator, a: Value, b: Value, text: string): Value {
  const sql = callSql(`dec_${NAMES[operator]}`, asExact(a), asExact(b), quoted(text));
  return derived(sql, decimalResult(operator, numberType(a), numberType(b)), [a, b]);
}

function decimalResult(operator: ArithmeticOperator, a: ValueType, b: ValueType): ValueType {
  const whole = Math.max(wholeDigits(a), wholeDigits(b));
  switch (operator) {
    case "*":
      return decimalType(a.digits + b.digits, a.scale + b.scale);
    case "/": {
      const scale = a.scale + QUOTIENT_DIGITS;
      return decimalType(wholeDigits(a) + b.scale + scale, scale);
    }
    default: {
      const scale = Math.max(a.scale, b.scale);
      return decimalType(whole + scale + (operator === "%" ? 0 : 1), scale);
    }
  }
}

function divide(a: Value, b: Value, writing: Writing): Value {
  const isExact = classOf(a) === "integer" && classOf(b) === "integer";
  if (!isExact) {
    return derived(callSql("dec_div", asExact(a), asExact(b), quoted(writing.text)), BIGINT_TYPE, [
      a,
      b,
    ]);
  }
  return integers("DIV", a, b, writing);
}

interface Bounds {
  readonly min: bigint;
  readonly max: bigint;
}

function integers(
  operator: ArithmeticOperator,
  a: Value,
  b: Value,
  { text, strict }: Writing,
): Value {
  const unsigned = numberType(a).unsigned || (operator !== "%" && numberType(b).unsigned);
  const bounds = boundsOf(operator, numberType(a), numberType(b));
  const [left, right] = [asInteger(a), asInteger(b)];
  const isChecked = strict && (operator === "DIV" || operator === "%");
  const isNative = !isChecked &&
    [a, b].every(({ type }) => isInteger(type) && type.form === "native");
  if (isNative && bounds.min >= (unsigned ? 0n : INT64_MIN) && bounds.max <= INT64_MAX) {
    const sign = operator === "DIV" ? "/" : operator;
    const type = integerType(bounds.min, bounds.max, unsigned);
    return derived(`(${left} ${sign} ${right})`, type, [a, b]);
  }
  const sql = callSql(`${unsigned ? "uint" : "int"}_${NAMES[operator]}`, left, right, quoted(text));
  const min = unsigned ? 0n : bounds.min < INT64_MIN ? INT64_MIN : bounds.min;
  const limit = unsigned ? UINT64_MAX : INT64_MAX;
  const type = integerType(min, bounds.max > limit ? limit : bounds.max, unsigned);
  return derived(sql, type, [a, b]);
}

function boundsOf(operator: ArithmeticOperator, a: ValueType, b: ValueType): Bounds {
  switch (operator) {
    case "+":
      return { min: a.min + b.min, max: a.max + b.max };
    case "-":
      return { min: a.min - b.max, max: a.max - b.min };
    case "*": {
      const products = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max];
      return { min: least(products), max: greatest(products) };
    }
    case "%":
      return { min: a.min < 0n ? a.min : 0n, max: a.max > 0n ? a.max : 0n };
    default: {
      // The largest quotients are of one and minus one.
      const sizes = [a.min, a.max, -a.min, -a.max];
      return { min: least(sizes), max: greatest(sizes) };
    }
  }
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a < b ? a : b);
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a > b ? a : b);
}

export function negate(value: Value, text: string): Value {
  const { type } = value;
  if (isNull(value)) return derived("NULL", DOUBLE_TYPE, [value]);
  switch (classOf(value)) {
    case "double":
      return derived(`(-${asDouble(value)})`, DOUBLE_TYPE, [value]);
    case "decimal":
      return derived(callSql("dec_neg", asExact(value)), { ...numberType(value), form: "digits" }, [
        value,
      ]);
    case "integer": {
      const { min, max } = numberType(value);
      const isNative = isInteger(type) && type.form === "native" && min > INT64_MIN;
      const sql = isNative
        ? `(-${value.sql})`
        : callSql("int_sub", "0", asInteger(value), quoted(text));
      const low = -max < INT64_MIN ? INT64_MIN : -max;
      const high = -min > INT64_MAX ? INT64_MAX : -min;
      return derived(sql, integerType(low, high), [value]);
    }
  }
}

const BIT_NAMES: Readonly<Record<BitOperator, string>> = {
  "&": "and",
  "|": "or",
  "^": "xor",
  "<<": "shl",
  ">>": "shr",
};

export function bits(operator: BitOperator, a: Value, b: Value): Value {
  if (isNull(a) || isNull(b)) return derived("NULL", BIGINT_UNSIGNED_TYPE, [a, b]);
  const [left, right] = [asInteger(a), asInteger(b)];
  const max = nativeBits(operator, a.type, b.type);
  if (max !== null) {
    return derived(`(${left} ${operator} ${right})`, integerType(0n, max, true), [a, b]);
  }
  return derived(callSql(`bit_${BIT_NAMES[operator]}`, left, right), BIGINT_UNSIGNED_TYPE, [a, b]);
}

/** The greatest result, where SQLite's operator on signed integers gives MySQL's; else null. */
function nativeBits(operator: BitOperator, a: ValueType, b: ValueType): bigint | null {
  if (![a, b].every((type) => isInteger(type) && type.form === "native")) return null;
  const isPositive = [a, b].map(({ min }) => min >= 0n);
  switch (operator) {
    case "&": {
      const limits = [a, b].filter((_, at) => isPositive[at]).map(({ max }) => max);
      return limits.length === 0 ? null : least(limits);
    }
    case "|":
      return isPositive.every(Boolean) ? allOnes(a.max > b.max ? a.max : b.max) : null;
    case ">>":
      return isPositive.every(Boolean) && b.max < 64n ? a.max : null;
    default:
      // SQLite has no exclusive or, and a shift to the left can leave the signed range.
      return null;
  }
}

function allOnes(value: bigint): bigint {
  return 2n ** BigInt(value.toString(2).length) - 1n;
}

export function bitNot(value: Value): Value {
  if (isNull(value)) return derived("NULL", BIGINT_UNSIGNED_TYPE, [value]);
  return derived(callSql("bit_not", asInteger(value)), BIGINT_UNSIGNED_TYPE, [value]);
}
