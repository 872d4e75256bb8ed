/** The actions of ALTER TABLE that are about columns, all taken by the names there were before. */
import { sqlError } from "../../protocol/errors.ts";
import type { AlterAction, ColumnDefinition, ColumnPosition } from "../../sql/ddl/model.ts";
import { renamedInColumn, renameInExpression } from "./ddl_rename.ts";
import { checkColumnName, resolveColumn } from "./schema_column.ts";
import { resolveDefault } from "./schema_default.ts";
import type { TableDraft } from "./schema_draft.ts";
import { cannotDrop, duplicateColumn, unknownColumn } from "./schema_errors.ts";
import { type ColumnModel, sameName } from "./schema_model.ts";

/** The actions that this file knows. */
export type ColumnAction = Extract<
  AlterAction,
  {
    readonly kind:
      | "add_column"
      | "drop_column"
      | "change_column"
      | "rename_column"
      | "set_default"
      | "drop_default"
      | "set_column_visibility";
  }
>;

const COLUMN_ACTIONS: ReadonlySet<string> = new Set<ColumnAction["kind"]>([
  ...["add_column", "drop_column", "change_column", "rename_column"] as const,
  ...["set_default", "drop_default", "set_column_visibility"] as const,
]);

export function isColumnAction(action: AlterAction): action is ColumnAction {
  return COLUMN_ACTIONS.has(action.kind);
}

/** What became of the columns. */
export interface ColumnChanges {
  /** For each column there now is, the name of the one it was, or null for a new one. */
  readonly origins: ReadonlyMap<string, string | null>;
  /** Definitions whose keys are still to be added. */
  readonly definitions: readonly ColumnDefinition[];
  /** Old names to new ones, in lower case on the left. */
  readonly renames: ReadonlyMap<string, string>;
  /** Actions left out because of IF EXISTS or IF NOT EXISTS. */
  readonly warnings: number;
}

interface Entry {
  readonly from: string;
  column: ColumnModel;
  dropped: boolean;
  /** Defined anew: its expressions already use the new names. */
  redefined: boolean;
  position: ColumnPosition;
}

export function alterColumns(
  draft: TableDraft,
  actions: readonly ColumnAction[],
): ColumnChanges {
  return new ColumnAlteration(draft).run(actions);
}

class ColumnAlteration {
  readonly #draft: TableDraft;
  readonly #entries: Entry[];
  readonly #added: { readonly definition: ColumnDefinition; readonly position: ColumnPosition }[] =
    [];
  readonly #definitions: ColumnDefinition[] = [];
  #warnings = 0;

  constructor(draft: TableDraft) {
    this.#draft = draft;
    this.#entries = draft.columns.map((column) => ({
      from: column.name,
      column,
      dropped: false,
      redefined: false,
      position: null,
    }));
  }

  run(actions: readonly ColumnAction[]): ColumnChanges {
    for (const action of actions) this.#apply(action);
    const renames = this.#renames();
    this.#dropColumns();
    this.#placeColumns();
    this.#renameEverywhere(renames);
    const origins = new Map<string, string | null>();
    for (const entry of this.#entries) {
      if (!entry.dropped) origins.set(entry.column.name, entry.from);
    }
    for (const { definition } of this.#added) origins.set(definition.name, null);
    return { origins, definitions: this.#definitions, renames, warnings: this.#warnings };
  }

  #apply(action: ColumnAction): void {
    switch (action.kind) {
      case "add_column":
        return this.#add(action.column, action.position, action.ifNotExists);
      case "drop_column":
        return this.#drop(action.name, action.ifExists);
      case "change_column":
        return this.#change(action);
      case "rename_column":
        return this.#rename(action.from, action.to, action.ifExists);
      case "set_default":
        return this.#edit(action.column, action.ifExists, (column) => ({
          ...column,
          default: resolveDefault(column, action.default),
        }));
      case "drop_default":
        return this.#edit(action.column, action.ifExists, (column) => ({
          ...column,
          default: resolveDefault(column, null),
        }));
      case "set_column_visibility":
        return this.#edit(action.column, false, (column) => ({
          ...column,
          invisible: action.invisible,
        }));
    }
  }

  /** The column by the name it had before, or null where IF EXISTS lets it be missing. */
  #entry(name: string, ifExists: boolean): Entry | null {
    const entry = this.#entries.find((each) => sameName(each.from, name) && !each.dropped);
    if (entry !== undefined) return entry;
    if (!ifExists) throw unknownColumn(name, this.#draft.name);
    this.#warnings++;
    return null;
  }

  #add(definition: ColumnDefinition, position: ColumnPosition, ifNotExists: boolean): void {
    const there = this.#entries.some((entry) => sameName(entry.from, definition.name));
    if (there && ifNotExists) {
      this.#warnings++;
      return;
    }
    this.#added.push({ definition, position });
    this.#definitions.push(definition);
  }

  #drop(name: string, ifExists: boolean): void {
    const there = this.#entries.some((each) => sameName(each.from, name) && !each.dropped);
    if (!there && !ifExists) throw cannotDrop("COLUMN", name);
    const entry = this.#entry(name, ifExists);
    if (entry !== null) entry.dropped = true;
  }

  #change(action: Extract<ColumnAction, { readonly kind: "change_column" }>): void {
    const entry = this.#entry(action.from, action.ifExists);
    if (entry === null) return;
    const { column: definition } = action;
    const inPrimary = this.#draft.indexes.some((index) =>
      index.kind === "primary" && index.parts.some((part) => sameName(part.column, entry.from))
    );
    if (inPrimary && definition.nullable === true) {
      throw sqlError(
        1171,
        "42000",
        "All parts of a PRIMARY KEY must be NOT NULL; if you need NULL in a key, use UNIQUE instead",
      );
    }
    // In a primary key it is NOT NULL without being said so.
    const own = inPrimary ? { ...definition, nullable: false } : definition;
    entry.column = resolveColumn(own, this.#draft.charset);
    entry.redefined = true;
    entry.position = action.position;
    this.#definitions.push(definition);
  }

  #rename(from: string, to: string, ifExists: boolean): void {
    checkColumnName(to);
    this.#edit(from, ifExists, (column) => ({ ...column, name: to }));
  }

  #edit(name: string, ifExists: boolean, change: (column: ColumnModel) => ColumnModel): void {
    const entry = this.#entry(name, ifExists);
    if (entry !== null) entry.column = change(entry.column);
  }

  #renames(): ReadonlyMap<string, string> {
    const changed = this.#entries.filter((each) => !each.dropped && each.from !== each.column.name);
    return new Map(changed.map(({ from, column }) => [from.toLowerCase(), column.name]));
  }

  #dropColumns(): void {
    const all = this.#entries.every((entry) => entry.dropped) && this.#added.length === 0;
    if (all) {
      throw sqlError(
        1090,
        "42000",
        "You can't delete all columns with ALTER TABLE; use DROP TABLE instead",
      );
    }
    const gone = this.#entries.filter((entry) => entry.dropped).map((entry) => entry.from);
    this.#draft.dropFromKeys(gone);
  }

  /** Columns that stay where they are first, then those that are moved or new, as they are said. */
  #placeColumns(): void {
    const kept = this.#entries.filter((entry) => !entry.dropped);
    this.#draft.columns = kept.filter((entry) => entry.position === null)
      .map((entry) => entry.column);
    for (const entry of kept) {
      if (entry.position !== null) this.#draft.placeColumn(entry.column, entry.position);
    }
    for (const { definition, position } of this.#added) this.#draft.addColumn(definition, position);
    const names = this.#draft.columns.map((column) => column.name);
    const twice = names.find((name, at) => names.findIndex((each) => sameName(each, name)) !== at);
    if (twice !== undefined) throw duplicateColumn(twice);
  }

  #renameEverywhere(renames: ReadonlyMap<string, string>): void {
    if (renames.size === 0) return;
    const draft = this.#draft;
    draft.renameInKeys(renames);
    const redefined = new Set(
      this.#entries.filter((entry) => entry.redefined).map((entry) => entry.column.name),
    );
    const added = new Set(this.#added.map(({ definition }) => definition.name));
    draft.columns = draft.columns.map((column) =>
      redefined.has(column.name) || added.has(column.name)
        ? column
        : renamedInColumn(column, renames)
    );
    draft.checks = draft.checks.map((check) => ({
      ...check,
      sql: renameInExpression(check.sql, renames),
    }));
  }
}
