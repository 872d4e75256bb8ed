/** ON DUPLICATE KEY UPDATE: what becomes of the row that is there already. */
import { sqlError } from "../../protocol/errors.ts";
import { assign, type AssignmentPlan, planAssignments } from "./dml_assignments.ts";
import type { DmlRun } from "./dml_run.ts";
import type { RowTable, StoredRow } from "./dml_table.ts";
import { updateRow } from "./dml_foreign_keys.ts";
import { type ColumnModel, sameName, type TableModel } from "./schema_model.ts";
import type { InsertStatement } from "./translate_ast.ts";
import type { SchemaLookup } from "./translate_query.ts";

interface Target {
  readonly lookup: SchemaLookup;
  readonly model: TableModel;
  readonly targets: readonly ColumnModel[];
}

/** A row that could not be inserted, and the one in its way. */
export interface Collision {
  readonly rowid: bigint;
  readonly old: StoredRow;
  readonly inserted: StoredRow;
  readonly number: number;
}

export class DuplicateUpdate {
  readonly #plan: AssignmentPlan;

  constructor(text: string, statement: InsertStatement, { lookup, model, targets }: Target) {
    const { alias } = statement;
    if (alias?.columns !== null && alias !== null && alias.columns.length !== targets.length) {
      throw sqlError(1136, "21S01", "Column count doesn't match value count at row 1");
    }
    const names = model.columns.filter((column) => column.generated === null).map((column) => {
      const at = targets.findIndex((target) => sameName(target.name, column.name));
      return alias?.columns?.[at] ?? column.name;
    });
    this.#plan = planAssignments(text, statement.onDuplicate, {
      lookup,
      model,
      table: model.name,
      inserted: { alias: alias?.name ?? null, names },
    });
  }

  /** Changes the row in the way; false where it is already what it would become. */
  apply(run: DmlRun, table: RowTable, { rowid, old, inserted, number }: Collision): boolean {
    const { next, places } = assign(run, this.#plan, { table, old, inserted, number });
    if (places.length === 0) return false;
    updateRow(run, table, { rowid, old, next, places, depth: 0 });
    return true;
  }
}
