/** What an entry of the replication log says: one committed change of a region, as JSON. */
import {
  array,
  boolean,
  type Infer,
  integer,
  nullable,
  number,
  object,
  optional,
  record,
  text,
  union,
} from "../base/shape.ts";
import { fingerprintShape } from "./calls/region.ts";
import { tableName } from "./model.ts";
import { resultShape } from "./values.ts";

/** What makes a statement repeat exactly; see `StatementContext` of the engine port. */
export const contextShape = object({
  timestampMicros: optional(integer(0)),
  insertId: optional(text()),
  lastInsertId: optional(text()),
  randSeed1: optional(integer(0)),
  randSeed2: optional(integer(0)),
  foreignKeyChecks: optional(boolean),
});

const statementShape = object({
  sql: text({ min: 1 }),
  context: contextShape,
  /** Rows changed at the primary, and so on every copy. */
  affected: number,
});

/** The last write of a client's session, so that sent again it is answered and not repeated. */
const answeredShape = object({
  session: text({ min: 1, max: 64 }),
  n: integer(1),
  result: resultShape,
});

/** How a schema change ended, as the primary saw it; every copy must see the same. */
const schemaOutcome = object({
  /** MySQL's error, where the rows did not allow the change. */
  errno: nullable(integer(1)),
  message: nullable(text()),
  sqlState: nullable(text()),
  /** The region's tables afterwards. */
  tables: array(object({ table: tableName, ddl: text(), schemaHash: text() })),
});

const MEMBERS = {
  /** Statements of one or more clients that were committed together. */
  change: {
    statements: array(statementShape),
    answered: array(answeredShape),
    /** Of the tables changed, as they are afterwards. */
    fingerprints: record(fingerprintShape),
    /** Milliseconds since 1970 at the primary. */
    at: number,
  },
  /** A schema change, decided before it is run: it cannot be undone, so it is never half agreed. */
  schema: {
    sql: text({ min: 1 }),
    context: contextShape,
    /** Hash of each table's definition before it, by which a copy knows whether it has run it. */
    before: record(text()),
    job: text(),
    at: number,
  },
  /** How the schema change just before it ended. */
  schema_done: {
    job: text(),
    outcome: schemaOutcome,
    fingerprints: record(fingerprintShape),
    at: number,
  },
} as const;

export const entryBodyShape = union("kind", MEMBERS);

export type EntryBody = Infer<typeof entryBodyShape>;
export type ChangeBody = Extract<EntryBody, { readonly kind: "change" }>;
export type SchemaBody = Extract<EntryBody, { readonly kind: "schema" }>;
export type SchemaDoneBody = Extract<EntryBody, { readonly kind: "schema_done" }>;
export type LoggedStatement = Infer<typeof statementShape>;
export type AnsweredWrite = Infer<typeof answeredShape>;
export type SchemaOutcome = Infer<typeof schemaOutcome>;
