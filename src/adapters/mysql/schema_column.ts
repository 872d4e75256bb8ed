/** One column of a schema from its row in information_schema.COLUMNS. */
import type { ColumnSchema } from "../../ports/engine.ts";
import type { ColumnKind, Row } from "../../protocol/values.ts";
import { quoteString } from "../../sql/names.ts";
import type { Vendor } from "./server_facts.ts";

const KINDS: Readonly<Record<string, ColumnKind>> = {
  tinyint: "integer",
  smallint: "integer",
  mediumint: "integer",
  int: "integer",
  bigint: "integer",
  decimal: "decimal",
  float: "float",
  double: "float",
  bit: "bit",
  year: "year",
  date: "date",
  time: "time",
  datetime: "datetime",
  timestamp: "timestamp",
  char: "text",
  varchar: "text",
  tinytext: "text",
  text: "text",
  mediumtext: "text",
  longtext: "text",
  enum: "text",
  set: "text",
  uuid: "text",
  inet4: "text",
  inet6: "text",
  json: "json",
  binary: "bytes",
  varbinary: "bytes",
  tinyblob: "bytes",
  blob: "bytes",
  mediumblob: "bytes",
  longblob: "bytes",
  geometry: "bytes",
  point: "bytes",
  linestring: "bytes",
  polygon: "bytes",
  multipoint: "bytes",
  multilinestring: "bytes",
  multipolygon: "bytes",
  geometrycollection: "bytes",
  geomcollection: "bytes",
  vector: "bytes",
};

export interface ReadColumn extends ColumnSchema {
  readonly isStored: boolean;
}

/** `isJson` tells whether a column is checked to be JSON, for servers that have it as text. */
export function columnSchema(
  row: Row,
  vendor: Vendor,
  isJson: (column: string) => boolean,
): ReadColumn {
  const [name, dataType, type, nullable, , extra, generated, collation] = row.map((cell) =>
    cell === null ? null : String(cell)
  ) as readonly string[];
  const kind = KINDS[(dataType ?? "").toLowerCase()] ?? "text";
  const extras = (extra ?? "").toLowerCase();
  const isGenerated = generated !== null && generated !== undefined && generated !== "";
  return {
    name: name ?? "",
    kind: type === "longtext" && isJson(name ?? "") ? "json" : kind,
    type: loweredType(type ?? ""),
    nullable: nullable === "YES",
    defaultSql: isGenerated ? null : defaultOf(row, vendor),
    autoIncrement: extras.includes("auto_increment"),
    generatedSql: isGenerated ? generated : null,
    collation: collation ?? null,
    onUpdateSql: /on update (\S+)/.exec(extras)?.[1] ?? null,
    invisible: extras.includes("invisible"),
    isStored: extras.includes("stored") || extras.includes("persistent"),
  };
}

/** Lower case, but for the labels of ENUM and SET. */
function loweredType(type: string): string {
  const labels = type.indexOf("(");
  if (!/^(enum|set)\(/i.test(type)) return type.toLowerCase();
  return `${type.slice(0, labels).toLowerCase()}${type.slice(labels)}`;
}

/** MariaDB gives the default as SQL, and NULL for what has none said; MySQL gives the bare value. */
function defaultOf(row: Row, vendor: Vendor): string | null {
  const value = row[4] === null ? null : String(row[4]);
  if (value === null || vendor === "mariadb") return value === "NULL" ? null : value;
  const isExpression = String(row[5]).includes("DEFAULT_GENERATED") || /^b'[01]+'$/.test(value);
  return isExpression ? value : quoteString(value);
}
