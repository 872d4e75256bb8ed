/** What a column makes of values, checked against a table of cases. */
import assert from "node:assert/strict";
import { SERVER_CHARSET } from "../../src/adapters/sqlite/schema_charset.ts";
import { resolveColumn } from "../../src/adapters/sqlite/schema_column.ts";
import type { ColumnModel } from "../../src/adapters/sqlite/schema_model.ts";
import type { SqlValue } from "../../src/adapters/sqlite/types.ts";
import { storeValue } from "../../src/adapters/sqlite/types_store.ts";
import type { ColumnKind } from "../../src/protocol/values.ts";
import { parseDdl } from "../../src/sql/ddl/parser.ts";

export type Given = SqlValue | { readonly value: SqlValue; readonly source: ColumnKind };

/** The value kept, or the error. */
export type Kept = SqlValue | { readonly errno: number } | { readonly code: string };

/** Cases by the column's definition. */
export type StoreCases = Readonly<Record<string, readonly (readonly [Given, Kept])[]>>;

export const OUT_OF_RANGE = { errno: 1264 };
export const INCORRECT = { errno: 1366 };
export const TRUNCATED = { errno: 1265 };
export const TOO_LONG = { errno: 1406 };
export const NO_DATE = { errno: 1292 };
export const REFUSED = { code: "UNSUPPORTED" };

/** The column that `a <definition>` makes. */
export function columnOfSql(definition: string): ColumnModel {
  const statement = parseDdl(`create table t (a ${definition})`);
  assert(statement?.kind === "create_table");
  const [column] = statement.columns;
  assert(column !== undefined);
  return resolveColumn(column, SERVER_CHARSET);
}

export function decimal(value: SqlValue): Given {
  return { value, source: "decimal" };
}

export function bytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex);
}

function isFault(kept: Kept): kept is { readonly errno: number } | { readonly code: string } {
  return typeof kept === "object" && kept !== null && !(kept instanceof Uint8Array);
}

function wordsOf(given: Given): string {
  if (typeof given === "object" && given !== null && "source" in given) {
    return `${given.source} ${String(given.value)}`;
  }
  return typeof given === "string" ? `'${given.slice(0, 30)}'` : String(given);
}

/** Registers one test for each column, which holds all of its cases. */
export function checkStored(table: StoreCases): void {
  for (const [type, cases] of Object.entries(table)) {
    Deno.test(`store: values in a column of type ${type}`, () => {
      const column = columnOfSql(type);
      for (const [given, kept] of cases) {
        const typed = typeof given === "object" && given !== null && "source" in given;
        const value = typed ? given.value : given;
        const options = { row: 1, source: typed ? given.source : undefined };
        if (isFault(kept)) {
          assert.throws(() => storeValue(column, value, options), kept, wordsOf(given));
        } else {
          assert.deepEqual(storeValue(column, value, options), kept, wordsOf(given));
        }
      }
    });
  }
}
