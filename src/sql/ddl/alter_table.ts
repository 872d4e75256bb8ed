/** ALTER TABLE: its actions, in order. */
import type { Cursor } from "../cursor.ts";
import { readColumn, readColumnBody } from "./column.ts";
import { readCharset, takeCharset } from "./data_type.ts";
import { readTableConstraint } from "./key.ts";
import type { AlterAction, AlterTable, ColumnDefinition, ColumnPosition } from "./model.ts";
import { readDefault, readName, readNameOrString, readTableName } from "./names.ts";
import { readOption } from "./table_options.ts";

/** Behind `ALTER … TABLE`. */
export function readAlterTable(cursor: Cursor): AlterTable {
  const ifExists = cursor.take("IF", "EXISTS");
  const table = readTableName(cursor);
  if (cursor.take("WAIT")) cursor.next();
  else cursor.take("NOWAIT");
  const actions: AlterAction[] = [];
  while (!cursor.done && !cursor.looksAt(";")) {
    const last = actions.at(-1);
    if (last !== undefined && !cursor.take(",") && !continuesWithoutComma(cursor, last)) {
      throw cursor.fault();
    }
    actions.push(...readAction(cursor));
  }
  return { kind: "alter_table", table, ifExists, actions };
}

/** Options follow one another without commas, and partitioning follows everything so. */
function continuesWithoutComma(cursor: Cursor, last: AlterAction): boolean {
  return cursor.looksAt("PARTITION", "BY") || cursor.looksAt("REMOVE", "PARTITIONING") ||
    (last.kind === "options" && looksAtOption(cursor));
}

function looksAtOption(cursor: Cursor): boolean {
  const at = cursor.at;
  const found = readOption(cursor, {});
  cursor.moveTo(at);
  return found;
}

type ActionReader = (cursor: Cursor) => readonly AlterAction[];

const ACTIONS: Readonly<Record<string, ActionReader>> = {
  ADD: readAdd,
  DROP: readDrop,
  MODIFY: (cursor) => {
    cursor.take("COLUMN");
    const ifExists = cursor.take("IF", "EXISTS");
    const column = readColumn(cursor);
    const position = readPosition(cursor);
    return [{ kind: "change_column", from: column.name, column, position, ifExists }];
  },
  CHANGE: (cursor) => {
    cursor.take("COLUMN");
    const ifExists = cursor.take("IF", "EXISTS");
    const from = readName(cursor);
    const column = readColumn(cursor);
    return [{ kind: "change_column", from, column, position: readPosition(cursor), ifExists }];
  },
  ALTER: readAlter,
  RENAME: readRename,
  CONVERT: (cursor) => {
    cursor.expect("TO");
    if (!takeCharset(cursor)) throw cursor.fault();
    const charset = cursor.take("DEFAULT") ? null : readCharset(cursor);
    const collation = cursor.take("COLLATE") ? readNameOrString(cursor).toLowerCase() : null;
    return [{ kind: "convert_charset", charset, collation }];
  },
  FORCE: (cursor) => [{ kind: "hint", sql: cursor.previous.text }],
  ENABLE: readKeysSwitch,
  DISABLE: readKeysSwitch,
  ORDER: (cursor) => {
    const from = cursor.at - 1;
    cursor.expect("BY");
    do {
      readName(cursor);
      cursor.takeOneOf("ASC", "DESC");
    } while (cursor.take(","));
    return [{ kind: "hint", sql: cursor.textFrom(from) }];
  },
  ALGORITHM: readHint,
  LOCK: readHint,
};

const OTHER_STARTS = new Set([
  ...["PARTITION", "REMOVE", "DISCARD", "IMPORT", "ANALYZE", "CHECK", "OPTIMIZE", "REBUILD"],
  ...["REPAIR", "REORGANIZE", "COALESCE", "TRUNCATE", "EXCHANGE", "UPGRADE", "SECONDARY_LOAD"],
  ...["SECONDARY_UNLOAD", "WITH", "WITHOUT"],
]);

function readAction(cursor: Cursor): readonly AlterAction[] {
  const { kind, upper } = cursor.peek();
  if (kind !== "word") throw cursor.fault();
  if (upper === "WITH" && cursor.take("WITH", "SYSTEM", "VERSIONING")) {
    return [{ kind: "other", sql: "WITH SYSTEM VERSIONING" }];
  }
  const options: Record<string, string> = {};
  if (readOption(cursor, options)) return [{ kind: "options", options }];
  const read = Object.hasOwn(ACTIONS, upper) ? ACTIONS[upper] : undefined;
  if (read !== undefined) {
    cursor.next();
    return read(cursor);
  }
  if (!OTHER_STARTS.has(upper)) throw cursor.fault();
  return [{ kind: "other", sql: readToActionEnd(cursor) }];
}

function readToActionEnd(cursor: Cursor): string {
  const from = cursor.at;
  while (!cursor.done && !cursor.looksAt(";")) {
    if (cursor.take("(")) cursor.skipToClose();
    else cursor.next();
  }
  return cursor.textFrom(from);
}

function readHint(cursor: Cursor): readonly AlterAction[] {
  const from = cursor.at - 1;
  cursor.take("=");
  if (!cursor.take("DEFAULT")) readName(cursor);
  return [{ kind: "hint", sql: cursor.textFrom(from) }];
}

function readKeysSwitch(cursor: Cursor): readonly AlterAction[] {
  const from = cursor.at - 1;
  cursor.expect("KEYS");
  return [{ kind: "hint", sql: cursor.textFrom(from) }];
}

function readPosition(cursor: Cursor): ColumnPosition {
  if (cursor.take("FIRST")) return "first";
  return cursor.take("AFTER") ? { after: readName(cursor) } : null;
}

function readAdd(cursor: Cursor): readonly AlterAction[] {
  const constraint = readTableConstraint(cursor);
  if (constraint?.kind === "key") return [{ kind: "add_key", key: constraint.key }];
  if (constraint?.kind === "foreign_key") {
    return [{ kind: "add_foreign_key", foreignKey: constraint.foreignKey }];
  }
  if (constraint?.kind === "check") {
    const { check, ifNotExists } = constraint;
    return [{ kind: "add_check", check, ifNotExists }];
  }
  if (cursor.looksAt("PARTITION") || cursor.looksAt("PERIOD", "FOR")) {
    return [{ kind: "other", sql: `ADD ${readToActionEnd(cursor)}` }];
  }
  if (cursor.take("SYSTEM", "VERSIONING")) return [{ kind: "other", sql: "ADD SYSTEM VERSIONING" }];
  return readAddColumns(cursor);
}

function readAddColumns(cursor: Cursor): readonly AlterAction[] {
  cursor.take("COLUMN");
  const ifNotExists = cursor.take("IF", "NOT", "EXISTS");
  if (!cursor.take("(")) {
    const column = readColumn(cursor);
    return [{ kind: "add_column", column, position: readPosition(cursor), ifNotExists }];
  }
  const actions: AlterAction[] = [];
  do {
    const constraint = readTableConstraint(cursor);
    if (constraint === null) {
      const column: ColumnDefinition = readColumnBody(cursor, readName(cursor));
      actions.push({ kind: "add_column", column, position: null, ifNotExists });
    } else if (constraint.kind === "key") actions.push({ kind: "add_key", key: constraint.key });
    else if (constraint.kind === "check") actions.push({ ...constraint, kind: "add_check" });
    else actions.push({ kind: "add_foreign_key", foreignKey: constraint.foreignKey });
  } while (cursor.take(","));
  cursor.expect(")");
  return actions;
}

function readDrop(cursor: Cursor): readonly AlterAction[] {
  if (cursor.take("PRIMARY", "KEY")) return [{ kind: "drop_primary_key", ifExists: false }];
  if (cursor.takeOneOf("INDEX", "KEY") !== null) {
    const ifExists = cursor.take("IF", "EXISTS");
    return [{ kind: "drop_key", name: readName(cursor), ifExists }];
  }
  if (cursor.take("FOREIGN", "KEY")) {
    const ifExists = cursor.take("IF", "EXISTS");
    return [{ kind: "drop_foreign_key", name: readName(cursor), ifExists }];
  }
  const constraint = cursor.takeOneOf("CONSTRAINT", "CHECK");
  if (constraint !== null) {
    const ifExists = cursor.take("IF", "EXISTS");
    const name = cursor.looksAt("PRIMARY") ? cursor.next().value : readName(cursor);
    return [{ kind: "drop_constraint", name, ifExists, checkOnly: constraint === "CHECK" }];
  }
  if (
    cursor.looksAt("PARTITION") || cursor.looksAt("SYSTEM", "VERSIONING") ||
    cursor.looksAt("PERIOD", "FOR")
  ) {
    return [{ kind: "other", sql: `DROP ${readToActionEnd(cursor)}` }];
  }
  cursor.take("COLUMN");
  const ifExists = cursor.take("IF", "EXISTS");
  const name = readName(cursor);
  cursor.takeOneOf("RESTRICT", "CASCADE");
  return [{ kind: "drop_column", name, ifExists }];
}

function readAlter(cursor: Cursor): readonly AlterAction[] {
  if (cursor.takeOneOf("INDEX", "KEY") !== null) {
    cursor.take("IF", "EXISTS");
    const name = readName(cursor);
    const visible = cursor.take("NOT", "IGNORED") || cursor.take("VISIBLE");
    if (!visible && cursor.takeOneOf("IGNORED", "INVISIBLE") === null) throw cursor.fault();
    return [{ kind: "set_key_visibility", name, invisible: !visible }];
  }
  if (cursor.takeOneOf("CHECK", "CONSTRAINT") !== null) {
    return [{ kind: "other", sql: `ALTER CONSTRAINT ${readToActionEnd(cursor)}` }];
  }
  cursor.take("COLUMN");
  const ifExists = cursor.take("IF", "EXISTS");
  const column = readName(cursor);
  if (cursor.take("DROP", "DEFAULT")) return [{ kind: "drop_default", column, ifExists }];
  cursor.expect("SET");
  if (cursor.take("DEFAULT")) {
    return [{ kind: "set_default", column, default: readDefault(cursor), ifExists }];
  }
  const word = cursor.takeOneOf("VISIBLE", "INVISIBLE");
  if (word === null) throw cursor.fault();
  return [{ kind: "set_column_visibility", column, invisible: word === "INVISIBLE" }];
}

function readRename(cursor: Cursor): readonly AlterAction[] {
  const object = cursor.takeOneOf("COLUMN", "INDEX", "KEY");
  if (object === null) {
    if (cursor.takeOneOf("TO", "AS", "=") === null && !cursor.atName) throw cursor.fault();
    return [{ kind: "rename_table", to: readTableName(cursor) }];
  }
  const ifExists = cursor.take("IF", "EXISTS");
  const from = readName(cursor);
  cursor.expect("TO");
  const kind = object === "COLUMN" ? "rename_column" : "rename_key";
  return [{ kind, from, to: readName(cursor), ifExists }];
}
