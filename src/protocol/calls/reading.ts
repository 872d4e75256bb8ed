/** Operations between the replicas of a region that reads stand on, beside `vote`. */
import { array, boolean, integer, nullable, object, text } from "../../base/shape.ts";
import type { CallSpec } from "../call.ts";
import { epoch, regionName, rid, seq, tableName } from "../model.ts";
import { fingerprintShape } from "./region.ts";

const TABLES_MAX = 64;

export const READING_CALLS = {
  tally: {
    to: "region",
    does: "Runs a query on this copy too and tells what its rows add up to, and what the tables " +
      "held that it was run on.",
    repeatable: true,
    request: object({
      /** The regions read, and from each the tables that are; not below the position. */
      parts: array(
        object({ region: regionName, epoch, seq, tables: array(tableName, TABLES_MAX) }),
      ),
      sql: text({ min: 1 }),
      /** Rows count in the order they come; else they are a bag. */
      ordered: boolean,
    }),
    answer: object({
      rid,
      /** Of the tables of each part in turn; null for one this copy does not serve. */
      fingerprints: array(array(nullable(fingerprintShape))),
      rows: integer(0),
      /** Sum of the rows' checksums, as that of a table's. */
      sum: text({ pattern: /^\d{1,20}$/, words: "a whole number as text" }),
    }),
  },
  challenge: {
    to: "region",
    does: "Tells a copy that it was outvoted, so that it looks at itself at once.",
    repeatable: true,
    request: object({ region: regionName, epoch, tables: array(tableName, TABLES_MAX) }),
    answer: object({}),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;
