/** Columns, keys and foreign keys as DDL declares them: nothing that copies could see differently. */
import type {
  ColumnDefinition,
  ForeignKeyDefinition,
  KeyDefinition,
  ReferencesClause,
} from "../ddl/model.ts";
import { unsafe, unsupported } from "./verdict.ts";
import { isQuietAction, isRepeatableDefault, requirePure } from "./written_table.ts";

type Declared = Pick<ColumnDefinition, "name" | "default"> & Partial<ColumnDefinition>;

export function requireColumn(column: Declared): void {
  const { name } = column;
  if (column.default?.kind === "expression" && !isRepeatableDefault(column.default.sql)) {
    throw unsafe(
      `DEFAULT ${column.default.sql} of ${name}`,
      "each copy would work out its own value",
      `leave it out, and write ${column.default.sql} as the column's value in each INSERT`,
    );
  }
  if (column.generated) requirePure(column.generated.sql, `generated column ${name}`);
  for (const check of column.checks ?? []) requirePure(check.sql, `the CHECK of ${name}`);
  if (column.references) requireReferences(column.references);
  if (column.extras?.some((extra) => extra.includes("VERSIONING"))) {
    throw unsupported("SYSTEM VERSIONING", "each copy would write a history of its own");
  }
}

export function requireKey(key: KeyDefinition): void {
  for (const { expression } of key.parts) {
    if (expression !== null) requirePure(expression, "an index");
  }
  const parser = key.extras.find((extra) => extra.startsWith("PARSER "));
  if (parser !== undefined) {
    throw unsupported(
      `a key WITH ${parser}`,
      "the plugin may be missing or another on other servers",
      "leave WITH PARSER out",
    );
  }
}

export function requireForeignKey({ references }: ForeignKeyDefinition): void {
  requireReferences(references);
}

/** Rows that a foreign key changes by itself fire no trigger, so that fingerprints would miss them. */
export function requireReferences({ table, onDelete, onUpdate }: ReferencesClause): void {
  const action = [onDelete, onUpdate].find((each) => !isQuietAction(each));
  if (action === undefined || action === null) return;
  const event = action === onDelete ? "DELETE" : "UPDATE";
  throw unsupported(
    `a foreign key with ON ${event} ${action}`,
    "rows that it changes by itself are seen by no trigger, and so by no fingerprint",
    `write ON ${event} RESTRICT, and change the rows that refer to ${table.name} first, ` +
      "in the same transaction",
  );
}
