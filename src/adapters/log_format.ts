/** One log record as a line: for people at a terminal, or as JSON for everything else. */
import type { LogLevel } from "../ports/reporter.ts";
import { logFields, logText, type LogValue } from "./log_value.ts";

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: LogLevel;
  /** The part of the program that speaks: `region`, `region.rpc`; empty for the program itself. */
  readonly part: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type LineFormat = (line: LogLine) => string;

export const jsonLine: LineFormat = ({ at, level, part, message, fields }) =>
  JSON.stringify({
    ts: new Date(at).toISOString(),
    level,
    msg: logText(message),
    ...(part === "" ? {} : { part }),
    ...withoutReserved(logFields(fields)),
  });

const RESERVED = new Set(["ts", "level", "msg", "part"]);

/** A field never takes the place of what every line has. */
function withoutReserved(fields: Record<string, LogValue>): Record<string, LogValue> {
  const entries = Object.entries(fields);
  if (!entries.some(([name]) => RESERVED.has(name))) return fields;
  return Object.fromEntries(
    entries.map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
  );
}

const LEVEL_WORDS: Readonly<Record<LogLevel, { readonly word: string; readonly colour: number }>> =
  {
    trace: { word: "TRACE", colour: 90 },
    debug: { word: "DEBUG", colour: 36 },
    info: { word: "INFO ", colour: 32 },
    warning: { word: "WARN ", colour: 33 },
    error: { word: "ERROR", colour: 31 },
    fatal: { word: "FATAL", colour: 35 },
  };

const DIM = 2;

export function humanLine(options: { readonly colour: boolean }): LineFormat {
  const paint = (code: number, text: string) =>
    options.colour && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  return ({ at, level, part, message, fields }) => {
    const { word, colour } = LEVEL_WORDS[level];
    const { inline, below } = humanFields(logFields(fields));
    const head = [paint(DIM, timeOfDay(at)), paint(colour, word), paint(DIM, part)];
    const words = [...head, printable(logText(message)), paint(DIM, inline)];
    return [words.filter((each) => each !== "").join("  "), ...below].join("\n    ");
  };
}

/** The time of day where the reader is; JSON lines have the date and the zone. */
function timeOfDay(at: number): string {
  const time = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const ms = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`;
}

/** Fields in a row, and the stacks of errors underneath. */
function humanFields(fields: Readonly<Record<string, LogValue>>): {
  readonly inline: string;
  readonly below: readonly string[];
} {
  const inline: string[] = [];
  const below: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const stack = stackOf(value);
    if (stack === null) inline.push(`${name}=${humanValue(value)}`);
    else below.push(...stack.split("\n").map((each) => printable(each.trim())));
  }
  return { inline: inline.join(" "), below };
}

function stackOf(value: LogValue): string | null {
  if (typeof value !== "object" || value === null || !("stack" in value)) return null;
  return typeof value.stack === "string" ? value.stack : null;
}

function humanValue(value: LogValue): string {
  if (typeof value !== "string") return printable(JSON.stringify(value));
  return value !== "" && !/[\s"=]/.test(value)
    ? printable(value)
    : printable(JSON.stringify(value));
}

/** Control characters could forge lines or drive the reader's terminal. */
function printable(text: string): string {
  const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
  return text.replace(
    unsafe,
    (c) => c === "\n" ? "\\n" : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
