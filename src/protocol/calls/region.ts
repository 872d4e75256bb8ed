/** Operations of a region server. */
import {
  array,
  integer,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
} from "../../base/shape.ts";
import type { CallSpec } from "../call.ts";
import { epoch, regionName, rid, seq, tableName } from "../model.ts";
import { resultShape } from "../values.ts";

export const READ_LEVELS = ["fast", "voted", "recount", "latest"] as const;

export const fingerprintShape = object({
  rows: integer(0),
  sum: text({ pattern: /^\d{1,20}$/, words: "a whole number as text" }),
  schema: text({ pattern: /^[0-9a-f]{8}$/, words: "eight hexadecimal digits" }),
});

/** What an answer stands on: where it was read, and who agreed with its content. */
export const receiptShape = object({
  region: regionName,
  epoch,
  seq,
  rid,
  fingerprint: optional(nullable(fingerprintShape)),
  agree: array(rid),
  dissent: array(rid),
  ms: number,
});

/** Orders carry the master's term; a server that has seen a newer one answers STALE_EPOCH. */
const ORDERS = {
  makeTable: {
    to: "region",
    does: "The master's order to make a table's copy; done twice, it changes nothing.",
    request: object({
      term: integer(0),
      region: regionName,
      table: tableName,
      ddl: text({ min: 1 }),
    }),
    answer: object({ incarnation: text({ min: 1, max: 64 }), schemaHash: text() }),
  },
  removeTable: {
    to: "region",
    does: "The master's order to remove a table's copy; done twice, it changes nothing.",
    request: object({ term: integer(0), region: regionName, table: tableName }),
    answer: object({}),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

export const REGION_CALLS = {
  ...ORDERS,
  query: {
    to: "region",
    does: "Runs one statement on a region's tables. Rows come first, then how it ended.",
    request: object({
      region: regionName,
      epoch,
      sql: text({ min: 1 }),
      tables: optional(array(tableName)),
      read: optional(oneOf(READ_LEVELS)),
      /** A read sees at least this position. */
      after: optional(seq),
      /** A write is done once, however often it is sent under the same session and number. */
      session: optional(text({ min: 1, max: 64 })),
      n: optional(integer(1)),
    }),
    answer: object({ result: resultShape, receipt: receiptShape }),
    rows: true,
  },
} as const satisfies Readonly<Record<string, CallSpec>>;
