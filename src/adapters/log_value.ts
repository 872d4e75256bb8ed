/** Turns any value into one that JSON can say, with secrets masked and its size bounded. */
import { CoordinatorError } from "../ports/coordinator.ts";
import { DiskError } from "../ports/disk.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { isSecretName, MASK, redactText } from "./redact.ts";

export type LogValue =
  | null
  | boolean
  | number
  | string
  | readonly LogValue[]
  | { readonly [name: string]: LogValue };

const DEPTH_MAX = 6;
const ITEMS_MAX = 100;
const TEXT_LENGTH_MAX = 4096;

/** A copy that is safe to write. Undefined where there is nothing to say. */
export function logValue(value: unknown): LogValue | undefined {
  return convert(value, []);
}

/** The fields of a line, secrets masked by name. */
export function logFields(fields: Readonly<Record<string, unknown>>): Record<string, LogValue> {
  return fieldsOf(fields, []);
}

export function logText(text: string): string {
  const whole = redactText(text);
  if (whole.length <= TEXT_LENGTH_MAX) return whole;
  return `${whole.slice(0, TEXT_LENGTH_MAX)}… (${whole.length} characters)`;
}

function convert(value: unknown, around: readonly object[]): LogValue | undefined {
  switch (typeof value) {
    case "string":
      return logText(value);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "symbol":
      return String(value);
    case "undefined":
    case "function":
      return undefined;
    default:
      return value === null ? null : convertObject(value as object, around);
  }
}

function convertObject(value: object, around: readonly object[]): LogValue {
  if (around.includes(value)) return "(circular)";
  if (around.length >= DEPTH_MAX) return "(deeper)";
  const within = [...around, value];
  if (value instanceof Error) return errorValue(value, within);
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "(no date)" : value.toISOString();
  }
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (Array.isArray(value)) return listOf(value, value.length, within);
  if (value instanceof Set) return listOf(value, value.size, within);
  if (value instanceof Map) {
    return fieldsOf(
      Object.fromEntries([...value].map(([key, each]) => [String(key), each])),
      within,
    );
  }
  return fieldsOf(value, within);
}

function listOf(
  values: Iterable<unknown>,
  count: number,
  around: readonly object[],
): readonly LogValue[] {
  const list: LogValue[] = [];
  for (const each of values) {
    if (list.length >= ITEMS_MAX) break;
    list.push(convert(each, around) ?? null);
  }
  if (count > list.length) list.push(`… (${count} items)`);
  return list;
}

function fieldsOf(value: object, around: readonly object[]): Record<string, LogValue> {
  const fields: Record<string, LogValue> = {};
  for (const name of Object.keys(value).slice(0, ITEMS_MAX)) {
    const each = isSecretName(name) ? MASK : convert(read(value, name), around);
    if (each !== undefined) fields[name] = each;
  }
  return fields;
}

/** A getter may throw; a log line is not the place to learn it. */
function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch (error) {
    return `(unreadable: ${error instanceof Error ? error.message : String(error)})`;
  }
}

/** An expected error says what its message says; anything else is a bug, and its stack is wanted. */
function errorValue(error: Error, around: readonly object[]): LogValue {
  const isExpected = error instanceof MinisqlError || error instanceof CoordinatorError ||
    error instanceof DiskError;
  const { code } = error as { code?: unknown };
  const cause = error.cause === undefined ? undefined : convert(error.cause, around);
  return {
    name: error.name,
    ...(typeof code === "string" ? { code } : {}),
    message: logText(error.message),
    ...(isExpected || error.stack === undefined ? {} : { stack: logText(error.stack) }),
    ...(cause === undefined ? {} : { cause }),
  };
}
