/** Foreign keys: checked row by row as InnoDB does, with what follows from deleting and changing. */
import { invariant } from "../../base/assert.ts";
import { type MinisqlError, sqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import { sqlName } from "./ddl_sql.ts";
import type { DmlRun } from "./dml_run.ts";
import { keyCondition, type RowTable, type StoredRow } from "./dml_table.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { Reference } from "./schema.ts";
import { columnOf, type ForeignKeyModel, type TableModel } from "./schema_model.ts";

/** InnoDB follows keys from table to table no further. */
const DEPTH_MAX = 15;

/** Raises 1452 where a row refers to one that is not there. `places` are those that changed. */
export function checkParents(
  run: DmlRun,
  table: RowTable,
  row: StoredRow,
  places: readonly number[] | null,
): void {
  if (!run.settings.foreignKeyChecks) return;
  for (const key of table.model.foreignKeys) {
    const own = key.columns.map((name) => table.placeOf(name));
    if (places !== null && !own.some((place) => places.includes(place))) continue;
    const values = own.map((place) => row[place] ?? null);
    if (values.includes(null) || hasParent(run, key, values)) continue;
    throw refused(run, 1452, table.model, key);
  }
}

function hasParent(run: DmlRun, key: ForeignKeyModel, values: readonly SqlValue[]): boolean {
  const parent = run.connection.schemas.table(key.references.table);
  if (parent === null) return false;
  const where = conditions(parent, key.references.columns);
  const sql = `SELECT 1 FROM ${sqlName(parent.name)} WHERE ${where} LIMIT 1`;
  return run.connection.all(sql, ...values).length > 0;
}

function conditions(table: TableModel, columns: readonly string[]): string {
  return columns.map((name, at) => {
    const column = columnOf(table, name);
    invariant(column !== null, `Table ${table.name} has no column ${name}`);
    return keyCondition(column, null, at + 1);
  }).join(" AND ");
}

function refused(
  run: DmlRun,
  errno: 1451 | 1452,
  child: TableModel,
  key: ForeignKeyModel,
): MinisqlError {
  const names = (columns: readonly string[]) => columns.map(quoteName).join(", ");
  const actions = [
    isPlain(key.onDelete) ? "" : ` ON DELETE ${key.onDelete}`,
    isPlain(key.onUpdate) ? "" : ` ON UPDATE ${key.onUpdate}`,
  ].join("");
  const what = errno === 1451
    ? "Cannot delete or update a parent row"
    : "Cannot add or update a child row";
  return sqlError(
    errno,
    "23000",
    `${what}: a foreign key constraint fails (${quoteName(run.settings.database)}.` +
      `${quoteName(child.name)}, CONSTRAINT ${quoteName(key.name)} FOREIGN KEY ` +
      `(${names(key.columns)}) REFERENCES ${quoteName(key.references.table)} ` +
      `(${names(key.references.columns)})${actions})`,
  );
}

function isPlain(action: string): boolean {
  return action === "RESTRICT" || action === "NO ACTION";
}

/** Deletes a row, and whatever must go or change with it. */
export function deleteRow(run: DmlRun, table: RowTable, found: FoundRow): void {
  if (run.settings.foreignKeyChecks) {
    for (const reference of referencing(run, table.model)) {
      followDelete(run, reference, { table, ...found });
    }
  }
  table.delete(run.connection, found.rowid);
}

export interface FoundRow {
  readonly rowid: bigint;
  readonly row: StoredRow;
  /** How many keys have been followed to come here. */
  readonly depth: number;
}

function referencing(run: DmlRun, model: TableModel): readonly Reference[] {
  return run.connection.schemas.referencing(model.name);
}

interface Parent extends FoundRow {
  readonly table: RowTable;
}

function followDelete(run: DmlRun, reference: Reference, parent: Parent): void {
  const { key } = reference;
  const children = childrenOf(run, reference, parent);
  if (children.length === 0) return;
  checkDepth(run, reference, parent);
  const child = run.table(reference.table);
  for (const [id, ...row] of children) {
    const rowid = id as bigint;
    const isSelf = child.model === parent.table.model && rowid === parent.rowid;
    if (isSelf) continue;
    const found = { rowid, row, depth: parent.depth + 1 };
    if (key.onDelete === "CASCADE") deleteRow(run, child, found);
    else if (key.onDelete === "SET NULL") setNull(run, reference, found);
    else throw refused(run, 1451, reference.table, key);
  }
}

function checkDepth(run: DmlRun, { table, key }: Reference, { depth }: Parent): void {
  if (depth >= DEPTH_MAX) throw refused(run, 1451, table, key);
}

/** The rows that refer to one, each with its number in front. */
function childrenOf(
  run: DmlRun,
  { table, key }: Reference,
  parent: Parent,
): readonly (readonly SqlValue[])[] {
  const values = key.references.columns.map((name) =>
    parent.row[parent.table.placeOf(name)] ?? null
  );
  if (values.includes(null)) return [];
  const child = run.table(table);
  return run.connection.all(
    `${child.selectSql} WHERE ${conditions(table, key.columns)}`,
    ...values,
  );
}

function setNull(run: DmlRun, { table, key }: Reference, { rowid, row, depth }: FoundRow): void {
  const child = run.table(table);
  const places = key.columns.map((name) => child.placeOf(name));
  const next = row.map((value, at) => places.includes(at) ? null : value);
  updateRow(run, child, { rowid, old: row, next, places, depth });
}

export interface RowChange {
  readonly rowid: bigint;
  readonly old: StoredRow;
  readonly next: StoredRow;
  /** Where the two differ. */
  readonly places: readonly number[];
  readonly depth: number;
}

/** Changes a row, and whatever must change with it. */
export function updateRow(run: DmlRun, table: RowTable, change: RowChange): void {
  const { rowid, old, next, places, depth } = change;
  const checks = run.settings.foreignKeyChecks;
  const references = checks ? referencing(run, table.model) : [];
  const affected = references.filter(({ key }) =>
    key.references.columns.some((name) => places.includes(table.placeOf(name)))
  );
  const followers = affected.map((reference) => ({
    reference,
    children: childrenOf(run, reference, { table, row: old, rowid, depth }),
  }));
  for (const { reference: { key, table: child }, children } of followers) {
    const isOther = children.some(([id]) => child !== table.model || id !== rowid);
    if (isOther && isPlain(key.onUpdate)) throw refused(run, 1451, child, key);
  }
  try {
    table.update(run.connection, rowid, places, next);
  } catch (error) {
    throw run.refusal(error, table, next, rowid);
  }
  checkParents(run, table, next, places);
  for (const { reference, children } of followers) {
    checkDepth(run, reference, { table, row: old, rowid, depth });
    for (const [id, ...row] of children) {
      const found = { rowid: id as bigint, row, depth: depth + 1 };
      followUpdate(run, reference, { table, next }, found);
    }
  }
}

interface ChangedParent {
  readonly table: RowTable;
  readonly next: StoredRow;
}

function followUpdate(
  run: DmlRun,
  reference: Reference,
  parent: ChangedParent,
  found: FoundRow,
): void {
  const { key, table } = reference;
  if (key.onUpdate === "SET NULL") return setNull(run, reference, found);
  const { rowid, row, depth } = found;
  const child = run.table(table);
  const places = key.columns.map((name) => child.placeOf(name));
  const values = key.references.columns.map((name) =>
    parent.next[parent.table.placeOf(name)] ?? null
  );
  const next = row.map((value, at) => {
    const place = places.indexOf(at);
    return place < 0 ? value : values[place] ?? null;
  });
  updateRow(run, child, { rowid, old: row, next, places, depth });
}
