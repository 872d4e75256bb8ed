/** Operations by which a statement can be run where not all of its tables are. */
import {
  array,
  boolean,
  type Infer,
  integer,
  nullable,
  object,
  oneOf,
  optional,
  text,
} from "../../base/shape.ts";
import type { CallSpec } from "../call.ts";
import { engineShape, regionName, rid, seq, tableName } from "../model.ts";
import { COLUMN_KINDS } from "../values.ts";
import { gatheredRegions, receiptShape } from "./region.ts";

/** MySQL's own limit on the columns of a table. */
const COLUMNS_MAX = 4096;
const INDEXES_MAX = 128;
const PIECES_MAX = 64;

const name = text({ max: 64 });
const columns = array(text({ min: 1, max: 64 }), COLUMNS_MAX);

/** What a table that stands in for another must know of it. */
export const originalShape = object({
  table: tableName,
  columns: array(
    object({
      name: text({ min: 1, max: 64 }),
      kind: oneOf(COLUMN_KINDS),
      type: text({ min: 1 }),
      nullable: boolean,
      collation: nullable(text()),
      invisible: boolean,
    }),
    COLUMNS_MAX,
  ),
  indexes: array(
    object({ name, unique: boolean, columns: array(name, COLUMNS_MAX), method: text() }),
    INDEXES_MAX,
  ),
  /** Of its whole definition. */
  hash: text({ pattern: /^[0-9a-f]{8}$/, words: "eight hexadecimal digits" }),
});

export type Original = Infer<typeof originalShape>;

export const GATHERING_CALLS = {
  originals: {
    to: "region",
    does: "Tells how tables of a region are defined, and what database this server has, for a " +
      "server that is to gather rows of them.",
    repeatable: true,
    request: object({ region: regionName, tables: array(tableName, PIECES_MAX) }),
    answer: object({ engine: engineShape, tables: array(originalShape) }),
  },
  contribute: {
    to: "region",
    does: "Sends rows of a region's tables, all of one moment and vouched for as by `query`, for " +
      "a statement that another server runs. Each begins with the number of its piece.",
    repeatable: true,
    request: object({
      region: regionName,
      read: oneOf(["fast", "voted", "latest"]),
      after: seq,
      pieces: array(
        object({
          table: tableName,
          /** The definition that the rest was made for; with another one it is refused. */
          hash: originalShape.fields.hash,
          columns,
          where: nullable(text({ min: 1 })),
        }),
        PIECES_MAX,
      ),
    }),
    answer: object({ receipt: receiptShape, rows: integer(0) }),
    rows: true,
  },
  planGather: {
    to: "region",
    does: "Tells what this server would gather for a query, and from where, without doing it.",
    repeatable: true,
    request: object({
      sql: text({ min: 1 }),
      /** The regions it has copies of. */
      regions: array(regionName, PIECES_MAX),
      gather: gatheredRegions,
      read: optional(oneOf(["fast", "voted", "recount", "latest"])),
    }),
    answer: object({
      pieces: array(object({
        region: regionName,
        rid,
        table: tableName,
        columns,
        where: nullable(text()),
      })),
      /** What may be gathered for one statement. */
      rowsMax: integer(1),
      bytesMax: integer(1),
    }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;
