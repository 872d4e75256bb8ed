/** Functions applied to translated arguments. */
import { invariant } from "../../base/assert.ts";
import { functionSpec } from "./functions_registry.ts";
import type { FunctionSpec } from "./functions_spec.ts";
import { coerce } from "./translate_coerce.ts";
import type { TranslateContext } from "./translate_context.ts";
import { isCaseless } from "./translate_predicates.ts";
import { BYTES_TYPE, isText, textType, type ValueType } from "./translate_type.ts";
import { callSql, derived, isNull, type Value } from "./translate_value.ts";

export interface Call {
  readonly name: string;
  readonly args: readonly Value[];
  readonly context: TranslateContext;
}

export type CallTranslator = (call: Call) => Value;

export interface SpecialCall {
  /** The least and the most arguments it takes. */
  readonly min: number;
  readonly max: number;
  readonly translate: CallTranslator;
}

/** A function of the table, applied. */
export function applySpec(spec: FunctionSpec, args: readonly Value[]): Value {
  const given = args.map((arg, at) => coerceArg(spec, arg, at));
  const flag = spec.collated ? [args.every(isCaselessWith(args)) ? "1" : "0"] : [];
  const sql = callSql(spec.name, ...given, ...flag);
  const type = typeof spec.result === "function"
    ? spec.result(args.map((arg) => arg.type))
    : spec.result;
  const result = derived(
    sql,
    isTextOfNulls(spec, type, args) ? BYTES_TYPE : collated(type, args),
    args,
  );
  return spec.volatile ? { ...result, volatile: true, constant: false } : result;
}

/** Their text does not take after the text they are given. */
const WRITERS: ReadonlySet<string> = new Set(["CONV", "BIN", "OCT", "JSON_UNQUOTE"]);

/** NULL has no character set, and neither has text made of nothing else. */
function isTextOfNulls(spec: FunctionSpec, type: ValueType, args: readonly Value[]): boolean {
  const texts = args.filter((_, at) => (spec.params[at] ?? spec.rest) === "text");
  return type.kind === "text" && !WRITERS.has(spec.name) && texts.length > 0 && texts.every(isNull);
}

function coerceArg(spec: FunctionSpec, arg: Value, at: number): string {
  const kind = spec.params[at] ?? spec.rest ?? "any";
  if (isNull(arg) && kind !== "json") return "NULL";
  const isBytes = arg.type.kind === "bytes" && kind === "text" && spec.collated;
  return isBytes ? callSql("text_of_bytes", arg.sql) : coerce(arg, kind);
}

function isCaselessWith(args: readonly Value[]): (arg: Value) => boolean {
  return (arg) => arg.type.kind !== "bytes" && args.every((other) => isCaseless(arg, other));
}

/** Text made of texts compares as they do. */
function collated(type: ValueType, args: readonly Value[]): ValueType {
  if (type.kind !== "text") return type;
  const texts = args.map((arg) => arg.type).filter((each) => isText(each));
  if (texts.length === 0) return type;
  const strength = Math.min(...texts.map((each) => each.strength));
  const deciding = texts.filter((each) => each.strength === strength);
  return textType(deciding.some((each) => each.collation === "bin") ? "bin" : "ci", strength);
}

/** The function of that name, applied. */
export function apply(name: string, ...args: readonly Value[]): Value {
  const spec = functionSpec(name);
  invariant(spec !== undefined, `No function is called ${name}`);
  return applySpec(spec, args);
}
