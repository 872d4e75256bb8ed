/** Operations of the active master. A standby answers them with NOT_MASTER and where to go. */
import {
  array,
  boolean,
  integer,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
} from "../../base/shape.ts";
import type { CallSpec } from "../call.ts";
import { clusterEvent, recordedEvent } from "../events.ts";
import { fingerprintShape } from "./region.ts";
import {
  availability,
  candidateMasterShape,
  COPIES_MAX,
  engineShape,
  epoch,
  host,
  identity,
  jobShape,
  loadShape,
  moment,
  port,
  regionName,
  regionStateShape,
  rid,
  routeShape,
  seq,
  serverShape,
  tableName,
  verdictShape,
} from "../model.ts";

const term = integer(0);
const incarnation = text({ min: 1, max: 64 });
/** Tables asked for at once; a client with more asks in parts. */
const TABLES_MAX = 1000;

const REGISTRATION = {
  register: {
    to: "master",
    does: "A region server joins, or comes back under its identity, and gets its rid.",
    repeatable: true,
    request: object({
      identity,
      host,
      port,
      zone: text({ max: 64 }),
      engine: engineShape,
      incarnation,
    }),
    answer: object({ rid, term, heartbeatMs: integer(1), silenceMs: integer(1) }),
  },
  heartbeat: {
    to: "master",
    does: "A region server lives, with its load since the last one and the state of its engine.",
    repeatable: true,
    request: object({
      rid,
      incarnation,
      load: loadShape,
      engine: oneOf(["ok", "lost"]),
      reason: optional(text({ max: 1024 })),
      /** What has happened on the server since the last one. */
      events: optional(array(object({ at: moment, event: clusterEvent }), 1000)),
    }),
    answer: object({ term }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

const ROUTING = {
  locate: {
    to: "master",
    does: "Tells where tables are read and written now.",
    repeatable: true,
    request: object({ tables: array(tableName, TABLES_MAX) }),
    answer: object({ routes: array(routeShape), term }),
  },
  subscribe: {
    to: "master",
    does: "Tells at once, and from then on, how routes of these tables change.",
    request: object({ tables: array(tableName, TABLES_MAX) }),
    answer: object({}),
    event: object({ routes: array(routeShape), gone: array(tableName) }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

const TABLES = {
  createTable: {
    to: "master",
    does: "Creates a table on as many servers as asked for; a job that the next master finishes.",
    request: object({
      table: tableName,
      ddl: text({ min: 1 }),
      replicas: optional(integer(1, COPIES_MAX)),
      /** The table whose region it must join, for a foreign key. */
      beside: optional(tableName),
      ifNotExists: optional(boolean),
    }),
    answer: object({ job: nullable(text()), region: regionName, replicas: array(rid) }),
  },
  dropTable: {
    to: "master",
    does: "Drops a table everywhere; a job that the next master finishes.",
    request: object({ table: tableName, ifExists: optional(boolean) }),
    answer: object({ job: nullable(text()) }),
  },
  alterTable: {
    to: "master",
    does: "Changes a table's schema, name or indexes on all copies; a job, done once.",
    request: object({ table: tableName, sql: text({ min: 1 }) }),
    answer: object({ job: text() }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

const VIEWS = {
  meta: {
    to: "master",
    does: "Lists all tables with their state.",
    repeatable: true,
    request: object({}),
    answer: object({
      tables: array(object({
        name: tableName,
        region: regionName,
        state: availability,
        replicas: array(rid),
        inSync: array(rid),
        created: moment,
      })),
    }),
  },
  servers: {
    to: "master",
    does: "Lists all region servers known.",
    repeatable: true,
    request: object({}),
    answer: object({ servers: array(serverShape) }),
  },
  masters: {
    to: "master",
    does: "Lists all masters: the one that leads, then those that stand by, in their order.",
    repeatable: true,
    request: object({}),
    answer: object({
      masters: array(object({
        ...candidateMasterShape.fields,
        /** Of the one that leads. */
        term: nullable(term),
        since: nullable(moment),
      })),
    }),
  },
  regions: {
    to: "master",
    does: "Lists all regions with epoch, primary and in-sync set.",
    repeatable: true,
    request: object({}),
    answer: object({
      regions: array(object({ ...regionStateShape.fields, tables: array(tableName) })),
    }),
  },
  events: {
    to: "master",
    does: "Lists what happened in the cluster, newest last.",
    repeatable: true,
    request: object({ after: optional(integer(0)), limit: optional(integer(1, 1000)) }),
    answer: object({ events: array(recordedEvent) }),
  },
  jobs: {
    to: "master",
    does: "Lists long operations, running ones first.",
    repeatable: true,
    request: object({}),
    answer: object({ jobs: array(jobShape) }),
  },
  status: {
    to: "master",
    does: "Gives the verdict on the whole cluster, in a code and one sentence.",
    repeatable: true,
    request: object({}),
    answer: object({
      verdict: verdictShape,
      cluster: text(),
      /** Of the program that the master runs. */
      version: text(),
      master: object({ id: text(), host, port, term, since: moment }),
      masters: integer(0),
      servers: object({ online: integer(0), known: integer(0) }),
      tables: integer(0),
      catalog: oneOf(["ok", "lost"]),
      epochMax: epoch,
      uptimeMs: number,
    }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

/** What is ordered goes on by itself; `jobs` tells how far it is. */
const PLACING = {
  moveRegion: {
    to: "master",
    does: "Moves a copy of a region to another server, as a job. Reads go on; writes pause for " +
      "the hand-over where the primary moves.",
    request: object({
      /** One of the two. */
      region: optional(regionName),
      table: optional(tableName),
      /** The busiest of those that hold it where absent. */
      from: optional(rid),
      /** The server that suits best where absent. */
      to: optional(rid),
      /** Only the primary's role moves, to a server that holds the region too. */
      role: optional(boolean),
    }),
    answer: object({ job: text(), region: regionName, from: rid, to: rid }),
  },
  drain: {
    to: "master",
    does:
      "Moves all regions away from a server, one by one, and lets none come; or takes that back.",
    repeatable: true,
    request: object({ rid, undo: optional(boolean) }),
    answer: object({
      /** Null where nothing is to be moved. */
      job: nullable(text()),
      /** Regions it holds now. */
      regions: integer(0),
    }),
  },
  cancelJob: {
    to: "master",
    does: "Takes back a move, a new copy or a drain that is under way.",
    repeatable: true,
    request: object({ job: text({ min: 1, max: 64 }) }),
    answer: object({ state: jobShape.fields.state }),
  },
  verifyTables: {
    to: "master",
    does: "Has every copy of a table, or of all tables, recount its rows, and compares them all.",
    repeatable: true,
    request: object({ table: optional(tableName) }),
    answer: object({
      tables: array(object({
        table: tableName,
        region: regionName,
        copies: array(object({
          rid,
          verdict: oneOf(["agrees", "differs", "behind", "unreachable"]),
          /** In a few words, where it does not agree. */
          why: nullable(text()),
          /** Counted, where it could be. */
          rows: nullable(integer(0)),
          kept: nullable(fingerprintShape),
          counted: nullable(fingerprintShape),
          /** The position it was counted at. */
          seq: nullable(seq),
          ms: nullable(number),
        })),
      })),
    }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

const CONTROL = {
  stepDown: {
    to: "master",
    does: "Hands the mastership to the next standby at once.",
    request: object({}),
    answer: object({ term }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

export const MASTER_CALLS = {
  ...REGISTRATION,
  ...ROUTING,
  ...TABLES,
  ...VIEWS,
  ...PLACING,
  ...CONTROL,
} as const;
