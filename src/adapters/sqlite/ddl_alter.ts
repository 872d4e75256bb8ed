/** ALTER TABLE: the model changed, then SQLite's table brought after it the cheapest exact way. */
import { sqlError } from "../../protocol/errors.ts";
import type { AlterAction, AlterTable } from "../../sql/ddl/model.ts";
import { alterColumns, type ColumnChanges, isColumnAction } from "./ddl_alter_columns.ts";
import { bringAfter } from "./ddl_apply.ts";
import {
  altered,
  checkNewTableName,
  type DdlContext,
  type DdlOutcome,
  done,
  draftScope,
  localName,
} from "./ddl_context.ts";
import { checkDefaults } from "./ddl_create.ts";
import { applyOptions } from "./ddl_options.ts";
import { checkReferences, checkRows } from "./ddl_references.ts";
import { redirectReferences, renameEverywhere } from "./ddl_rename.ts";
import { resolveCharset } from "./schema_charset.ts";
import { TableDraft } from "./schema_draft.ts";
import { cannotDrop, noSuchTable, tableExists, unsupported } from "./schema_errors.ts";
import { autoIncrementColumn, sameName, type TableModel } from "./schema_model.ts";
import { isTextual } from "./types.ts";

export function alterTable(context: DdlContext, statement: AlterTable): DdlOutcome {
  const name = localName(context, statement.table);
  const before = context.schemas.table(name);
  if (before === null) {
    if (!statement.ifExists) throw noSuchTable(context.database, name);
    return { result: done(1), changed: [] };
  }
  const to = newName(context, statement.actions, name);
  const alteration = new TableAlteration(context, before);
  const { after, changes, warnings } = alteration.run(statement.actions);
  checkReferences(context, { before, after, renames: changes.renames });
  bringAfter(context, { before, after, origins: changes.origins });
  context.schemas.save(after);
  followRenames(context, name, changes);
  const known = new Set(before.foreignKeys.map((key) => key.name));
  for (const key of after.foreignKeys) if (!known.has(key.name)) checkRows(context, after, key);
  numberOn(context, before, after, statement.actions);
  if (to !== null) renameEverywhere(context, name, to);
  return { result: altered(warnings), changed: [{ before: name, after: to ?? name }] };
}

/** What RENAME TO says, if that is another name. */
function newName(
  context: DdlContext,
  actions: readonly AlterAction[],
  name: string,
): string | null {
  const action = actions.findLast((each) => each.kind === "rename_table");
  const to = action?.kind === "rename_table" ? localName(context, action.to) : name;
  if (to === name) return null;
  if (context.schemas.table(to) !== null) throw tableExists(to);
  if (!sameName(to, name)) checkNewTableName(context, to);
  return to;
}

/** Foreign keys of other tables call the columns by their new names. */
function followRenames(context: DdlContext, name: string, { renames }: ColumnChanges): void {
  if (renames.size === 0) return;
  redirectReferences(context, name, (key) => ({
    ...key,
    references: {
      ...key.references,
      columns: key.references.columns.map((each) => renames.get(each.toLowerCase()) ?? each),
    },
  }));
}

/** A new AUTO_INCREMENT column goes on behind its largest value; an option says where to go on. */
function numberOn(
  context: DdlContext,
  before: TableModel,
  after: TableModel,
  actions: readonly AlterAction[],
): void {
  const column = autoIncrementColumn(after);
  if (column === null) return;
  const said = actions.findLast((each) =>
    each.kind === "options" && each.options["AUTO_INCREMENT"] !== undefined
  );
  if (said?.kind === "options") {
    const start = BigInt(said.options["AUTO_INCREMENT"] ?? "1");
    context.autoIncrement.reset(context.db, after, start);
  } else if (autoIncrementColumn(before)?.name !== column.name) {
    context.autoIncrement.reset(context.db, after, 1n);
  }
}

class TableAlteration {
  readonly #context: DdlContext;
  readonly #draft: TableDraft;
  #warnings = 0;

  constructor(context: DdlContext, before: TableModel) {
    this.#context = context;
    this.#draft = TableDraft.from(before, draftScope(context));
  }

  /** What goes comes before what is added, whatever the order it is said in. */
  run(
    actions: readonly AlterAction[],
  ): { readonly after: TableModel; readonly changes: ColumnChanges; readonly warnings: number } {
    for (const action of actions) this.#settle(action);
    for (const action of actions) this.#remove(action);
    const changes = alterColumns(this.#draft, actions.filter(isColumnAction));
    const additions = actions.filter((each) => !isColumnAction(each));
    this.#draft.makeRoomFor(
      additions.filter((each) => each.kind === "add_key").map((each) => each.key),
    );
    for (const definition of changes.definitions) this.#draft.addColumnKeys(definition);
    for (const action of additions) this.#add(action);
    const after = this.#draft.finish();
    checkDefaults(this.#context, after);
    return { after, changes, warnings: this.#warnings + changes.warnings };
  }

  /** Options and character sets, which new columns are made by; and what cannot be done. */
  #settle(action: AlterAction): void {
    switch (action.kind) {
      case "options":
        return applyOptions(this.#draft, action.options);
      case "convert_charset":
        return this.#convertCharset(action.charset, action.collation);
      case "other":
        throw unsupported(
          `Cannot alter table ${this.#draft.name} by ${action.sql}: the embedded engine has no ` +
            "partitions, tablespaces or versions",
        );
      default:
        return;
    }
  }

  #convertCharset(charset: string | null, collation: string | null): void {
    const draft = this.#draft;
    draft.charset = resolveCharset({ charset, collation, binary: false }, draft.charset);
    draft.columns = draft.columns.map((column) =>
      isTextual(column.type.name) && column.type.name !== "json"
        ? { ...column, type: { ...column.type, ...draft.charset } }
        : column
    );
  }

  #remove(action: AlterAction): void {
    const draft = this.#draft;
    switch (action.kind) {
      case "drop_primary_key":
        return this.#drop(action.ifExists, () => draft.dropKey("PRIMARY"));
      case "drop_key":
        return this.#drop(action.ifExists, () => draft.dropKey(action.name));
      case "drop_foreign_key":
        return this.#drop(action.ifExists, () => draft.dropForeignKey(action.name));
      case "drop_constraint":
        return this.#drop(action.ifExists, () => this.#dropConstraint(action));
      case "rename_key":
        return this.#drop(action.ifExists, () => draft.renameKey(action.from, action.to));
      case "set_key_visibility":
        return this.#showKey(action.name, action.invisible);
      default:
        return;
    }
  }

  #drop(ifExists: boolean, drop: () => void): void {
    try {
      drop();
    } catch (error) {
      if (!ifExists) throw error;
      this.#warnings++;
    }
  }

  #dropConstraint(
    { name, checkOnly }: Extract<AlterAction, { readonly kind: "drop_constraint" }>,
  ): void {
    const draft = this.#draft;
    if (draft.checks.some((check) => sameName(check.name, name))) {
      draft.checks = draft.checks.filter((check) => !sameName(check.name, name));
    } else if (!checkOnly && draft.foreignKeys.some((key) => sameName(key.name, name))) {
      draft.dropForeignKey(name);
    } else if (
      !checkOnly && draft.indexes.some((each) => each.unique && sameName(each.name, name))
    ) {
      draft.dropKey(name);
    } else throw cannotDrop("CONSTRAINT", name);
  }

  #showKey(name: string, invisible: boolean): void {
    const draft = this.#draft;
    if (!draft.indexes.some((index) => sameName(index.name, name))) {
      throw sqlError(1176, "42000", `Key '${name}' doesn't exist in table '${draft.name}'`);
    }
    draft.indexes = draft.indexes.map((index) =>
      sameName(index.name, name) ? { ...index, invisible } : index
    );
  }

  #add(action: AlterAction): void {
    const draft = this.#draft;
    switch (action.kind) {
      case "add_key": {
        const { key } = action;
        const there = draft.indexes.some((index) => sameName(index.name, key.name ?? ""));
        if (key.ifNotExists && there) this.#warnings++;
        else draft.addKey(key);
        return;
      }
      case "add_foreign_key": {
        const { name, ifNotExists } = action.foreignKey;
        const there = draft.foreignKeys.some((key) => sameName(key.name, name ?? ""));
        if (ifNotExists && there) this.#warnings++;
        else draft.addForeignKey(action.foreignKey);
        return;
      }
      case "add_check": {
        const there = draft.checks.some((check) => sameName(check.name, action.check.name ?? ""));
        if (action.ifNotExists && there) this.#warnings++;
        else draft.addCheck(action.check);
        return;
      }
      default:
        return;
    }
  }
}
