/** The functions that SQLite calls to make the values of generated columns fit their type. */
import type { DatabaseSync } from "node:sqlite";
import type { ColumnKind } from "../../protocol/values.ts";
import type { ColumnModel } from "./schema_model.ts";
import type { SqlValue } from "./types.ts";
import { storeValue } from "./types_store.ts";

/** Where a statement is, for the messages of values that do not fit. */
export interface RowPlace {
  row(): number;
}

/** What the functions are told of the column, as JSON. */
interface StoreSpec {
  readonly column: ColumnModel;
  readonly source: ColumnKind;
}

/**
 * Registers `_minisql_store(value, column)` and `_minisql_fit(value, column)` on a connection: the
 * value as the column, given as JSON, stores it. The first raises MySQL's error
 * where it does not fit, the second makes it fit.
 */
export function registerTypeFunctions(db: DatabaseSync, place: RowPlace): void {
  const specs = new Map<string, StoreSpec>();
  const specOf = (text: unknown): StoreSpec => {
    const key = String(text);
    let spec = specs.get(key);
    if (spec === undefined) {
      spec = JSON.parse(key) as StoreSpec;
      specs.set(key, spec);
    }
    return spec;
  };
  const flags = { deterministic: true, useBigIntArguments: true };
  db.function("_minisql_store", flags, (value, text) => {
    const { column, source } = specOf(text);
    return storeValue(column, value as SqlValue, { row: place.row(), source });
  });
  db.function("_minisql_fit", flags, (value, text) => {
    const { column, source } = specOf(text);
    const lenient = () => {};
    return storeValue(column, value as SqlValue, { row: place.row(), source, lenient });
  });
}
