/** Calls of functions: the ones declared with their arguments, and the ones that need more thought. */
import { sqlError } from "../../protocol/errors.ts";
import { functionSpec } from "./functions_registry.ts";
import { CLOCK_CALLS } from "./translate_calls_clock.ts";
import { NUMBER_CALLS } from "./translate_calls_number.ts";
import { VALUE_CALLS } from "./translate_calls_value.ts";
import { applySpec, type Call, type SpecialCall } from "./translate_apply.ts";
import { unsupported } from "./translate_parse_reader.ts";
import type { Value } from "./translate_value.ts";

const SPECIAL: Readonly<Record<string, SpecialCall>> = {
  ...VALUE_CALLS,
  ...NUMBER_CALLS,
  ...CLOCK_CALLS,
};

/** Functions that exist in MySQL and not here, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  SLEEP: "the engine does one thing after the other",
  BENCHMARK: "it only costs time",
  GET_LOCK: "this engine has no named locks",
  RELEASE_LOCK: "this engine has no named locks",
  IS_FREE_LOCK: "this engine has no named locks",
  LOAD_FILE: "this engine reads no files",
  FOUND_ROWS: "run SELECT COUNT(*) instead",
  SYS_GUID: "write UUID()",
  UUID_SHORT: "write UUID()",
  RANDOM_BYTES: "draw the bytes in the client",
  ENCRYPT: "hash in the client",
  PASSWORD: "hash in the client",
  AES_ENCRYPT: "encrypt in the client",
  AES_DECRYPT: "decrypt in the client",
  COMPRESS: "compress in the client",
  UNCOMPRESS: "uncompress in the client",
  CONVERT_TZ: "times here are UTC only",
  WEIGHT_STRING: "weights have no use outside the engine",
  JSON_TABLE: "read the document and take it apart in the client",
  JSON_SEARCH: "read the document and search in the client",
  EXPORT_SET: "format the bits in the client",
};

export function translateCall(call: Call): Value {
  const { name, args } = call;
  const special = Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
  if (special !== undefined) {
    checkCount(name, args.length, special.min, special.max);
    return special.translate(call);
  }
  const spec = functionSpec(name);
  if (spec === undefined) throw unknownFunction(call);
  checkCount(name, args.length, spec.required, spec.rest === null ? spec.params.length : Infinity);
  return applySpec(spec, args);
}

function checkCount(name: string, count: number, min: number, max: number): void {
  if (count >= min && count <= max) return;
  throw sqlError(
    1582,
    "42000",
    `Incorrect parameter count in the call to native function '${name.toLowerCase()}'`,
  );
}

function unknownFunction({ name, context }: Call): Error {
  const why = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
  if (why !== undefined) return unsupported(`Cannot call ${name}(): ${why}`);
  return sqlError(
    1305,
    "42000",
    `FUNCTION ${context.database}.${name.toLowerCase()} does not exist`,
  );
}
