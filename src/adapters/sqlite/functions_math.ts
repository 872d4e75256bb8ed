/** MySQL's functions on doubles and integers. */
import { fn, fnState, fnWith, type FunctionSpec, type SqlValue } from "./functions_spec.ts";
import { roundDouble, storable, toUnsigned } from "./functions_number.ts";
import { powerOfTen } from "./functions_decimal.ts";
import { BIGINT_TYPE, DOUBLE_TYPE, integerType } from "./translate_type.ts";

/** A function of a double; null where it has no value. */
function real(name: string, run: (value: number) => number): FunctionSpec {
  return fn(name, ["double"], DOUBLE_TYPE, (value) => {
    const result = run(value);
    return Number.isFinite(result) ? result : null;
  });
}

function logarithm(base: number, value: SqlValue | undefined): number | null {
  if (typeof value !== "number") return base <= 0 ? null : Math.log(base);
  if (base <= 0 || base === 1 || value <= 0) return null;
  return Math.log(value) / Math.log(base);
}

/** Rounds an integer to tens, hundreds, …; halves away from zero. */
function roundInteger(value: bigint, places: bigint, cut: boolean): bigint {
  if (places >= 0n) return value;
  if (places < -40n) return 0n;
  const unit = powerOfTen(Number(-places));
  const rest = value % unit;
  const down = value - rest;
  const twice = rest < 0n ? -rest * 2n : rest * 2n;
  if (cut || twice < unit) return down;
  return value < 0n ? down - unit : down + unit;
}

function bitCount(value: bigint): bigint {
  let bits = toUnsigned(value);
  let count = 0n;
  while (bits > 0n) {
    count += bits & 1n;
    bits >>= 1n;
  }
  return count;
}

export const MATH_FUNCTIONS: readonly FunctionSpec[] = [
  real("SQRT", (value) => value < 0 ? NaN : Math.sqrt(value)),
  real("EXP", Math.exp),
  real("LN", (value) => value <= 0 ? NaN : Math.log(value)),
  real("LOG2", (value) => value <= 0 ? NaN : Math.log2(value)),
  real("LOG10", (value) => value <= 0 ? NaN : Math.log10(value)),
  real("SIN", Math.sin),
  real("COS", Math.cos),
  real("TAN", Math.tan),
  real("ASIN", Math.asin),
  real("ACOS", Math.acos),
  real("COT", (value) => 1 / Math.tan(value)),
  real("RADIANS", (value) => value * (Math.PI / 180)),
  real("DEGREES", (value) => value * (180 / Math.PI)),
  fnWith(
    { name: "LOG", params: ["double", "double"], required: 1, result: DOUBLE_TYPE },
    logarithm,
  ),
  fnWith(
    { name: "ATAN", params: ["double", "double"], required: 1, result: DOUBLE_TYPE },
    (y, x) => typeof x === "number" ? Math.atan2(y, x) : Math.atan(y),
  ),
  fn("ATAN2", ["double", "double"], DOUBLE_TYPE, Math.atan2),
  fn("PI", [], DOUBLE_TYPE, () => Math.PI),
  fn("abs_double", ["double"], DOUBLE_TYPE, Math.abs),
  fn("ceil_double", ["double"], DOUBLE_TYPE, Math.ceil),
  fn("floor_double", ["double"], DOUBLE_TYPE, Math.floor),
  fn("sign_double", ["double"], integerType(-1n, 1n), (value) => BigInt(Math.sign(value))),
  fn(
    "round_double",
    ["double", "integer"],
    DOUBLE_TYPE,
    (value, places) => roundDouble(value, Number(places), false),
  ),
  fn(
    "truncate_double",
    ["double", "integer"],
    DOUBLE_TYPE,
    (value, places) => roundDouble(value, Number(places), true),
  ),
  fn(
    "round_integer",
    ["integer", "integer"],
    BIGINT_TYPE,
    (value, places) => storable(roundInteger(value, places, false)),
  ),
  fn(
    "truncate_integer",
    ["integer", "integer"],
    BIGINT_TYPE,
    (value, places) => storable(roundInteger(value, places, true)),
  ),
  fn("BIT_COUNT", ["integer"], integerType(0n, 64n), bitCount),
  fnState(
    { name: "RAND", params: [], volatile: true, result: DOUBLE_TYPE },
    (state) => () => state.random(),
  ),
  fnState(
    {
      name: "rand_seeded",
      params: ["integer", "integer"],
      seesNulls: true,
      volatile: true,
      result: DOUBLE_TYPE,
    },
    (state) => (place: bigint, seed: bigint | null) => state.seededRandom(place, seed ?? 0n),
  ),
];
