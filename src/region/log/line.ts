/**
 * Lines of a segment as bytes: JSON objects whose last field is the CRC-32 of everything before
 * it. The fields stand in a fixed order, with the body of an entry just before the checksum, so
 * that a scan need not parse bodies and a read hands them back byte for byte.
 */
import { crc32, crc32Hex } from "../../base/crc32.ts";
import type { LogEntry } from "../../ports/log.ts";
import { readEntryHead } from "./entry_head.ts";
import { type EntryLine, type HeaderLine, type Line, lineShape, type LogRecord } from "./record.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const NEWLINE = 10;

const SEAL_START = encoder.encode(',"crc":"');
const SEAL_END = encoder.encode('"}');
const CRC_DIGITS = 8;
const SEAL_BYTES = SEAL_START.length + CRC_DIGITS + SEAL_END.length;

const ENTRY_START = encoder.encode('{"kind":"entry",');
const BODY_START = encoder.encode(',"body":');

/** What a line of the log takes beside the body of its entry, roughly, for weighing what waits. */
export const LINE_BYTES_EXTRA = 140;

export function encodeHeader(header: HeaderLine): Uint8Array {
  return seal(JSON.stringify(header));
}

/**
 * A newline comes first: were the one before to rot, this line would be lost with the record that
 * it vouches for.
 */
export function encodeClose(synced: number): Uint8Array {
  const line = seal(JSON.stringify({ kind: "close", synced }));
  return concat([Uint8Array.of(NEWLINE), line], line.length + 1);
}

export function encodeRecord(record: LogRecord, synced: number): Uint8Array {
  if (record.kind !== "entry") return seal(JSON.stringify({ ...record, synced }));
  const { region, n, epoch, seq, body } = record;
  return seal(
    `{"kind":"entry","region":${JSON.stringify(region)},"n":${n},"synced":${synced}` +
      `,"epoch":${epoch},"seq":${seq},"body":${body}}`,
  );
}

/** The line of a JSON object: its closing brace gives way to the checksum, and a newline follows. */
function seal(object: string): Uint8Array {
  const text = object.slice(0, -1);
  const bytes = encoder.encode(text);
  const line = new Uint8Array(bytes.length + SEAL_BYTES + 1);
  line.set(bytes);
  line.set(encoder.encode(`,"crc":"${crc32Hex(bytes)}"}\n`), bytes.length);
  return line;
}

/** What the checksum covers, or null when it does not hold. Lines come without their newline. */
function unseal(line: Uint8Array): Uint8Array | null {
  const end = line.length - SEAL_BYTES;
  if (end <= 0 || !has(line, end, SEAL_START)) return null;
  if (!has(line, line.length - SEAL_END.length, SEAL_END)) return null;
  const covered = line.subarray(0, end);
  const written = hexAt(line, end + SEAL_START.length);
  return written === crc32(covered) ? covered : null;
}

/** The number written in lower-case hexadecimal digits, or -1. */
function hexAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + CRC_DIGITS; i++) {
    const byte = bytes[i] as number;
    const digit = byte >= 48 && byte <= 57 ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function has(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/**
 * Where the body of an entry begins. A quote inside the region's name is escaped, so the first
 * match is the field itself.
 */
function bodyAt(covered: Uint8Array): number {
  const last = covered.length - BODY_START.length;
  for (let at = ENTRY_START.length; at < last; at++) {
    if (has(covered, at, BODY_START)) return at;
  }
  return -1;
}

/** The line that these bytes and a closing brace are. */
function parse(covered: Uint8Array): Line | null {
  let value: unknown;
  try {
    value = JSON.parse(`${decoder.decode(covered)}}`);
  } catch {
    return null;
  }
  return lineShape.fits(value) ? value : null;
}

/** What a line says, leaving out the body of an entry; null when it is not a whole, known line. */
export function decodeLine(line: Uint8Array): Line | null {
  const covered = unseal(line);
  if (covered === null) return null;
  if (has(covered, 0, ENTRY_START)) return entryIn(covered)?.line ?? null;
  return parse(covered);
}

/** The entry a line holds; null when it is not whole, or not an entry. */
export function decodeEntry(line: Uint8Array): LogEntry | null {
  const covered = unseal(line);
  const found = covered === null || !has(covered, 0, ENTRY_START) ? null : entryIn(covered);
  if (covered === null || found === null) return null;
  const { region, seq, epoch } = found.line;
  return { region, seq, epoch, body: decoder.decode(covered.subarray(found.body)) };
}

/** The head of an entry, and where its body begins. */
function entryIn(covered: Uint8Array): { readonly line: EntryLine; readonly body: number } | null {
  const head = readEntryHead(covered);
  if (head !== null) {
    const { region, n, synced, epoch, seq, body } = head;
    return { line: { kind: "entry", region, n, synced, epoch, seq }, body };
  }
  const at = bodyAt(covered);
  const line = at < 0 ? null : parse(covered.subarray(0, at));
  return line?.kind === "entry" ? { line, body: at + BODY_START.length } : null;
}

/** The version of a sealed header, whatever else a later program has put into it; null for none. */
export function headerVersion(line: Uint8Array): number | null {
  const covered = unseal(line);
  if (covered === null) return null;
  try {
    const value = JSON.parse(`${decoder.decode(covered)}}`) as {
      kind?: unknown;
      version?: unknown;
    };
    return value.kind === "segment" && typeof value.version === "number" ? value.version : null;
  } catch {
    return null;
  }
}

export function concat(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
