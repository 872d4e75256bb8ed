/** A region's log in the master's simulation: its tables, and the schema changes it has seen. */
import { readAlter, resolveRenames } from "../master/alter_request.ts";
import { type MinisqlError, sqlError } from "../protocol/errors.ts";
import { parseDdl } from "../sql/ddl/parser.ts";

export interface SimLog {
  /** Name to definition. */
  readonly tables: Map<string, string>;
  /** How each change ended, by the job that asked for it: null where it was made. */
  readonly changes: Map<string, MinisqlError | null>;
}

/** Makes the change; the answer is why it cannot be made, or null. */
export function alteredLog(log: SimLog, sql: string): MinisqlError | null {
  const statement = parseDdl(sql);
  if (statement?.kind === "create_table") {
    const { name } = statement.table;
    if (log.tables.has(name)) return sqlError(1050, "42S01", `Table '${name}' already exists`);
    log.tables.set(name, sql);
    return null;
  }
  if (statement?.kind === "drop_table") {
    for (const { name } of statement.tables) log.tables.delete(name);
    return null;
  }
  const { tables, renames } = readAlter(sql);
  const [table = ""] = tables;
  if (!log.tables.has(table)) return sqlError(1146, "42S02", `Table '${table}' doesn't exist`);
  if (sql.includes("DROP COLUMN")) return sqlError(1091, "42000", "Can't DROP COLUMN; check it");
  const names = resolveRenames(renames, (name) => log.tables.has(name));
  const before = new Map(log.tables);
  for (const from of names.keys()) log.tables.delete(from);
  for (const [from, to] of names) log.tables.set(to, before.get(from)?.replace(from, to) ?? "");
  const comment = /COMMENT '(.*?)'/.exec(sql)?.[0];
  if (comment !== undefined) {
    log.tables.set(table, `${log.tables.get(table)?.split(" COMMENT")[0]} ${comment}`);
  }
  return null;
}
