/** What a change of a schema asks of the cluster: which tables it is on, new names, new relatives. Pure. */
import { MinisqlError, sqlError } from "../protocol/errors.ts";
import { tableName } from "../protocol/model.ts";
import type { AlterAction, DdlStatement, TableName } from "../sql/ddl/model.ts";
import { parseDdl } from "../sql/ddl/parser.ts";
import { plainName } from "./create_request.ts";

export interface Rename {
  readonly from: string;
  readonly to: string;
}

export interface AlterDemand {
  /** The first is the one that the statement is said to be on. */
  readonly tables: readonly string[];
  /** In the order of the statement. */
  readonly renames: readonly Rename[];
  /** Tables that new foreign keys refer to. */
  readonly refersTo: readonly string[];
}

/** Raises what MySQL would for a statement it does not understand. */
export function readAlter(sql: string): AlterDemand {
  const statement = parseDdl(sql);
  const demand = statement === null ? null : demandOf(statement);
  if (demand !== null) return demand;
  const why = "Cannot alter the table: the statement is not an ALTER TABLE, CREATE INDEX, " +
    "DROP INDEX, RENAME TABLE or TRUNCATE";
  throw new MinisqlError("BAD_REQUEST", why);
}

function demandOf(statement: DdlStatement): AlterDemand | null {
  switch (statement.kind) {
    case "alter_table": {
      const table = plainName(statement.table, "alter");
      return {
        tables: [table],
        renames: statement.actions.flatMap((action) =>
          action.kind === "rename_table" ? [{ from: table, to: newName(action.to) }] : []
        ),
        refersTo: [...new Set(statement.actions.flatMap(references))].filter((to) => to !== table),
      };
    }
    case "create_index":
    case "drop_index":
    case "truncate":
      return { tables: [plainName(statement.table, "alter")], renames: [], refersTo: [] };
    case "rename_table": {
      const renames = statement.renames.map(({ from, to }) => ({
        from: plainName(from, "rename"),
        to: newName(to),
      }));
      const made = new Set<string>();
      const tables = renames.flatMap(({ from, to }) => {
        const isOld = !made.has(from);
        made.add(to);
        return isOld ? [from] : [];
      });
      return { tables, renames, refersTo: [] };
    }
    case "create_table":
    case "drop_table":
      return null;
  }
}

/** What each table is called in the end, of those that `exists` tells of; or MySQL's error. */
export function resolveRenames(
  renames: readonly Rename[],
  exists: (name: string) => boolean,
): ReadonlyMap<string, string> {
  /** Names as they are on the way to what stood there at first; null where nothing stands now. */
  const now = new Map<string, string | null>();
  const at = (name: string) => now.has(name) ? now.get(name) ?? null : exists(name) ? name : null;
  for (const { from, to } of renames) {
    const moved = at(from);
    if (moved === null) throw sqlError(1146, "42S02", `Table '${from}' doesn't exist`);
    if (from === to) continue;
    if (at(to) !== null) throw sqlError(1050, "42S01", `Table '${to}' already exists`);
    now.set(from, null);
    now.set(to, moved);
  }
  const ends = new Map<string, string>();
  for (const [name, first] of now) if (first !== null && first !== name) ends.set(first, name);
  return ends;
}

function newName(table: TableName): string {
  const name = plainName(table, "rename to");
  if (!tableName.fits(name)) throw sqlError(1103, "42000", `Incorrect table name '${name}'`);
  return name;
}

function references(action: AlterAction): readonly string[] {
  switch (action.kind) {
    case "add_foreign_key":
      return [plainName(action.foreignKey.references.table, "refer to")];
    case "add_column":
    case "change_column":
      return action.column.references === null
        ? []
        : [plainName(action.column.references.table, "refer to")];
    default:
      return [];
  }
}
