/** Options of a table: ENGINE, CHARSET and the rest of a long list. */
import type { Cursor } from "../cursor.ts";
import { takeCharset } from "./data_type.ts";
import type { TableOptions } from "./model.ts";
import { readNameOrString, readString } from "./names.ts";

/** Options of one word and one value; the value may be a name, a number or a string. */
const SIMPLE = new Set([
  ...["ENGINE", "AUTO_INCREMENT", "ROW_FORMAT", "AVG_ROW_LENGTH", "MAX_ROWS", "MIN_ROWS"],
  ...["PACK_KEYS", "CHECKSUM", "TABLE_CHECKSUM", "DELAY_KEY_WRITE", "KEY_BLOCK_SIZE"],
  ...["STATS_PERSISTENT", "STATS_AUTO_RECALC", "STATS_SAMPLE_PAGES", "PAGE_CHECKSUM"],
  ...["TRANSACTIONAL", "INSERT_METHOD", "TABLESPACE", "STORAGE", "PASSWORD", "CONNECTION"],
  ...["COMPRESSION", "ENCRYPTION", "ENCRYPTED", "ENCRYPTION_KEY_ID", "PAGE_COMPRESSED"],
  ...["PAGE_COMPRESSION_LEVEL", "SEQUENCE", "AUTOEXTEND_SIZE", "ENGINE_ATTRIBUTE"],
  ...["SECONDARY_ENGINE_ATTRIBUTE", "SECONDARY_ENGINE", "IETF_QUOTES", "NODEGROUP", "TYPE"],
]);

/** Reads options, with commas between them or not, up to something else. */
export function readTableOptions(cursor: Cursor): TableOptions {
  const options: Record<string, string> = {};
  for (;;) {
    const comma = cursor.take(",");
    if (readOption(cursor, options)) continue;
    if (comma) throw cursor.fault();
    return options;
  }
}

/** Reads one option; false where none is there. */
export function readOption(cursor: Cursor, options: Record<string, string>): boolean {
  const defaulted = cursor.looksAt("DEFAULT") &&
    ["CHARACTER", "CHARSET", "CHAR", "COLLATE"].includes(cursor.peek(1).upper);
  if (defaulted) cursor.next();
  if (takeCharset(cursor)) return readInto(options, "CHARSET", () => lowerName(cursor));
  if (cursor.take("COLLATE")) return readInto(options, "COLLATE", () => lowerName(cursor));
  if (cursor.take("COMMENT")) return readInto(options, "COMMENT", () => commentText(cursor));
  if (cursor.take("DATA", "DIRECTORY")) {
    return readInto(options, "DATA DIRECTORY", () => commentText(cursor));
  }
  if (cursor.take("INDEX", "DIRECTORY")) {
    return readInto(options, "INDEX DIRECTORY", () => commentText(cursor));
  }
  if (cursor.take("WITH", "SYSTEM", "VERSIONING")) {
    return readInto(options, "SYSTEM VERSIONING", () => "1");
  }
  if (cursor.take("UNION", "=")) return readInto(options, "UNION", () => unionText(cursor));
  const { kind, upper } = cursor.peek();
  if (kind !== "word" || !SIMPLE.has(upper)) return false;
  cursor.next();
  return readInto(options, upper === "TYPE" ? "ENGINE" : upper, () => simpleValue(cursor));
}

function readInto(options: Record<string, string>, name: string, read: () => string): true {
  options[name] = read();
  return true;
}

function lowerName(cursor: Cursor): string {
  cursor.take("=");
  return cursor.take("DEFAULT") ? "default" : readNameOrString(cursor).toLowerCase();
}

function commentText(cursor: Cursor): string {
  cursor.take("=");
  return readString(cursor);
}

function unionText(cursor: Cursor): string {
  const from = cursor.at;
  cursor.expect("(");
  cursor.skipToClose();
  return cursor.textFrom(from);
}

function simpleValue(cursor: Cursor): string {
  cursor.take("=");
  const { kind } = cursor.peek();
  if (kind === "number") return cursor.next().text;
  return cursor.peek().upper === "DEFAULT" ? cursor.next().text : readNameOrString(cursor);
}
