/** Lines to frames and back. Whatever comes out of `decode…` has been checked. */
import { integer, nullable, object, oneOf, optional, text } from "../base/shape.ts";
import { addressShape } from "./model.ts";
import { ERROR_CODES, type ErrorCode, MinisqlError } from "./errors.ts";
import { type CallName, callSpec, type Request } from "./messages.ts";
import { type Column, columnShape, type WireRows, wireRows } from "./values.ts";
import { array, type Infer, type Shape } from "../base/shape.ts";

/** What a caller sends. `cancel` and `more` speak of the call of the same id, and get no answer. */
export type CallerFrame =
  | {
    readonly kind: "call";
    readonly id: number;
    readonly op: CallName;
    /** Milliseconds the caller will wait, where it said so. */
    readonly within: number | null;
    readonly request: unknown;
  }
  | { readonly kind: "cancel"; readonly id: number }
  /** The caller has taken so many lines of the stream, and is ready for as many more. */
  | { readonly kind: "more"; readonly id: number; readonly lines: number };

/** What is sent back to a caller. An error without an id answers a line that named none. */
export type ServerFrame =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "error"; readonly id: number | null; readonly error: MinisqlError }
  | {
    readonly kind: "rows";
    readonly id: number;
    readonly columns: readonly Column[] | null;
    readonly rows: WireRows;
  }
  | { readonly kind: "event"; readonly id: number; readonly event: unknown };

/** A line that could not be read as a frame, and the id it named if it did. */
export interface BadLine {
  readonly kind: "bad";
  readonly id: number | null;
  readonly why: string;
}

const idShape = integer(1);
/** A day: nobody waits longer for one answer. */
export const WITHIN_MS_MAX = 86_400_000;
const withinShape = integer(1, WITHIN_MS_MAX);
const linesShape = integer(1, 1_000_000);

const errorShape = object({
  code: oneOf(ERROR_CODES),
  message: text(),
  errno: optional(nullable(integer(0, 65_535))),
  sqlState: optional(nullable(text({ max: 5 }))),
  retry: optional(text()),
  master: optional(nullable(addressShape)),
});

type Fields = Readonly<Record<string, unknown>>;

const NOT_AN_OBJECT = "Cannot read the line: it is not a JSON object";

function parse(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Fields
      : null;
  } catch {
    return null;
  }
}

function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function decodeCallerLine(line: string): CallerFrame | BadLine {
  const fields = parse(line);
  if (fields === null) return { kind: "bad", id: null, why: NOT_AN_OBJECT };
  const id = field(fields, "id");
  if (!idShape.fits(id)) return { kind: "bad", id: null, why: idShape.fault(id, "id") };
  const op = field(fields, "op");
  if (typeof op !== "string") return { kind: "bad", id, why: text().fault(op, "op") };
  if (op === "cancel") return { kind: "cancel", id };
  if (op === "more") {
    const lines = field(fields, "lines");
    return linesShape.fits(lines)
      ? { kind: "more", id, lines }
      : { kind: "bad", id, why: linesShape.fault(lines, "lines") };
  }
  return decodeCall(id, op, fields);
}

function decodeCall(id: number, op: string, fields: Fields): CallerFrame | BadLine {
  const spec = callSpec(op);
  if (spec === null) {
    return { kind: "bad", id, why: `Cannot do ${JSON.stringify(op.slice(0, 64))}: no such op` };
  }
  const within = field(fields, "within") ?? null;
  if (within !== null && !withinShape.fits(within)) {
    return { kind: "bad", id, why: withinShape.fault(within, "within") };
  }
  if (!spec.request.fits(fields)) {
    return { kind: "bad", id, why: `Cannot do ${op}: ${spec.request.fault(fields, "")}` };
  }
  return { kind: "call", id, op: op as CallName, within, request: fields };
}

export function encodeCall<N extends CallName>(
  id: number,
  op: N,
  within: number | null,
  request: Request<N>,
): string {
  return JSON.stringify(within === null ? { id, op, ...request } : { id, op, within, ...request });
}

export function encodeCancel(id: number): string {
  return `{"id":${id},"op":"cancel"}`;
}

export function encodeMore(id: number, lines: number): string {
  return `{"id":${id},"op":"more","lines":${lines}}`;
}

const columnsShape = array(columnShape);
const serverIdShape = nullable(idShape);

/** Reads a line from a server. Answers and events are checked by `checkAnswer` once the op is known. */
export function decodeServerLine(line: string): ServerFrame | BadLine {
  const fields = parse(line);
  if (fields === null) return { kind: "bad", id: null, why: NOT_AN_OBJECT };
  const id = field(fields, "id");
  if (!serverIdShape.fits(id)) return { kind: "bad", id: null, why: idShape.fault(id, "id") };
  const error = field(fields, "error");
  if (error !== undefined) {
    return errorShape.fits(error)
      ? { kind: "error", id, error: revive(error) }
      : { kind: "bad", id, why: errorShape.fault(error, "error") };
  }
  if (id === null) return { kind: "bad", id, why: "Only an error may lack an id" };
  const rows = field(fields, "rows");
  if (rows !== undefined) return decodeRowsLine(id, rows, field(fields, "columns") ?? null);
  const event = field(fields, "event");
  if (event !== undefined) return { kind: "event", id, event };
  const answer = field(fields, "ok");
  if (answer !== undefined) return { kind: "answer", id, answer };
  return { kind: "bad", id, why: "The line holds none of ok, error, rows and event" };
}

function decodeRowsLine(id: number, rows: unknown, columns: unknown): ServerFrame | BadLine {
  if (!wireRows.fits(rows)) return { kind: "bad", id, why: wireRows.fault(rows, "rows") };
  if (columns !== null && !columnsShape.fits(columns)) {
    return { kind: "bad", id, why: columnsShape.fault(columns, "columns") };
  }
  return { kind: "rows", id, columns, rows };
}

function revive(error: Infer<typeof errorShape>): MinisqlError {
  return new MinisqlError(error.code as ErrorCode, error.message, {
    ...(typeof error.errno === "number" ? { errno: error.errno } : {}),
    ...(typeof error.sqlState === "string" ? { sqlState: error.sqlState } : {}),
    ...(error.master ? { master: error.master } : {}),
  });
}

export function encodeAnswer(id: number, answer: object): string {
  return `{"id":${id},"ok":${JSON.stringify(answer)}}`;
}

export function encodeEvent(id: number, event: unknown): string {
  return `{"id":${id},"event":${JSON.stringify(event)}}`;
}

export function encodeError(id: number | null, error: MinisqlError): string {
  const { code, message, errno, sqlState, retry, master } = error;
  return JSON.stringify({ id, error: { code, message, errno, sqlState, retry, master } });
}

export function encodeRowsLine(
  id: number,
  columns: readonly Column[] | null,
  rows: WireRows,
): string {
  const head = columns === null ? "" : `"columns":${JSON.stringify(columns)},`;
  return `{"id":${id},${head}"rows":${JSON.stringify(rows)}}`;
}

/** Why an answer or event does not fit its declaration, or null when it does. */
export function misfit<T>(shape: Shape<T>, value: unknown, what: string): string | null {
  return shape.fits(value) ? null : shape.fault(value, what);
}
