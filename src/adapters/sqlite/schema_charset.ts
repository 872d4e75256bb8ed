/**
 * Character sets and collations that the embedded engine honours. Text is compared as
 * `utf8mb4_general_ci` or `utf8mb4_bin` do it; collations that sort or fold otherwise are refused
 * rather than answered by these.
 */
import { sqlError } from "../../protocol/errors.ts";
import { unsupported } from "./schema_errors.ts";

export interface Charset {
  readonly charset: string;
  readonly collation: string;
}

export const SERVER_CHARSET: Charset = { charset: "utf8mb4", collation: "utf8mb4_general_ci" };

/** Collations of each character set, the default one first, and the longest character in bytes. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  utf8mb4: ["utf8mb4_general_ci", "utf8mb4_bin"],
  utf8mb3: ["utf8mb3_general_ci", "utf8mb3_bin"],
  ascii: ["ascii_general_ci", "ascii_bin"],
  binary: ["binary"],
};

const CHARACTER_BYTES: Readonly<Record<string, number>> = { utf8mb4: 4, utf8mb3: 3 };

/** Character sets that MySQL or MariaDB know and this engine does not. */
const FOREIGN = new Set(
  `armscii8 big5 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr gb18030 gb2312
  gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis
  swe7 tis620 ucs2 ujis utf16 utf16le utf32`.split(/\s+/),
);

export interface CharsetWords {
  readonly charset: string | null;
  readonly collation: string | null;
  /** The word BINARY behind a text type. */
  readonly binary: boolean;
}

/** What is said of a character set, completed by what is `inherited` where nothing is. */
export function resolveCharset(words: CharsetWords, inherited: Charset): Charset {
  const named = words.charset === null ? null : knownCharset(words.charset);
  if (words.collation !== null && words.collation !== "default") {
    return withCollation(named, knownCollation(words.collation));
  }
  const base = named === null ? inherited : { charset: named, collation: KNOWN[named]?.[0] ?? "" };
  if (!words.binary) return base;
  return { charset: base.charset, collation: KNOWN[base.charset]?.[1] ?? base.collation };
}

function withCollation(named: string | null, collation: string): Charset {
  const charset = charsetOf(collation);
  if (named !== null && named !== charset) {
    throw sqlError(
      1253,
      "42000",
      `COLLATION '${collation}' is not valid for CHARACTER SET '${named}'`,
    );
  }
  return { charset, collation };
}

function charsetOf(collation: string): string {
  return collation.split("_")[0] ?? collation;
}

/** `utf8` is the old name of utf8mb3. */
function knownCharset(name: string): string {
  const charset = name === "utf8" ? "utf8mb3" : name === "default" ? SERVER_CHARSET.charset : name;
  if (Object.hasOwn(KNOWN, charset)) return charset;
  if (FOREIGN.has(charset)) throw foreign("character set", charset);
  throw sqlError(1115, "42000", `Unknown character set: '${name}'`);
}

function knownCollation(name: string): string {
  const collation = name.replace(/^utf8_/, "utf8mb3_");
  const charset = charsetOf(collation);
  if (KNOWN[charset]?.includes(collation)) return collation;
  if (FOREIGN.has(charset) || Object.hasOwn(KNOWN, charset) && collation.includes("_")) {
    throw foreign("collation", collation);
  }
  throw sqlError(1273, "HY000", `Unknown collation: '${name}'`);
}

function foreign(what: string, name: string): Error {
  return unsupported(
    `Cannot use the ${what} ${name}: the embedded engine compares text as utf8mb4_general_ci or ` +
      "utf8mb4_bin do; name one of them, or none",
  );
}

/** The bytes that the longest character takes. */
export function characterBytes(charset: string | null): number {
  return CHARACTER_BYTES[charset ?? ""] ?? 1;
}

export function collationsOf(charset: string): readonly string[] {
  return KNOWN[charset] ?? [];
}
