/** The operators of MySQL where SQLite's differ: overflow, decimals, unsigned bits. */
import { sqlError } from "../../protocol/errors.ts";
import {
  compareDecimals,
  compute,
  decimalKey,
  type DecimalOperator,
  parseDecimal,
  printRounded,
  printUnits,
  rescale,
  toDecimal,
  truncate,
  wholeQuotient,
} from "./functions_decimal.ts";
import { roundToInteger, storable, toUnsigned } from "./functions_number.ts";
import {
  fn,
  fnState,
  fnWith,
  type FunctionSpec,
  type Result,
  type Values,
} from "./functions_spec.ts";
import {
  BIGINT_TYPE,
  BIGINT_UNSIGNED_TYPE,
  BOOLEAN_TYPE,
  decimalType,
  DOUBLE_TYPE,
  INT64_MAX,
  INT64_MIN,
  textType,
  UINT64_MAX,
  type ValueType,
} from "./translate_type.ts";

const DIGITS = decimalType(65, 30);

function outOfRange(type: string, text: string): Error {
  return sqlError(1690, "22003", `${type} value is out of range in '${text}'`);
}

function signed(value: bigint | null, text: string): bigint | null {
  if (value === null || (value >= INT64_MIN && value <= INT64_MAX)) return value;
  throw outOfRange("BIGINT", text);
}

function unsigned(value: bigint | null, text: string): Result {
  if (value === null) return null;
  if (value < 0n || value > UINT64_MAX) throw outOfRange("BIGINT UNSIGNED", text);
  return storable(value);
}

const INTEGER_OPERATORS: Readonly<Record<string, (a: bigint, b: bigint) => bigint | null>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => b === 0n ? null : a / b,
  mod: (a, b) => b === 0n ? null : a % b,
};

type Operands = readonly ["exact" | "integer" | "double", "exact" | "integer" | "double", "text"];

/** An operator that gives nothing for a divisor of zero; the statement may want to fail then. */
function dividing<const P extends Operands>(
  name: string,
  params: P,
  result: ValueType,
  run: (...args: Values<P>) => Result,
): FunctionSpec {
  return fnState(
    { name, params, result },
    (state) => (...args) => run(...args as unknown as Values<P>) ?? state.dividedByZero(),
  );
}

/** Integer operators; their last argument is the expression's text, for the error. */
const INTEGER_FUNCTIONS = Object.entries(INTEGER_OPERATORS).flatMap(([name, run]) => [
  dividing(
    `int_${name}`,
    ["integer", "integer", "text"],
    BIGINT_TYPE,
    (a, b, text) => signed(run(a, b), text),
  ),
  dividing(
    `uint_${name}`,
    ["integer", "integer", "text"],
    BIGINT_UNSIGNED_TYPE,
    (a, b, text) => unsigned(run(a, b), text),
  ),
]);

const DECIMAL_OPERATORS: Readonly<Record<string, DecimalOperator>> = {
  add: "+",
  sub: "-",
  mul: "*",
  quo: "/",
  mod: "%",
};

/** MySQL keeps 81 digits while it computes. */
const DIGITS_MAX = 81;

const DECIMAL_FUNCTIONS = Object.entries(DECIMAL_OPERATORS).map(([name, operator]) =>
  dividing(`dec_${name}`, ["exact", "exact", "text"], DIGITS, (a, b, text) => {
    const result = compute(operator, a, b);
    if (result !== null && result.length > DIGITS_MAX + 2) throw outOfRange("DECIMAL", text);
    return result;
  })
);

const DOUBLE_OPERATORS: Readonly<Record<string, (a: number, b: number) => number | null>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  quo: (a, b) => b === 0 ? null : a / b,
  mod: (a, b) => b === 0 ? null : a % b,
  pow: (a, b) => a ** b,
};

const DOUBLE_FUNCTIONS = Object.entries(DOUBLE_OPERATORS).map(([name, run]) =>
  dividing(`dbl_${name}`, ["double", "double", "text"], DOUBLE_TYPE, (a, b, text) => {
    const result = run(a, b);
    if (result !== null && !Number.isFinite(result)) throw outOfRange("DOUBLE", text);
    return result;
  })
);

/** Operators on 64 bits without a sign. */
const BIT_OPERATORS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => b > 63n ? 0n : BigInt.asUintN(64, a << b),
  shr: (a, b) => b > 63n ? 0n : a >> b,
};

const BIT_FUNCTIONS = Object.entries(BIT_OPERATORS).map(([name, run]) =>
  fn(
    `bit_${name}`,
    ["integer", "integer"],
    BIGINT_UNSIGNED_TYPE,
    (a, b) => storable(run(toUnsigned(a), toUnsigned(b))),
  )
);

/** FORMAT: rounded, with a comma before every three digits. */
function format(exact: bigint | string, places: bigint): string {
  const scale = Number(places < 0n ? 0n : places > 38n ? 38n : places);
  const [whole = "", fraction] = printRounded(exact, scale).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function roundExact(exact: bigint | string, places: bigint, cut: boolean): string {
  const value = toDecimal(exact);
  const scale = Number(places);
  const rounded = cut ? truncate : rescale;
  if (scale >= 0) return printUnits(rounded(value, scale), scale);
  const unit = 10n ** BigInt(-scale);
  const tens = rounded({ units: value.units, scale: value.scale - scale }, 0);
  return (tens * unit).toString();
}

function sign(exact: bigint | string): bigint {
  const { units } = toDecimal(exact);
  return units > 0n ? 1n : units < 0n ? -1n : 0n;
}

export const ARITHMETIC_FUNCTIONS: readonly FunctionSpec[] = [
  ...INTEGER_FUNCTIONS,
  ...DECIMAL_FUNCTIONS,
  ...DOUBLE_FUNCTIONS,
  ...BIT_FUNCTIONS,
  fn("bit_not", ["integer"], BIGINT_UNSIGNED_TYPE, (a) => storable(UINT64_MAX - toUnsigned(a))),
  dividing(
    "dec_div",
    ["exact", "exact", "text"],
    BIGINT_TYPE,
    (a, b, text) => signed(wholeQuotient(a, b), text),
  ),
  fn("dec_neg", ["exact"], DIGITS, (value) => compute("-", 0n, value)),
  fn(
    "dec_abs",
    ["exact"],
    DIGITS,
    (value) => sign(value) < 0n ? compute("-", 0n, value) : String(value),
  ),
  fn("dec_sign", ["exact"], BIGINT_TYPE, sign),
  fn("dec_floor", ["exact"], BIGINT_TYPE, (value) => {
    const cut = truncate(toDecimal(value), 0);
    return storable(compareDecimals(value, cut) < 0 ? cut - 1n : cut);
  }),
  fn("dec_ceil", ["exact"], BIGINT_TYPE, (value) => {
    const cut = truncate(toDecimal(value), 0);
    return storable(compareDecimals(value, cut) > 0 ? cut + 1n : cut);
  }),
  fn(
    "dec_round",
    ["exact", "integer"],
    DIGITS,
    (value, places) => roundExact(value, places, false),
  ),
  fn(
    "dec_truncate",
    ["exact", "integer"],
    DIGITS,
    (value, places) => roundExact(value, places, true),
  ),
  fn("dec_cmp", ["exact", "exact"], BIGINT_TYPE, (a, b) => BigInt(compareDecimals(a, b))),
  fn("dec_key", ["exact"], textType("bin"), (value) => decimalKey(value)),
  fn("dec_true", ["exact"], BOOLEAN_TYPE, (value) => toDecimal(value).units !== 0n),
  fnWith(
    { name: "dec_of", params: ["any", "integer"], result: DIGITS },
    (value, scale) => printRounded(numeric(value), Number(scale)),
  ),
  fn("dec_clip", ["exact", "integer", "integer"], DIGITS, clip),
  fn("FORMAT", ["exact", "integer"], textType(), format),
  fn("int_of_digits", ["exact"], BIGINT_TYPE, (value) => storable(roundToInteger(value))),
];

/** CAST(x AS DECIMAL(digits, scale)): rounded, and the largest there is where it does not fit. */
function clip(exact: bigint | string, digits: bigint, scale: bigint): string {
  const places = Number(scale);
  const limit = 10n ** digits - 1n;
  const units = rescale(typeof exact === "string" ? parseDecimal(exact) : toDecimal(exact), places);
  const fitting = units > limit ? limit : units < -limit ? -limit : units;
  return printUnits(fitting, places);
}

function numeric(value: bigint | number | string | Uint8Array): bigint | number | string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}
