/** Keys completed and checked against the columns of their table. */
import { sqlError } from "../../protocol/errors.ts";
import type { KeyDefinition, KeyPart } from "../../sql/ddl/model.ts";
import { NAME_CHARACTERS_MAX } from "../../sql/ddl/names.ts";
import { characterBytes } from "./schema_charset.ts";
import { duplicateColumn, noKeyColumn, unsupported } from "./schema_errors.ts";
import {
  type ColumnModel,
  type IndexModel,
  type IndexPart,
  PRIMARY,
  sameName,
} from "./schema_model.ts";
import { bytesMax, familyOf } from "./types.ts";

/** InnoDB's bounds on one key. */
const KEY_BYTES_MAX = 3072;
const KEY_PARTS_MAX = 32;

/** The index that a key makes, still without a name where it was given none. */
export function resolveKey(key: KeyDefinition, columns: readonly ColumnModel[]): IndexModel {
  if (key.kind === "fulltext" || key.kind === "spatial") {
    throw unsupported(
      `Cannot make a ${key.kind.toUpperCase()} key: the embedded engine has none; ` +
        "leave it out, or use MySQL",
    );
  }
  if (key.kind !== "primary" && key.name !== null) checkKeyName(key.name);
  if (key.parts.length > KEY_PARTS_MAX) {
    throw sqlError(
      1070,
      "42000",
      `Too many key parts specified; max ${KEY_PARTS_MAX} parts allowed`,
    );
  }
  const parts = key.parts.map((part) => resolvePart(part, columns));
  parts.forEach((part, at) => {
    if (parts.findIndex((each) => sameName(each.column, part.column)) !== at) {
      throw duplicateColumn(part.column);
    }
  });
  checkKeyBytes(parts, columns);
  return {
    name: key.kind === "primary" ? PRIMARY : key.name ?? "",
    kind: key.kind,
    unique: key.kind === "primary" || key.kind === "unique",
    parts,
    method: key.method,
    comment: key.comment ?? "",
    invisible: key.invisible,
    implied: false,
  };
}

export function checkKeyName(name: string): void {
  if ([...name].length > NAME_CHARACTERS_MAX) {
    throw sqlError(1059, "42000", `Identifier name '${name}' is too long`);
  }
  const reserved = sameName(name, PRIMARY) || sameName(name, "GEN_CLUST_INDEX");
  if (reserved || name.endsWith(" ") || name.includes("\0")) {
    throw sqlError(1280, "42000", `Incorrect index name '${name}'`);
  }
}

function resolvePart(part: KeyPart, columns: readonly ColumnModel[]): IndexPart {
  if (part.column === null) {
    throw unsupported(
      `Cannot make a key on (${part.expression}): the embedded engine indexes columns only; ` +
        "add a generated column and index that",
    );
  }
  const column = columns.find((each) => sameName(each.name, part.column ?? ""));
  if (column === undefined) throw noKeyColumn(part.column);
  return { column: column.name, length: partLength(part, column), descending: part.descending };
}

/** Characters (bytes of a BLOB) of the column that the key is on, or null for all. */
function partLength(part: KeyPart, column: ColumnModel): number | null {
  const family = familyOf(column.type.name);
  const whole = bytesMax(column.type.name) === null ? column.type.length ?? 1 : null;
  if (part.length === null) {
    if (whole !== null || (family !== "text" && family !== "bytes" && family !== "json")) {
      return null;
    }
    throw sqlError(
      1170,
      "42000",
      `BLOB/TEXT column '${column.name}' used in key specification without a key length`,
    );
  }
  if (part.length === 0) {
    throw sqlError(1391, "HY000", `Key part '${column.name}' length cannot be 0`);
  }
  const stringy = family === "text" || family === "bytes" || family === "json";
  if (!stringy || (whole !== null && part.length > whole)) {
    throw sqlError(
      1089,
      "HY000",
      "Incorrect prefix key; the used key part isn't a string, the used length is longer than the " +
        "key part, or the storage engine doesn't support unique prefix keys",
    );
  }
  return part.length === whole ? null : part.length;
}

function checkKeyBytes(parts: readonly IndexPart[], columns: readonly ColumnModel[]): void {
  let bytes = 0;
  for (const part of parts) {
    const column = columns.find((each) => each.name === part.column);
    if (column !== undefined) bytes += partBytes(part, column);
  }
  if (bytes <= KEY_BYTES_MAX) return;
  throw sqlError(
    1071,
    "42000",
    `Specified key was too long; max key length is ${KEY_BYTES_MAX} bytes`,
  );
}

function partBytes(part: IndexPart, { type }: ColumnModel): number {
  const family = familyOf(type.name);
  if (family === "bytes") return part.length ?? type.length ?? 1;
  if (family !== "text" && family !== "json") return 8;
  return (part.length ?? type.length ?? 1) * characterBytes(type.charset);
}

/** MySQL names a key after its first column, with a number behind it where that is taken. */
export function freeKeyName(index: IndexModel, taken: readonly IndexModel[]): string {
  const base = index.parts[0]?.column ?? "";
  const isFree = (name: string) =>
    !sameName(name, PRIMARY) && !taken.some((each) => sameName(each.name, name));
  if (isFree(base)) return base;
  let number = 2;
  while (!isFree(`${base}_${number}`)) number++;
  return `${base}_${number}`;
}

/** The order MySQL keeps keys in: primary, unique without NULLs, unique, others; else as declared. */
export function sortIndexes(
  indexes: readonly IndexModel[],
  columns: readonly ColumnModel[],
): readonly IndexModel[] {
  const rank = (index: IndexModel): number => {
    if (index.kind === "primary") return 0;
    if (!index.unique) return 3;
    const named = new Set(index.parts.map((part) => part.column));
    const nullable = columns.some((column) => named.has(column.name) && column.nullable);
    return nullable ? 2 : 1;
  };
  return indexes.toSorted((a, b) =>
    rank(a) - rank(b) || (a.unique ? Number(hasPrefix(a)) - Number(hasPrefix(b)) : 0)
  );
}

function hasPrefix(index: IndexModel): boolean {
  return index.parts.some((part) => part.length !== null);
}

/** Whether the key's first parts are these whole columns, in this order. */
export function covers(index: IndexModel, columns: readonly string[]): boolean {
  return columns.length <= index.parts.length && columns.every((column, at) => {
    const part = index.parts[at];
    return part !== undefined && part.length === null && sameName(part.column, column);
  });
}
