/** Which columns can be named at a place in a statement, and what each is called in SQLite. */
import { sqlError } from "../../protocol/errors.ts";
import type { MinisqlError } from "../../protocol/errors.ts";
import type { SelectItem } from "./translate_ast.ts";
import type { ValueType } from "./translate_type.ts";
import { sameName } from "./schema_model.ts";

export interface ScopeColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: ValueType;
  /** The table it belongs to, by the name it has in the statement. */
  readonly table: string;
  readonly invisible: boolean;
}

export interface ScopeTable {
  /** The alias, or the table's own name. */
  readonly name: string;
  readonly database: string | null;
  /** The table behind it; null for queries and common tables. */
  readonly base: string | null;
  readonly columns: readonly ScopeColumn[];
  /** SQL of the row's number; null where rows have none. */
  readonly rowid: string | null;
}

/** How MySQL names the clause in which an unknown column stands. */
export type Clause =
  | "SELECT"
  | "WHERE"
  | "ON"
  | "GROUP BY"
  | "HAVING"
  | "ORDER BY"
  | "SET"
  | "VALUES"
  | "INSERT INTO"
  | "DEFAULT"
  | "CHECK"
  | "GENERATED ALWAYS AS";

export class Scope {
  readonly parent: Scope | null;
  readonly tables: readonly ScopeTable[];
  /** The columns that a bare `*` means, in order; joined ones once. */
  readonly visible: readonly ScopeColumn[];

  constructor(
    parent: Scope | null,
    tables: readonly ScopeTable[],
    visible: readonly ScopeColumn[],
  ) {
    this.parent = parent;
    this.tables = tables;
    this.visible = visible;
  }

  /** A column by what is written: `c`, `t.c` or `db.t.c`; null where this scope has none. */
  own(reference: ColumnReference, clause: Clause): ScopeColumn | null {
    const found = reference.table === null
      ? this.#bare(reference.name)
      : this.#qualified(reference, reference.table);
    if (found.length > 1) throw ambiguous(reference, clause);
    return found[0] ?? null;
  }

  #bare(name: string): readonly ScopeColumn[] {
    const seen = this.visible.filter((column) => sameName(column.name, name));
    if (seen.length > 0) return seen;
    return this.tables.flatMap((table) =>
      table.columns.filter((column) => column.invisible && sameName(column.name, name))
    );
  }

  #qualified(reference: ColumnReference, tableName: string): readonly ScopeColumn[] {
    return this.tables
      .filter((table) => isNamed(table, tableName, reference.database))
      .flatMap((table) => table.columns.filter((column) => sameName(column.name, reference.name)));
  }

  /** The column, of this scope or of one around it; raises 1054 where there is none. */
  resolve(reference: ColumnReference, clause: Clause): ScopeColumn {
    const found = this.own(reference, clause) ?? this.parent?.resolve(reference, clause);
    if (found === undefined) throw unknownColumn(reference, clause);
    return found;
  }

  /** The columns of `*` or `t.*`. */
  star(item: SelectItem & { readonly star: true }): readonly ScopeColumn[] {
    if (item.table === null) {
      if (this.tables.length === 0) throw sqlError(1096, "HY000", "No tables used");
      return this.visible;
    }
    const name = item.table;
    const table = this.tables.find((each) => isNamed(each, name, item.database));
    if (table === undefined) {
      const full = item.database === null ? name : `${item.database}.${name}`;
      throw sqlError(1051, "42S02", `Unknown table '${full}'`);
    }
    return table.columns.filter((column) => !column.invisible);
  }

  table(name: string, database: string | null = null): ScopeTable | null {
    return this.tables.find((table) => isNamed(table, name, database)) ?? null;
  }
}

export interface ColumnReference {
  readonly database: string | null;
  readonly table: string | null;
  readonly name: string;
}

function isNamed(table: ScopeTable, name: string, database: string | null): boolean {
  return table.name === name && (database === null || table.database === database);
}

export function written({ database, table, name }: ColumnReference): string {
  return [database, table, name].filter((part) => part !== null).join(".");
}

export function unknownColumn(reference: ColumnReference, clause: Clause): MinisqlError {
  return sqlError(1054, "42S22", `Unknown column '${written(reference)}' in '${clause}'`);
}

function ambiguous(reference: ColumnReference, clause: Clause): MinisqlError {
  return sqlError(1052, "23000", `Column '${written(reference)}' in ${clause} is ambiguous`);
}

export const EMPTY_SCOPE = new Scope(null, [], []);
