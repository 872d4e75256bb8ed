/** What a CREATE TABLE asks of the cluster, read from its DDL: the name, and whom it must live beside. */
import { MinisqlError } from "../protocol/errors.ts";
import type { CreateTable, TableName } from "../sql/ddl/model.ts";
import { parseDdl } from "../sql/ddl/parser.ts";

export interface CreateDemand {
  readonly table: string;
  /** Tables that its foreign keys refer to, itself left out. */
  readonly refersTo: readonly string[];
}

/** Raises what MySQL would for a statement it does not understand. */
export function readCreate(ddl: string): CreateDemand {
  const statement = parseDdl(ddl);
  if (statement?.kind !== "create_table") {
    throw new MinisqlError("BAD_REQUEST", "Cannot create a table: the DDL is not a CREATE TABLE");
  }
  const table = plainName(statement.table, "create");
  const refersTo = references(statement).filter((name) => name !== table);
  return { table, refersTo: [...new Set(refersTo)] };
}

/** The name of a table of this cluster. */
export function plainName({ database, name }: TableName, verb: string): string {
  if (database === null) return name;
  const why = `Cannot ${verb} ${database}.${name}: a cluster is one database, leave its name out`;
  throw new MinisqlError("UNSUPPORTED", why);
}

function references(statement: CreateTable): string[] {
  const named = [
    ...statement.foreignKeys.map(({ references }) => references),
    ...statement.columns.flatMap(({ references }) => references ?? []),
  ];
  return named.map(({ table }) => table.name);
}
