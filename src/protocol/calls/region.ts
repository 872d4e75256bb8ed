/** Operations of a region server that clients call: statements, transactions, and looks at copies. */
import {
  array,
  boolean,
  type Infer,
  integer,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
} from "../../base/shape.ts";
import type { CallSpec } from "../call.ts";
import { COPIES_MAX, epoch, moment, regionName, rid, seq, tableName } from "../model.ts";
import { resultShape } from "../values.ts";

export const READ_LEVELS = ["fast", "voted", "recount", "latest"] as const;

export type ReadLevel = (typeof READ_LEVELS)[number];

export const fingerprintShape = object({
  rows: integer(0),
  sum: text({ pattern: /^\d{1,20}$/, words: "a whole number as text" }),
  schema: text({ pattern: /^[0-9a-f]{8}$/, words: "eight hexadecimal digits" }),
});

/** Rows of one table that were brought to where the statement ran, and what they were chosen by. */
export const gatheredTableShape = object({
  table: tableName,
  rows: integer(0),
  /** A condition that the statement has on this table alone; null where any row may be needed. */
  where: nullable(text()),
});

/** What an answer stands on: where it was read, and who agreed with its content. */
export const receiptShape = object({
  region: regionName,
  epoch,
  /** The position read at, or that of the write. */
  seq,
  rid,
  /** Of the one table read; null or absent where there were several, or none. */
  fingerprint: optional(nullable(fingerprintShape)),
  /** Copies that hold the same, the one that answered included. */
  agree: array(rid),
  dissent: array(rid),
  ms: number,
  /** Where the read's other regions were read at, in a query on tables of several. */
  also: optional(array(object({
    region: regionName,
    epoch,
    seq,
    /** Where its rows were gathered from another server: from which, and who agreed with those. */
    gathered: optional(object({
      rid,
      agree: array(rid),
      dissent: array(rid),
      tables: array(gatheredTableShape),
    })),
  }))),
});

export type Receipt = Infer<typeof receiptShape>;

const session = text({ min: 1, max: 64 });
const transaction = text({ min: 1, max: 64 });
const lastInsertId = text({ pattern: /^\d{1,20}$/, words: "a whole number as text" });
/** Regions that one read may name beside its first. */
const REGIONS_MAX = 63;
const TABLES_MAX = 64;

/** A region that the server asked has no copy of, and who has, those to be asked first in front. */
export const gatheredRegionShape = object({
  region: regionName,
  after: seq,
  /** Those of its tables that the statement names. */
  tables: array(tableName, TABLES_MAX),
  servers: array(rid, COPIES_MAX),
});

export type GatheredRegion = Infer<typeof gatheredRegionShape>;

export const gatheredRegions = array(gatheredRegionShape, REGIONS_MAX);

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
  changeTable: {
    to: "region",
    does: "The master's order to the primary to change a schema on all copies; once for each job.",
    request: object({
      term: integer(0),
      region: regionName,
      job: text({ min: 1, max: 64 }),
      sql: text({ min: 1 }),
    }),
    answer: object({
      /** The region's tables afterwards, as SHOW CREATE TABLE gives them. */
      tables: array(object({ table: tableName, ddl: text(), schemaHash: text() })),
    }),
  },
  handOver: {
    to: "region",
    does: "The master's order to the primary to give its role to another replica in sync.",
    request: object({ term: integer(0), region: regionName, to: rid }),
    answer: object({ epoch, pauseMs: number }),
  },
  verify: {
    to: "region",
    does: "Recomputes a copy's fingerprints from its rows, and tells both them and the kept ones.",
    request: object({ region: regionName, table: optional(tableName) }),
    answer: object({
      rid,
      epoch,
      seq,
      copies: array(object({
        table: tableName,
        kept: fingerprintShape,
        counted: fingerprintShape,
        ms: number,
      })),
    }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

const STATEMENTS = {
  query: {
    to: "region",
    does: "Runs one statement on a region's tables. Rows come first, then how it ended.",
    request: object({
      region: regionName,
      epoch,
      sql: text({ min: 1 }),
      read: optional(oneOf(READ_LEVELS)),
      /** A read sees at least this position. */
      after: optional(seq),
      /** The other regions whose tables a read names, each with its least position. */
      also: optional(array(object({ region: regionName, epoch, after: seq }), REGIONS_MAX)),
      /** And those whose rows must be gathered from other servers. */
      gather: optional(gatheredRegions),
      /** A write is done once, however often it is sent under the same session and number. */
      session: optional(session),
      n: optional(integer(1)),
      /** The open transaction it belongs to. */
      transaction: optional(transaction),
      foreignKeyChecks: optional(boolean),
      /** What LAST_INSERT_ID() says in it. */
      lastInsertId: optional(lastInsertId),
    }),
    answer: object({ result: resultShape, receipt: receiptShape }),
    rows: true,
  },
  evaluate: {
    to: "region",
    does: "Runs a query that names no table, such as SELECT 1 or SHOW VARIABLES, on the server's " +
      "own engine. It needs no region.",
    request: object({ sql: text({ min: 1 }), lastInsertId: optional(lastInsertId) }),
    answer: object({ result: resultShape }),
    rows: true,
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

/** All on the primary. A transaction ends with its time limits, its link, or the primary's office. */
const TRANSACTIONS = {
  begin: {
    to: "region",
    does: "Opens a transaction on the region's tables; it ends by itself when idle for too long.",
    request: object({
      region: regionName,
      epoch,
      readOnly: optional(boolean),
      foreignKeyChecks: optional(boolean),
    }),
    answer: object({ transaction, seq }),
  },
  savepoint: {
    to: "region",
    does: "Sets a savepoint, goes back to one, or forgets it.",
    request: object({
      region: regionName,
      transaction,
      step: oneOf(["set", "back", "release"]),
      name: text({ min: 1, max: 64 }),
    }),
    answer: object({}),
  },
  commit: {
    to: "region",
    does: "Commits a transaction, once, however often it is sent under one session and number.",
    request: object({ region: regionName, epoch, transaction, session, n: integer(1) }),
    answer: object({ receipt: receiptShape }),
  },
  rollback: {
    to: "region",
    does: "Undoes a transaction; one that is not known any more is undone already.",
    repeatable: true,
    request: object({ region: regionName, transaction }),
    answer: object({}),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

export const REPLICA_ROLES = ["primary", "slave", "joining", "syncing", "stopped"] as const;

const LOOKS = {
  replicas: {
    to: "region",
    does: "Lists this server's replicas: role, position, lag, and when each was last verified.",
    repeatable: true,
    request: object({ region: optional(regionName) }),
    answer: object({
      rid: nullable(rid),
      replicas: array(object({
        region: regionName,
        role: oneOf(REPLICA_ROLES),
        epoch,
        /** Where its log ends, how far it is committed, and how far applied. */
        last: seq,
        committed: seq,
        applied: seq,
        inSync: array(rid),
        /** Why it does not serve; null where it does. */
        trouble: nullable(text()),
        progress: nullable(object({ done: integer(0), of: integer(0), what: text() })),
        tables: array(object({
          table: tableName,
          fingerprint: nullable(fingerprintShape),
          verifiedAt: nullable(moment),
        })),
      })),
    }),
  },
  entries: {
    to: "region",
    does: "Reads a region's replication log, oldest first, as far as it is still kept.",
    repeatable: true,
    request: object({
      region: regionName,
      /** From this position; of the last `limit` entries where absent. */
      from: optional(seq),
      limit: integer(1, 1000),
    }),
    answer: object({
      first: seq,
      committed: seq,
      entries: array(object({ epoch, seq, body: text() })),
    }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

export const REGION_CALLS = {
  ...ORDERS,
  ...STATEMENTS,
  ...TRANSACTIONS,
  ...LOOKS,
} as const;
