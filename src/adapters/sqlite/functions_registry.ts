/** All functions by name, and how they are made known to a connection of SQLite. */
import type { DatabaseSync } from "node:sqlite";
import { invariant } from "../../base/assert.ts";
import { type Accumulator, AGGREGATES, type AggregateSpec } from "./functions_aggregate.ts";
import { ARITHMETIC_FUNCTIONS } from "./functions_arithmetic.ts";
import { BYTES_FUNCTIONS } from "./functions_bytes.ts";
import { CLOCK_FUNCTIONS } from "./functions_clock.ts";
import { ciKey } from "./functions_collation.ts";
import { CONVERT_FUNCTIONS } from "./functions_convert.ts";
import { DATE_FUNCTIONS } from "./functions_dates.ts";
import { registerFingerprintFunction } from "./functions_fingerprint.ts";
import { JSON_FUNCTIONS } from "./functions_json.ts";
import { LIKE_FUNCTIONS } from "./functions_like.ts";
import { MATH_FUNCTIONS } from "./functions_math.ts";
import { SHIFT_FUNCTIONS } from "./functions_shift.ts";
import type { FunctionSpec, ParamKind, Result, SqlValue } from "./functions_spec.ts";
import type { FunctionState } from "./functions_state.ts";
import { registerTick } from "./functions_tick.ts";
import { TEXT_FUNCTIONS } from "./functions_text.ts";

const SPECS: ReadonlyMap<string, FunctionSpec> = new Map(
  [
    ...ARITHMETIC_FUNCTIONS,
    ...BYTES_FUNCTIONS,
    ...CLOCK_FUNCTIONS,
    ...CONVERT_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ...JSON_FUNCTIONS,
    ...LIKE_FUNCTIONS,
    ...MATH_FUNCTIONS,
    ...SHIFT_FUNCTIONS,
    ...TEXT_FUNCTIONS,
  ].map((spec) => [spec.name.toLowerCase(), spec]),
);

const AGGREGATE_SPECS: ReadonlyMap<string, AggregateSpec> = new Map(
  AGGREGATES.map((spec) => [spec.name, spec]),
);

/** The sort key that indexes on text are built on. */
export const CI_KEY = "_minisql_ci";

/** A function by name: MySQL's are in capitals, those only the translator knows are not. */
export function functionSpec(name: string): FunctionSpec | undefined {
  const spec = SPECS.get(name.toLowerCase());
  return spec?.name === name ? spec : undefined;
}

/** The name under which SQLite knows a function called with so many arguments. */
export function sqliteName(name: string, count: number): string {
  return `my_${name.toLowerCase()}_${count}`;
}

export function sqliteAggregate(name: string): string {
  return `my_agg_${name.toLowerCase()}`;
}

type Runner = (...args: readonly SqlValue[]) => Result;

/**
 * Registers the function that SQLite asked for by name; false where there is none of that name.
 * Functions are registered when first asked for: a connection uses few of them, and each costs.
 */
export function registerFunction(db: DatabaseSync, name: string, state: FunctionState): boolean {
  if (name === CI_KEY) {
    db.function(name, { deterministic: true }, ciOf as never);
    return true;
  }
  if (registerTick(db, name, state) || registerFingerprintFunction(db, name, state)) return true;
  const aggregate = /^my_agg_(\w+)$/.exec(name);
  if (aggregate !== null) {
    const spec = AGGREGATE_SPECS.get((aggregate[1] ?? "").toUpperCase());
    if (spec !== undefined) registerAggregate(db, name, { spec, state });
    return spec !== undefined;
  }
  const found = /^my_(\w+)_(\d+)$/.exec(name);
  const spec = SPECS.get(found?.[1] ?? "");
  if (spec === undefined) return false;
  const count = Number(found?.[2]);
  const kinds = kindsOf(spec, count);
  const run = spec.bind(state);
  const options = { deterministic: !spec.volatile, useBigIntArguments: true };
  const careful = guarded(state, run, { kinds, seesNulls: spec.seesNulls });
  db.function(name, options, withArity(count, careful) as never);
  return true;
}

function ciOf(text: SqlValue): SqlValue {
  return typeof text === "string" ? ciKey(text) : text;
}

function kindsOf(spec: FunctionSpec, count: number): readonly ParamKind[] {
  return Array.from({ length: count }, (_, at) => spec.params[at] ?? spec.rest ?? "any");
}

interface Care {
  readonly kinds: readonly ParamKind[];
  readonly seesNulls: boolean;
}

/** Passes NULLs by, hands integers over as such, and ends the statement where the function fails. */
function guarded(state: FunctionState, run: Runner, { kinds, seesNulls }: Care): Runner {
  const converters = kinds.map(converterOf);
  const plain = converters.every((each) => each === null);
  return (...args) => {
    if (!seesNulls) { for (const arg of args) if (arg === null) return null; }
    const given = plain ? args : args.map((arg, at) => {
      const convert = converters[at];
      return arg === null || convert === null || convert === undefined ? arg : convert(arg);
    });
    try {
      const result = run(...given);
      if (typeof result === "boolean") return result ? 1n : 0n;
      // Zero has no sign in what MySQL computes.
      return result === 0 ? 0 : result;
    } catch (error) {
      return state.fail(error);
    }
  };
}

function converterOf(kind: ParamKind): ((value: SqlValue) => SqlValue) | null {
  if (kind === "integer") return toBigint;
  return kind === "double" ? toNumber : null;
}

function toBigint(value: SqlValue): SqlValue {
  return typeof value === "string" ? BigInt(value) : value;
}

function toNumber(value: SqlValue): SqlValue {
  return typeof value === "bigint" || typeof value === "string" ? Number(value) : value;
}

/** SQLite asks a function how many arguments it takes; a rest parameter would cost on each call. */
function withArity(count: number, run: Runner): Runner {
  switch (count) {
    case 0:
      return () => run();
    case 1:
      return (a) => run(a as SqlValue);
    case 2:
      return (a, b) => run(a as SqlValue, b as SqlValue);
    case 3:
      return (a, b, c) => run(a as SqlValue, b as SqlValue, c as SqlValue);
    case 4:
      return (a, b, c, d) => run(a as SqlValue, b as SqlValue, c as SqlValue, d as SqlValue);
    default: {
      const variadic: Runner = (...args) => run(...args);
      Object.defineProperty(variadic, "length", { value: count });
      return variadic;
    }
  }
}

interface AggregateCare {
  readonly spec: AggregateSpec;
  readonly state: FunctionState;
}

function registerAggregate(db: DatabaseSync, name: string, { spec, state }: AggregateCare): void {
  const careful = (change: (state: Accumulator, args: SqlValue[]) => void) => {
    const step = (accumulator: Accumulator, ...args: SqlValue[]): Accumulator => {
      try {
        if (!state.hasFailed) change(accumulator, args);
      } catch (error) {
        state.failLater(error);
      }
      return accumulator;
    };
    Object.defineProperty(step, "length", { value: spec.arity + 1 });
    return step;
  };
  const inverse = careful((accumulator, args) => {
    invariant(accumulator.inverse !== undefined, `The aggregate ${name} cannot go back`);
    accumulator.inverse(...args);
  });
  db.aggregate(name, {
    start: spec.start,
    step: careful((accumulator, args) => accumulator.step(...args)),
    result: (accumulator: Accumulator) => state.hasFailed ? state.failed() : accumulator.result(),
    useBigIntArguments: true,
    ...(spec.windowed ? { inverse } : {}),
  } as never);
}
