/** How a MySQL function is declared: what it takes, what it gives, and what it does. */
import type { FunctionState } from "./functions_state.ts";
import type { ValueType } from "./translate_type.ts";

/** A value as SQLite hands it over; every integer is a bigint. */
export type SqlValue = null | bigint | number | string | Uint8Array;

/**
 * What an argument is turned into before the function sees it. `string` is text or, where the
 * argument is bytes, bytes; `exact` is an integer or digits; `moment` and `time` are text of
 * whatever date or time; `any` is left as SQLite holds it.
 */
export interface ParamValues {
  readonly text: string;
  readonly integer: bigint;
  readonly double: number;
  readonly exact: bigint | string;
  readonly bytes: Uint8Array;
  readonly string: string | Uint8Array;
  readonly moment: string;
  readonly time: string;
  readonly json: string;
  readonly any: bigint | number | string | Uint8Array;
}
export type ParamKind = keyof ParamValues;

export type Result = SqlValue | boolean;
export type ResultType = ValueType | ((args: readonly ValueType[]) => ValueType);

export interface FunctionSpec {
  /** MySQL's name, in capitals; in small letters where only the translator calls it. */
  readonly name: string;
  readonly params: readonly ParamKind[];
  /** How many of the parameters must be there. */
  readonly required: number;
  /** What further arguments are, where any number is taken. */
  readonly rest: ParamKind | null;
  readonly result: ResultType;
  /** The answer is not NULL as soon as an argument is. */
  readonly seesNulls: boolean;
  /** The text arguments are compared: a last argument says 1 for without case, 0 for exactly. */
  readonly collated: boolean;
  /** Two calls with the same arguments in one statement may differ. */
  readonly volatile: boolean;
  readonly bind: (state: FunctionState) => (...args: readonly SqlValue[]) => Result;
}

export type Values<P extends readonly ParamKind[]> = { [K in keyof P]: ParamValues[P[K]] };

interface Options {
  readonly required?: number;
  readonly seesNulls?: boolean;
  readonly collated?: boolean;
  readonly volatile?: boolean;
}

type Runner = (...args: readonly SqlValue[]) => Result;

function spec(
  name: string,
  params: readonly ParamKind[],
  result: ResultType,
  bind: FunctionSpec["bind"],
  options: Options & { readonly rest?: ParamKind } = {},
): FunctionSpec {
  return {
    name,
    params,
    required: options.required ?? params.length,
    rest: options.rest ?? null,
    result,
    seesNulls: options.seesNulls ?? false,
    collated: options.collated ?? false,
    volatile: options.volatile ?? false,
    bind,
  };
}

/** A function of a fixed number of arguments, none of which is NULL when it runs. */
export function fn<const P extends readonly ParamKind[]>(
  name: string,
  params: P,
  result: ResultType,
  run: (...args: Values<P>) => Result,
): FunctionSpec {
  return spec(name, params, result, () => run as unknown as Runner);
}

/** One whose last arguments may be absent, or that compares texts: see `Options`. */
export function fnWith<const P extends readonly ParamKind[]>(
  declared: Options & { readonly name: string; readonly params: P; readonly result: ResultType },
  run: (...args: [...Values<P>, ...SqlValue[]]) => Result,
): FunctionSpec {
  return spec(
    declared.name,
    declared.params,
    declared.result,
    () => run as unknown as Runner,
    declared,
  );
}

/** One that takes any number of arguments, at least `required`, all of the same kind. */
export function fnRest<K extends ParamKind>(
  declared: Options & { readonly name: string; readonly rest: K; readonly result: ResultType },
  run: (...args: ParamValues[K][]) => Result,
): FunctionSpec {
  const options = { required: 1, ...declared };
  return spec(declared.name, [], declared.result, () => run as unknown as Runner, options);
}

/** One whose first argument is text, and any number of others of another kind. */
export function fnTextAndRest<K extends ParamKind>(
  declared: Options & { readonly name: string; readonly rest: K; readonly result: ResultType },
  run: (text: string, ...args: ParamValues[K][]) => Result,
): FunctionSpec {
  const options = { required: 1, ...declared };
  return spec(declared.name, ["text"], declared.result, () => run as unknown as Runner, options);
}

/** One that asks for the state of the statement. */
export function fnState<const P extends readonly ParamKind[]>(
  declared: Options & { readonly name: string; readonly params: P; readonly result: ResultType },
  bind: (state: FunctionState) => (...args: [...Values<P>, ...SqlValue[]]) => Result,
): FunctionSpec {
  return spec(
    declared.name,
    declared.params,
    declared.result,
    (state) => bind(state) as unknown as Runner,
    declared,
  );
}
