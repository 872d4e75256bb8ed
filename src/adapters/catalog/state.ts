/** What a new master reads: the queries, and the state that their rows make. Pure. */
import type { CatalogState, EventQuery } from "../../ports/catalog.ts";
import type { RecordedEvent } from "../../protocol/events.ts";
import type { JobRecord } from "../../protocol/model.ts";
import { readRows, type RecordTable, type SqlRow } from "./record_table.ts";
import { selectSql, type Statement } from "./statements.ts";
import {
  CONTROL,
  eventOf,
  EVENTS,
  GRANTS,
  JOBS,
  PLACEMENTS,
  SERVERS,
  TABLES,
  USERS,
} from "./tables.ts";
import { readControl } from "./write_plan.ts";

/** Of the jobs that have ended, so many are read: for people who ask what became of theirs. */
export const ENDED_JOBS_MAX = 100;

type StatePart =
  | "control"
  | "servers"
  | "tables"
  | "placements"
  | "runningJobs"
  | "endedJobs"
  | "users"
  | "grants";

/** The rows of each query. */
export type StateRows = Readonly<Record<StatePart, readonly SqlRow[]>>;

/** To be run in one snapshot. */
export function stateQueries(textAs: "text" | "bytes"): Readonly<Record<StatePart, string>> {
  return {
    control: selectSql(CONTROL, "WHERE `id` = 1", textAs),
    servers: selectSql(SERVERS, byKey(SERVERS), textAs),
    tables: selectSql(TABLES, byKey(TABLES), textAs),
    placements: selectSql(PLACEMENTS, byKey(PLACEMENTS), textAs),
    runningJobs: selectSql(JOBS, `WHERE \`state\` = 'running' ${byKey(JOBS)}`, textAs),
    endedJobs: selectSql(
      JOBS,
      "WHERE `state` <> 'running' ORDER BY `update_time_ms` DESC, `id` DESC " +
        `LIMIT ${ENDED_JOBS_MAX}`,
      textAs,
    ),
    users: selectSql(USERS, byKey(USERS), textAs),
    grants: selectSql(GRANTS, byKey(GRANTS), textAs),
  };
}

function byKey<T>(table: RecordTable<T>): string {
  const columns = table.columns.slice(0, table.keyLength);
  return `ORDER BY ${columns.map(({ column }) => `\`${column}\``).join(", ")}`;
}

/** The state; raises what `readControl` raises. */
export function stateOf(doing: string, rows: StateRows): CatalogState {
  const control = readControl(doing, rows.control);
  const servers = readRows(SERVERS, rows.servers);
  const tables = readRows(TABLES, rows.tables);
  const placements = readRows(PLACEMENTS, rows.placements);
  const jobs = readRows(JOBS, [...rows.runningJobs, ...rows.endedJobs]);
  const users = readRows(USERS, rows.users);
  const grants = readRows(GRANTS, rows.grants);
  return {
    term: control.term,
    servers: servers.records,
    tables: tables.records,
    placements: placements.records,
    jobs: jobs.records.toSorted(byCreation),
    users: users.records,
    grants: grants.records,
    faults: [servers, tables, placements, jobs, users, grants].flatMap(({ faults }) => faults),
  };
}

function byCreation(a: JobRecord, b: JobRecord): number {
  return a.created - b.created || (a.id < b.id ? -1 : 1);
}

/** The newest events first. */
export function eventsQuery({ after, limit }: EventQuery, textAs: "text" | "bytes"): Statement {
  return {
    sql: selectSql(EVENTS, "WHERE `id` > ? ORDER BY `id` DESC LIMIT ?", textAs),
    values: [after, limit],
  };
}

/** The events of that query's rows, in rising order. */
export function eventsOf(rows: readonly SqlRow[]): readonly RecordedEvent[] {
  return readRows(EVENTS, rows).records.toReversed().flatMap((row) => eventOf(row) ?? []);
}
