/** Statements on rows, parsed and translated, kept by their text for as long as the schema stays. */
import { unfoldComments } from "../../sql/executable_comment.ts";
import type { SqliteConnection } from "./connection.ts";
import { type DeletePlan, planDelete, planUpdate, type UpdatePlan } from "./dml_change_plan.ts";
import { type Defaults, defaultsOf } from "./dml_defaults.ts";
import { type InsertPlan, planInsert } from "./dml_insert_plan.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { Schemas } from "./schema.ts";
import type { TableModel } from "./schema_model.ts";
import { parseStatement } from "./translate_parse_statement.ts";
import { type Presenter, presenterOf } from "./translate_present.ts";
import { newContext, type SchemaLookup } from "./translate_query.ts";
import { findView } from "./views.ts";

export interface QueryPlan {
  readonly kind: "query";
  readonly sql: string;
  readonly values: readonly SqlValue[];
  readonly width: number;
  readonly presenter: Presenter;
}

export type Plan = QueryPlan | InsertPlan | UpdatePlan | DeletePlan;

/** Plans kept on a connection, and how long a text may be to have its plan kept. */
const PLANS_MAX = 500;
const TEXT_MAX = 4000;

/** What comments that servers run as code are taken for: this engine says it is such a server. */
const STANDS_FOR = { vendor: "mariadb", version: 101_100 } as const;

export class Planner {
  readonly #database: string;
  readonly #kept = new WeakMap<SqliteConnection, Kept>();
  readonly #defaults = new WeakMap<TableModel, Defaults>();

  constructor(database: string) {
    this.#database = database;
  }

  lookup(connection: SqliteConnection): SchemaLookup {
    return {
      database: this.#database,
      table: (name) => connection.schemas.table(name),
      view: (name) => findView(connection, name),
    };
  }

  /** The plan for a statement on a connection; null where it is no statement on rows. */
  plan(connection: SqliteConnection, sql: string): Plan | null {
    const schemas = connection.schemas.current();
    let kept = this.#kept.get(connection);
    if (kept?.schemas !== schemas) {
      kept = { schemas, plans: new Map() };
      this.#kept.set(connection, kept);
    }
    const found = kept.plans.get(sql);
    if (found !== undefined) return found;
    const plan = this.#make(connection, sql);
    if (plan === null || sql.length > TEXT_MAX) return plan;
    if (kept.plans.size >= PLANS_MAX) kept.plans.clear();
    kept.plans.set(sql, plan);
    return plan;
  }

  #defaultsOf(model: TableModel, lookup: SchemaLookup): Defaults {
    let defaults = this.#defaults.get(model);
    if (defaults === undefined) {
      defaults = defaultsOf(model, lookup);
      this.#defaults.set(model, defaults);
    }
    return defaults;
  }

  #make(connection: SqliteConnection, sql: string): Plan | null {
    const text = plainText(sql);
    const statement = parseStatement(text);
    if (statement === null) return null;
    const lookup = this.lookup(connection);
    switch (statement.kind) {
      case "insert":
        return planInsert(text, statement, lookup, (model) => this.#defaultsOf(model, lookup));
      case "update":
        return planUpdate(text, statement, lookup);
      case "delete":
        return planDelete(text, statement, lookup);
      case "query": {
        const context = newContext(text, lookup);
        const { sql: translated, columns } = context.query(statement.query, null, []);
        return {
          kind: "query",
          sql: translated,
          values: context.parameters.usedBy(translated),
          width: columns.length,
          presenter: presenterOf(columns),
        };
      }
    }
  }
}

interface Kept {
  readonly schemas: Schemas;
  readonly plans: Map<string, Plan>;
}

/** The statement with comments that are code opened up. */
export function plainText(sql: string): string {
  return sql.includes("/*!") || sql.includes("/*M!") ? unfoldComments(sql, STANDS_FOR) : sql;
}
