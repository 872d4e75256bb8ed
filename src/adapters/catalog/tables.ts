/** The catalog's tables, as records see them. `init.sql` has these columns and more for people. */
import { type Infer, integer, json, object, text as textShape } from "../../base/shape.ts";
import type { ClusterEvent, RecordedEvent } from "../../protocol/events.ts";
import { recordedEvent } from "../../protocol/events.ts";
import {
  type Grant,
  grantShape,
  type JobRecord,
  jobShape,
  moment,
  type Placement,
  placementShape,
  type ServerRecord,
  serverShape,
  type TableRecord,
  tableShape,
  type UserRecord,
  userShape,
} from "../../protocol/model.ts";
import {
  type ColumnKind,
  type ColumnMap,
  jsonText,
  optionalJson,
  real,
  type RecordTable,
  text,
  whole,
} from "./record_table.ts";

/** Each field of a record with its column and kind. A field without a column does not compile. */
type FieldMap<T> = { readonly [F in keyof T]-?: readonly [column: string, kind: ColumnKind] };

/** The columns in the order of the fields; those of the key come first. */
function columns<T>(map: FieldMap<T>): readonly ColumnMap[] {
  const entries = Object.entries<readonly [string, ColumnKind]>(map);
  return entries.map(([field, [column, kind]]) => ({ column, field, kind }));
}

export const SERVERS: RecordTable<ServerRecord> = {
  name: "region_info",
  keyLength: 1,
  shape: serverShape,
  columns: columns<ServerRecord>({
    rid: ["rid", whole],
    identity: ["identity", text],
    host: ["host", text],
    port: ["port", whole],
    zone: ["zone", text],
    engine: ["engine", jsonText],
    status: ["status", text],
    load: ["load", jsonText],
    created: ["create_time_ms", real],
    lastSeen: ["last_seen_ms", real],
  }),
};

export const TABLES: RecordTable<TableRecord> = {
  name: "tables",
  keyLength: 1,
  shape: tableShape,
  columns: columns<TableRecord>({
    name: ["name", text],
    region: ["region", text],
    ddl: ["ddl", text],
    state: ["state", text],
    created: ["create_time_ms", real],
  }),
};

export const PLACEMENTS: RecordTable<Placement> = {
  name: "placements",
  keyLength: 2,
  shape: placementShape,
  columns: columns<Placement>({
    region: ["region", text],
    rid: ["rid", whole],
    since: ["since_ms", real],
  }),
};

export const JOBS: RecordTable<JobRecord> = {
  name: "jobs",
  keyLength: 1,
  shape: jobShape,
  columns: columns<JobRecord>({
    id: ["id", text],
    kind: ["kind", text],
    state: ["state", text],
    subject: ["subject", text],
    request: ["request", jsonText],
    progress: ["progress", jsonText],
    error: ["error", optionalJson],
    created: ["create_time_ms", real],
    updated: ["update_time_ms", real],
  }),
};

export const USERS: RecordTable<UserRecord> = {
  name: "users",
  keyLength: 1,
  shape: userShape,
  columns: columns<UserRecord>({
    name: ["name", text],
    secret: ["secret", text],
    created: ["create_time_ms", real],
  }),
};

export const GRANTS: RecordTable<Grant> = {
  name: "grants",
  keyLength: 3,
  shape: grantShape,
  columns: columns<Grant>({
    user: ["user", text],
    privilege: ["privilege", text],
    scope: ["scope", text],
  }),
};

const eventRowShape = object({ id: integer(1), at: moment, event: textShape(), details: json });

/** An event as it lies in its table: what happened apart from to whom, for people to filter. */
type EventRow = Infer<typeof eventRowShape>;

export const EVENTS: RecordTable<EventRow> = {
  name: "events",
  keyLength: 1,
  shape: eventRowShape,
  columns: columns<EventRow>({
    id: ["id", whole],
    at: ["at_ms", real],
    event: ["event", text],
    details: ["details", jsonText],
  }),
};

export function eventRow(id: number, at: number, what: ClusterEvent): EventRow {
  const { event, ...details } = what;
  return { id, at, event, details };
}

/** The event of a row, or null when this version cannot understand it. */
export function eventOf(row: EventRow): RecordedEvent | null {
  const details = row.details;
  if (typeof details !== "object" || details === null) return null;
  const recorded = { id: row.id, at: row.at, what: { ...details, event: row.event } };
  return recordedEvent.fits(recorded) ? recorded : null;
}

export const CONTROL_TABLE = "catalog_control";

const controlShape = object({
  version: integer(1),
  term: integer(0),
  nextRid: integer(1),
  nextEvent: integer(1),
});

/** The one row that every write locks: the schema's version, the highest term, what comes next. */
export type Control = Infer<typeof controlShape>;

export const CONTROL: RecordTable<Control> = {
  name: CONTROL_TABLE,
  keyLength: 0,
  shape: controlShape,
  columns: columns<Control>({
    version: ["version", whole],
    term: ["term", whole],
    nextRid: ["next_rid", whole],
    nextEvent: ["next_event", whole],
  }),
};

/** Every table of records, for making and checking the schema. */
export const RECORD_TABLES: readonly RecordTable<unknown>[] = [
  SERVERS,
  TABLES,
  PLACEMENTS,
  JOBS,
  EVENTS,
  USERS,
  GRANTS,
] as readonly RecordTable<unknown>[];
