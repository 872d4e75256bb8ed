/** MySQL's aggregates where SQLite has none or another: exact sums, collations, deviations. */
import { binKey, ciKey, compareKeys } from "./functions_collation.ts";
import {
  compareDecimals,
  compute,
  type Decimal,
  powerOfTen,
  printUnits,
  toDecimal,
} from "./functions_decimal.ts";
import { storable, toUnsigned } from "./functions_number.ts";
import type { SqlValue } from "./functions_spec.ts";
import { parseTime } from "./functions_temporal.ts";
import { sqlError } from "../../protocol/errors.ts";

/** A running state: made at the start of each group, fed each row, asked at the end. */
export interface Accumulator {
  step(...args: readonly SqlValue[]): void;
  /** Takes a row out again, as windows need; absent where it cannot. */
  inverse?(...args: readonly SqlValue[]): void;
  result(): SqlValue;
}

export interface AggregateSpec {
  readonly name: string;
  readonly arity: number;
  readonly windowed: boolean;
  readonly start: () => Accumulator;
}

/** Adds exact numbers of any scale. */
class ExactSum implements Accumulator {
  #units = 0n;
  #scale = 0;
  protected count = 0;

  step(value: SqlValue): void {
    if (value === null || value instanceof Uint8Array) return;
    this.#add(toDecimal(value), 1n);
    this.count++;
  }

  inverse(value: SqlValue): void {
    if (value === null || value instanceof Uint8Array) return;
    this.#add(toDecimal(value), -1n);
    this.count--;
  }

  #add(value: Decimal, sign: 1n | -1n): void {
    if (value.scale > this.#scale) {
      this.#units *= powerOfTen(value.scale - this.#scale);
      this.#scale = value.scale;
    }
    this.#units += sign * value.units * powerOfTen(this.#scale - value.scale);
  }

  result(): SqlValue {
    return this.count === 0 ? null : this.total();
  }

  protected total(): string {
    return printUnits(this.#units, this.#scale);
  }
}

/** The sum of checksums modulo 2^64, as SQLite's signed integer. */
class ModularSum implements Accumulator {
  #sum = 0n;

  step(value: SqlValue): void {
    if (typeof value === "bigint") this.#sum = BigInt.asIntN(64, this.#sum + value);
  }

  result(): SqlValue {
    return this.#sum;
  }
}

class ExactAverage extends ExactSum {
  override result(): SqlValue {
    return this.count === 0 ? null : compute("/", this.total(), BigInt(this.count));
  }
}

/** Adds doubles one after the other, as MySQL does; SQLite would compensate the rounding. */
class DoubleSum implements Accumulator {
  protected sum = 0;
  protected count = 0;

  step(value: SqlValue): void {
    if (value === null) return;
    this.sum += Number(value);
    this.count++;
  }

  inverse(value: SqlValue): void {
    if (value === null) return;
    this.sum -= Number(value);
    this.count--;
  }

  result(): SqlValue {
    return this.count === 0 ? null : this.sum;
  }
}

class DoubleAverage extends DoubleSum {
  override result(): SqlValue {
    return this.count === 0 ? null : this.sum / this.count;
  }
}

/** The least or greatest by an order; the first of equal ones. */
class Extreme implements Accumulator {
  readonly #better: (a: SqlValue, b: SqlValue) => boolean;
  #best: SqlValue = null;

  constructor(better: (a: SqlValue, b: SqlValue) => boolean) {
    this.#better = better;
  }

  step(value: SqlValue): void {
    if (value === null) return;
    if (this.#best === null || this.#better(value, this.#best)) this.#best = value;
  }

  result(): SqlValue {
    return this.#best;
  }
}

function byKey(key: (text: string) => string, wanted: 1 | -1) {
  return (a: SqlValue, b: SqlValue): boolean =>
    compareKeys(key(String(a)), key(String(b))) * wanted > 0;
}

function byNumber(wanted: 1 | -1) {
  return (a: SqlValue, b: SqlValue): boolean => compareDecimals(exact(a), exact(b)) * wanted > 0;
}

function byTime(wanted: 1 | -1) {
  return (a: SqlValue, b: SqlValue): boolean =>
    ((parseTime(String(a)) ?? 0) - (parseTime(String(b)) ?? 0)) * wanted > 0;
}

function exact(value: SqlValue): bigint | number | string {
  return value === null || value instanceof Uint8Array ? 0n : value;
}

/** Variance by Welford's recurrence, as MySQL computes it. */
class Variance implements Accumulator {
  readonly #sample: boolean;
  readonly #root: boolean;
  #count = 0;
  #mean = 0;
  #squares = 0;

  constructor(sample: boolean, root: boolean) {
    this.#sample = sample;
    this.#root = root;
  }

  step(value: SqlValue): void {
    if (value === null) return;
    const number = Number(value);
    this.#count++;
    const before = this.#mean;
    this.#mean += (number - before) / this.#count;
    this.#squares += (number - before) * (number - this.#mean);
  }

  result(): SqlValue {
    const divisor = this.#sample ? this.#count - 1 : this.#count;
    if (divisor <= 0) return null;
    const variance = this.#squares / divisor;
    return this.#root ? Math.sqrt(variance) : variance;
  }
}

class Bits implements Accumulator {
  readonly #combine: (a: bigint, b: bigint) => bigint;
  #bits: bigint;

  constructor(start: bigint, combine: (a: bigint, b: bigint) => bigint) {
    this.#bits = start;
    this.#combine = combine;
  }

  step(value: SqlValue): void {
    if (value === null || value instanceof Uint8Array) return;
    this.#bits = this.#combine(this.#bits, toUnsigned(BigInt(value)));
  }

  result(): SqlValue {
    return storable(this.#bits);
  }
}

/** group_concat_max_len of MariaDB. */
const CONCAT_BYTES_MAX = 1_048_576;

/** GROUP_CONCAT(text, separator, key): a key says which texts are the same, for DISTINCT. */
class Concatenation implements Accumulator {
  #text: string | null = null;
  readonly #seen = new Set<string>();

  step(value: SqlValue, separator: SqlValue, key: SqlValue): void {
    if (value === null) return;
    if (key !== null) {
      if (this.#seen.has(String(key))) return;
      this.#seen.add(String(key));
    }
    if (this.#text === null) this.#text = String(value);
    else if (this.#text.length < CONCAT_BYTES_MAX) this.#text += String(separator) + String(value);
  }

  result(): SqlValue {
    return this.#text?.slice(0, CONCAT_BYTES_MAX) ?? null;
  }
}

/** JSON_ARRAYAGG(json) and JSON_OBJECTAGG(key, json). */
class JsonCollection implements Accumulator {
  readonly #object: boolean;
  #parts: string[] = [];

  constructor(object: boolean) {
    this.#object = object;
  }

  step(first: SqlValue, second: SqlValue = null): void {
    if (!this.#object) this.#parts.push(String(first));
    else if (first !== null) this.#parts.push(`${JSON.stringify(String(first))}:${String(second)}`);
  }

  result(): SqlValue {
    if (this.#parts.length === 0) return null;
    return this.#object ? `{${this.#parts.join(", ")}}` : `[${this.#parts.join(",")}]`;
  }
}

/** A subquery's only row; a second one is an error. */
class Single implements Accumulator {
  #value: SqlValue = null;
  #rows = 0;

  step(value: SqlValue): void {
    if (++this.#rows > 1) throw sqlError(1242, "21000", "Subquery returns more than 1 row");
    this.#value = value;
  }

  result(): SqlValue {
    return this.#value;
  }
}

function aggregate(
  name: string,
  start: () => Accumulator,
  options: { readonly arity?: number; readonly windowed?: boolean } = {},
): AggregateSpec {
  return { name, arity: options.arity ?? 1, windowed: options.windowed ?? false, start };
}

export const AGGREGATES: readonly AggregateSpec[] = [
  aggregate("SUM_EXACT", () => new ExactSum(), { windowed: true }),
  aggregate("AVG_EXACT", () => new ExactAverage(), { windowed: true }),
  aggregate("SUM_MOD", () => new ModularSum()),
  aggregate("SUM_DOUBLE", () => new DoubleSum(), { windowed: true }),
  aggregate("AVG_DOUBLE", () => new DoubleAverage(), { windowed: true }),
  aggregate("MIN_CI", () => new Extreme(byKey(ciKey, -1))),
  aggregate("MAX_CI", () => new Extreme(byKey(ciKey, 1))),
  aggregate("MIN_BIN", () => new Extreme(byKey(binKey, -1))),
  aggregate("MAX_BIN", () => new Extreme(byKey(binKey, 1))),
  aggregate("MIN_TIME", () => new Extreme(byTime(-1))),
  aggregate("MAX_TIME", () => new Extreme(byTime(1))),
  aggregate("MIN_EXACT", () => new Extreme(byNumber(-1))),
  aggregate("MAX_EXACT", () => new Extreme(byNumber(1))),
  aggregate("VAR_POP", () => new Variance(false, false)),
  aggregate("VAR_SAMP", () => new Variance(true, false)),
  aggregate("STDDEV_POP", () => new Variance(false, true)),
  aggregate("STDDEV_SAMP", () => new Variance(true, true)),
  aggregate("BIT_AND", () => new Bits(2n ** 64n - 1n, (a, b) => a & b)),
  aggregate("BIT_OR", () => new Bits(0n, (a, b) => a | b)),
  aggregate("BIT_XOR", () => new Bits(0n, (a, b) => a ^ b)),
  aggregate("GROUP_CONCAT", () => new Concatenation(), { arity: 3 }),
  aggregate("JSON_ARRAYAGG", () => new JsonCollection(false)),
  aggregate("JSON_OBJECTAGG", () => new JsonCollection(true), { arity: 2 }),
  aggregate("SINGLE", () => new Single()),
];
