/** MySQL's errors on definitions of tables, each with its number, state and words. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";

export function noSuchTable(database: string, table: string): MinisqlError {
  return sqlError(1146, "42S02", `Table '${database}.${table}' doesn't exist`);
}

export function tableExists(table: string): MinisqlError {
  return sqlError(1050, "42S01", `Table '${table}' already exists`);
}

export function unknownDatabase(database: string): MinisqlError {
  return sqlError(1049, "42000", `Unknown database '${database}'`);
}

export function unknownColumn(column: string, place: string): MinisqlError {
  return sqlError(1054, "42S22", `Unknown column '${column}' in '${place}'`);
}

export function duplicateColumn(column: string): MinisqlError {
  return sqlError(1060, "42S21", `Duplicate column name '${column}'`);
}

export function duplicateKeyName(key: string): MinisqlError {
  return sqlError(1061, "42000", `Duplicate key name '${key}'`);
}

export function invalidDefault(column: string): MinisqlError {
  return sqlError(1067, "42000", `Invalid default value for '${column}'`);
}

export function badSpecifier(column: string): MinisqlError {
  return sqlError(1063, "42000", `Incorrect column specifier for column '${column}'`);
}

export function noKeyColumn(column: string): MinisqlError {
  return sqlError(1072, "42000", `Key column '${column}' doesn't exist in table`);
}

export function columnTooLong(column: string, max: number): MinisqlError {
  return sqlError(
    1074,
    "42000",
    `Column length too big for column '${column}' (max = ${max}); use BLOB or TEXT instead`,
  );
}

export function cannotDrop(kind: string, name: string): MinisqlError {
  return sqlError(1091, "42000", `Can't DROP ${kind} \`${name}\`; check that it exists`);
}

export function incorrectTableName(table: string): MinisqlError {
  return sqlError(1103, "42000", `Incorrect table name '${table}'`);
}

/** `reason` is 150 for a key that does not fit what it refers to, 121 for a name that is taken. */
export function malformedForeignKey(
  database: string,
  table: string,
  reason: 150 | 121,
): MinisqlError {
  const words = reason === 150
    ? "Foreign key constraint is incorrectly formed"
    : "Duplicate key on write or update";
  return sqlError(
    1005,
    "HY000",
    `Can't create table \`${database}\`.\`${table}\` (errno: ${reason} "${words}")`,
  );
}

/** What this engine cannot do and MySQL can. */
export function unsupported(message: string): MinisqlError {
  return new MinisqlError("UNSUPPORTED", message);
}
