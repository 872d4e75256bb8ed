/** MySQL's functions on JSON. */
import { sqlError } from "../../protocol/errors.ts";
import { changeAt, follow, hasWildcard, parsePath } from "./functions_json_path.ts";
import {
  isJsonArray,
  isJsonObject,
  type Json,
  jsonDepth,
  JsonNumber,
  type JsonObject,
  parseJson,
  printJson,
  quoteJson,
  sameJson,
} from "./functions_json_value.ts";
import {
  fn,
  fnRest,
  fnTextAndRest,
  fnWith,
  type FunctionSpec,
  type SqlValue,
} from "./functions_spec.ts";
import { BOOLEAN_TYPE, integerType, JSON_TYPE, textType } from "./translate_type.ts";

const TEXT = textType("bin");
const COUNT = integerType(0n, 2n ** 31n - 1n);

/** What JSON_EXTRACT gives; null where nothing was found or the text is no JSON. */
function extract(...[text = "", ...paths]: readonly string[]): string | null {
  const document = parseJson(text);
  if (document === undefined) return null;
  const parsed = paths.map(parsePath);
  const found = parsed.flatMap((path) => follow(document, path));
  if (found.length === 0) return null;
  const single = parsed.length === 1 && !hasWildcard(parsed[0] ?? []);
  return printJson(single ? found[0] ?? null : found);
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const value = parseJson(text);
  return typeof value === "string" ? value : text;
}

/** JSON_VALUE: a scalar as text. */
function valueAt(text: string, path: string): string | null {
  const document = parseJson(text);
  if (document === undefined) return null;
  const found = follow(document, parsePath(path))
    .find((each) => !isJsonArray(each) && !isJsonObject(each));
  if (found === undefined || found === null) return null;
  if (typeof found === "boolean") return found ? "1" : "0";
  return typeof found === "string" ? found : printJson(found);
}

function objectOf(...parts: readonly string[]): string {
  const entries = new Map<string, Json>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const key = parseJson(parts[at] ?? "");
    const name = typeof key === "string" ? key : printJson(key ?? null);
    entries.set(name, parseJson(parts[at + 1] ?? "") ?? null);
  }
  if (parts.length % 2 === 1) {
    throw sqlError(
      1582,
      "42000",
      "Incorrect parameter count in the call to native function 'json_object'",
    );
  }
  return printJson(entries);
}

function arrayOf(...items: readonly string[]): string {
  return printJson(items.map((item) => parseJson(item) ?? null));
}

type Mode = "set" | "insert" | "replace" | "append";

/** The arguments after the document are paths and values by turns; all come as JSON. */
function modify(mode: Mode, text: string, parts: readonly string[]): string | null {
  let document = parseJson(text);
  if (document === undefined) return null;
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const path = parseJson(parts[at] ?? "");
    if (typeof path !== "string") return null;
    const value = parseJson(parts[at + 1] ?? "") ?? null;
    document = changeAt(document, parsePath(path), (old) => modified(mode, old, value));
  }
  return printJson(document);
}

function modified(mode: Mode, old: Json | undefined, value: Json): Json | undefined {
  if (mode === "append") {
    if (old === undefined) return undefined;
    return isJsonArray(old) ? [...old, value] : [old, value];
  }
  if (old === undefined) return mode === "replace" ? undefined : value;
  return mode === "insert" ? old : value;
}

function remove(...[text = "", ...paths]: readonly string[]): string | null {
  let document = parseJson(text);
  if (document === undefined) return null;
  for (const path of paths) {
    const steps = parsePath(path);
    if (steps.length === 0) {
      throw sqlError(3153, "42000", "The path expression '$' is not allowed in this context.");
    }
    document = changeAt(document, steps, () => undefined);
  }
  return printJson(document);
}

function lengthOf(text: string, path: SqlValue | undefined): bigint | null {
  const value = at(text, path);
  if (value === undefined) return null;
  if (isJsonArray(value)) return BigInt(value.length);
  return BigInt(isJsonObject(value) ? value.size : 1);
}

/** The value at a path, or the whole document without one; undefined for none. */
function at(text: string, path: SqlValue | undefined): Json | undefined {
  const document = parseJson(text);
  if (document === undefined || typeof path !== "string") return document;
  return follow(document, parsePath(path))[0];
}

function contains(target: Json, candidate: Json): boolean {
  if (isJsonArray(target)) {
    const wanted = isJsonArray(candidate) ? candidate : [candidate];
    return wanted.every((each) => target.some((item) => contains(item, each)));
  }
  if (isJsonObject(target) && isJsonObject(candidate)) {
    return [...candidate].every(([key, each]) => {
      const own = target.get(key);
      return own !== undefined && contains(own, each);
    });
  }
  return sameJson(target, candidate);
}

function typeOf(value: Json): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value === "string") return "STRING";
  if (value instanceof JsonNumber) return /[.eE]/.test(value.text) ? "DOUBLE" : "INTEGER";
  return isJsonArray(value) ? "ARRAY" : "OBJECT";
}

function keysOf(text: string, path: SqlValue | undefined): string | null {
  const value = at(text, path);
  return value !== undefined && isJsonObject(value) ? printJson([...value.keys()]) : null;
}

/** JSON_MERGE_PATCH of RFC 7396. */
function patched(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map<string, Json>(isJsonObject(target) ? target : []);
  for (const [key, value] of patch) {
    if (value === null) merged.delete(key);
    else merged.set(key, patched(merged.get(key) ?? null, value));
  }
  return merged;
}

/** JSON_MERGE_PRESERVE: arrays are joined, objects merged key by key. */
function preserved(left: Json, right: Json): Json {
  if (isJsonObject(left) && isJsonObject(right)) {
    const merged = new Map<string, Json>(left as JsonObject);
    for (const [key, value] of right) {
      const old = merged.get(key);
      merged.set(key, old === undefined ? value : preserved(old, value));
    }
    return merged;
  }
  return [...(isJsonArray(left) ? left : [left]), ...(isJsonArray(right) ? right : [right])];
}

function merge(combine: (a: Json, b: Json) => Json, texts: readonly string[]): string | null {
  const documents = texts.map(parseJson);
  let merged: Json | undefined;
  for (const document of documents) {
    if (document === undefined) return null;
    merged = merged === undefined ? document : combine(merged, document);
  }
  return merged === undefined ? null : printJson(merged);
}

function containsPath(...[text = "", mode = "", ...paths]: readonly string[]): boolean | null {
  const document = parseJson(text);
  if (document === undefined) return null;
  const found = paths.map((path) => follow(document, parsePath(path)).length > 0);
  return mode.toLowerCase() === "all" ? found.every(Boolean) : found.some(Boolean);
}

export const JSON_FUNCTIONS: readonly FunctionSpec[] = [
  fnRest({ name: "JSON_EXTRACT", rest: "text", required: 2, result: JSON_TYPE }, extract),
  fn("JSON_UNQUOTE", ["text"], TEXT, unquote),
  fn("JSON_QUOTE", ["text"], TEXT, quoteJson),
  fn("JSON_VALUE", ["text", "text"], TEXT, valueAt),
  fn("JSON_VALID", ["text"], BOOLEAN_TYPE, (text) => parseJson(text) !== undefined),
  fn("JSON_DEPTH", ["text"], COUNT, (text) => {
    const value = parseJson(text);
    return value === undefined ? null : BigInt(jsonDepth(value));
  }),
  fn("JSON_TYPE", ["text"], TEXT, (text) => {
    const value = parseJson(text);
    return value === undefined ? null : typeOf(value);
  }),
  fn("json_compact", ["text"], JSON_TYPE, (text) => {
    const value = parseJson(text);
    return value === undefined ? null : printJson(value);
  }),
  fnWith(
    { name: "JSON_LENGTH", params: ["text", "text"], required: 1, result: COUNT },
    lengthOf,
  ),
  fnWith(
    { name: "JSON_KEYS", params: ["text", "text"], required: 1, result: JSON_TYPE },
    keysOf,
  ),
  fnWith(
    { name: "JSON_CONTAINS", params: ["text", "text", "text"], required: 2, result: BOOLEAN_TYPE },
    (text, candidate, path) => {
      const target = at(text, path);
      const wanted = parseJson(candidate);
      return target === undefined || wanted === undefined ? null : contains(target, wanted);
    },
  ),
  fnRest(
    { name: "JSON_CONTAINS_PATH", rest: "text", required: 3, result: BOOLEAN_TYPE },
    containsPath,
  ),
  fnRest({ name: "JSON_OBJECT", rest: "json", required: 0, result: JSON_TYPE }, objectOf),
  fnRest({ name: "JSON_ARRAY", rest: "json", required: 0, result: JSON_TYPE }, arrayOf),
  ...(["set", "insert", "replace"] as const).map((mode) =>
    fnTextAndRest(
      { name: `JSON_${mode.toUpperCase()}`, rest: "json", required: 3, result: JSON_TYPE },
      (text, ...parts) => modify(mode, text, parts),
    )
  ),
  fnTextAndRest(
    { name: "JSON_ARRAY_APPEND", rest: "json", required: 3, result: JSON_TYPE },
    (text, ...parts) => modify("append", text, parts),
  ),
  fnRest({ name: "JSON_REMOVE", rest: "text", required: 2, result: JSON_TYPE }, remove),
  fnRest(
    { name: "JSON_MERGE_PATCH", rest: "text", required: 2, result: JSON_TYPE },
    (...texts) => merge(patched, texts),
  ),
  fnRest(
    { name: "JSON_MERGE_PRESERVE", rest: "text", required: 2, result: JSON_TYPE },
    (...texts) => merge(preserved, texts),
  ),
];
