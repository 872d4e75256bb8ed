/** What a write does to the catalog: refused by its term, or a list of statements. Pure. */
import { invariant, unreachable } from "../../base/assert.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { clusterEvent } from "../../protocol/events.ts";
import type { CatalogChange } from "../../ports/catalog.ts";
import {
  keyOf,
  readRows,
  type RecordTable,
  rowOf,
  type Scalar,
  type SqlRow,
} from "./record_table.ts";
import { checkVersion } from "./schema.ts";
import {
  deleteStatements,
  putStatements,
  type Statement,
  type StatementLimits,
} from "./statements.ts";
import {
  CONTROL,
  type Control,
  CONTROL_TABLE,
  eventRow,
  EVENTS,
  GRANTS,
  JOBS,
  PLACEMENTS,
  SERVERS,
  TABLES,
  USERS,
} from "./tables.ts";

/** The control row, or the reason why nobody may use this catalog. */
export function readControl(doing: string, rows: readonly SqlRow[]): Control {
  if (rows.length === 0) {
    throw new MinisqlError(
      "UNAVAILABLE",
      `Cannot ${doing}: ${CONTROL_TABLE} is empty; run init.sql, which puts its row back`,
    );
  }
  const { records: [control], faults: [fault] } = readRows(CONTROL, rows);
  if (control === undefined) {
    const reason = fault?.reason ?? "it cannot be read";
    throw new MinisqlError("UNAVAILABLE", `Cannot ${doing}: in ${CONTROL_TABLE} ${reason}`);
  }
  checkVersion(doing, control.version);
  return control;
}

/** The control row as a master of this term leaves it, or `STALE_EPOCH` when it is deposed. */
export function fence(doing: string, control: Control, term: number): Control {
  if (control.term > term) {
    throw new MinisqlError(
      "STALE_EPOCH",
      `Cannot ${doing} as master of term ${term}: term ${control.term} has taken over`,
    );
  }
  return { ...control, term };
}

/** The control row after a server number was drawn: the number is the one before. */
export function drawRid(doing: string, control: Control): Control {
  if (control.nextRid === Number.MAX_SAFE_INTEGER) {
    throw new MinisqlError("UNSUPPORTED", `Cannot ${doing}: all server numbers have been given`);
  }
  return { ...control, nextRid: control.nextRid + 1 };
}

/** Statements that turn one control row into the other: none where they are alike. */
export function controlStatements(before: Control, after: Control): readonly Statement[] {
  const same = before.term === after.term && before.nextRid === after.nextRid &&
    before.nextEvent === after.nextEvent;
  return same ? [] : [{
    sql: `UPDATE \`${CONTROL_TABLE}\` SET \`term\` = ?, \`next_rid\` = ?, \`next_event\` = ? ` +
      "WHERE `id` = 1",
    values: [after.term, after.nextRid, after.nextEvent],
  }];
}

export interface WritePlan {
  readonly statements: readonly Statement[];
  readonly control: Control;
}

/** The statements that make the changes, as few as the limits allow, and the control row after. */
export function planChanges(
  control: Control,
  changes: readonly CatalogChange[],
  limits: StatementLimits,
): WritePlan {
  const records = new NetChanges();
  const events = new EventPlan(control.nextEvent, limits);
  let nextRid = control.nextRid;
  for (const change of changes) {
    if (change.change === "event.add") events.add(change);
    else if (change.change === "event.prune") events.prune(change.keep);
    else records.take(change);
    if (change.change === "server.put") nextRid = Math.max(nextRid, ridAfter(change.server.rid));
  }
  return {
    statements: [...records.statements(limits), ...events.statements()],
    control: { ...control, nextRid, nextEvent: events.nextId },
  };
}

function ridAfter(rid: number): number {
  return Math.min(rid + 1, Number.MAX_SAFE_INTEGER);
}

type EventAdd = Extract<CatalogChange, { change: "event.add" }>;
type RecordChange = Exclude<CatalogChange, { change: "event.add" | "event.prune" }>;

/** The last change to each key: no two keys depend on each other, so the rest need not be made. */
class NetChanges {
  readonly #tables = new Map<RecordTable<unknown>, Map<string, NetChange>>();

  take(change: RecordChange): void {
    switch (change.change) {
      case "server.put":
        return this.#put(SERVERS, change.server);
      case "server.delete":
        return this.#delete(SERVERS, { rid: change.rid });
      case "table.put":
        return this.#put(TABLES, change.table);
      case "table.delete":
        return this.#delete(TABLES, { name: change.name });
      case "placement.put":
        return this.#put(PLACEMENTS, change.placement);
      case "placement.delete":
        return this.#delete(PLACEMENTS, { region: change.region, rid: change.rid });
      case "job.put":
        return this.#put(JOBS, change.job);
      case "job.delete":
        return this.#delete(JOBS, { id: change.id });
      case "user.put":
        return this.#put(USERS, change.user);
      case "user.delete":
        return this.#delete(USERS, { name: change.name });
      case "grant.put":
        return this.#put(GRANTS, change.grant);
      case "grant.delete":
        return this.#delete(GRANTS, change.grant);
      default:
        return unreachable(change);
    }
  }

  statements(limits: StatementLimits): readonly Statement[] {
    return [...this.#tables].flatMap(([table, changes]) => {
      const all = [...changes.values()];
      const puts = all.flatMap(({ row }) => row === null ? [] : [row]);
      const deletes = all.flatMap(({ key, row }) => row === null ? [key] : []);
      return [
        ...deleteStatements(table, deletes, limits),
        ...putStatements(table, puts, limits),
      ];
    });
  }

  #put<T>(table: RecordTable<T>, record: T): void {
    const row = rowOf(table, record);
    this.#set(table, row.slice(0, table.keyLength), row);
  }

  #delete<T>(table: RecordTable<T>, key: Partial<T>): void {
    this.#set(table, keyOf(table, key), null);
  }

  #set<T>(table: RecordTable<T>, key: readonly Scalar[], row: readonly Scalar[] | null): void {
    const changes = this.#tables.get(table as RecordTable<unknown>) ?? new Map();
    this.#tables.set(table as RecordTable<unknown>, changes);
    changes.set(JSON.stringify(key), { key, row });
  }
}

interface NetChange {
  readonly key: readonly Scalar[];
  /** Null for a delete. */
  readonly row: readonly Scalar[] | null;
}

/** Events are numbered by the control row, which the write holds: no gaps, alike anywhere. */
class EventPlan {
  nextId: number;
  readonly #limits: StatementLimits;
  readonly #done: Statement[] = [];
  #rows: (readonly Scalar[])[] = [];

  constructor(nextId: number, limits: StatementLimits) {
    this.nextId = nextId;
    this.#limits = limits;
  }

  add({ at, event }: EventAdd): void {
    invariant(clusterEvent.fits(event), `Cannot record an event: ${clusterEvent.fault(event, "")}`);
    this.#rows.push(rowOf(EVENTS, eventRow(this.nextId++, at, event)));
  }

  prune(keep: number): void {
    this.#flush();
    this.#done.push({
      sql: `DELETE FROM \`${EVENTS.name}\` WHERE \`id\` < ?`,
      values: [this.nextId - keep],
    });
  }

  statements(): readonly Statement[] {
    this.#flush();
    return this.#done;
  }

  #flush(): void {
    this.#done.push(...putStatements(EVENTS, this.#rows, this.#limits));
    this.#rows = [];
  }
}
