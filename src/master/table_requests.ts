/** CREATE, DROP and ALTER as clients ask for them: checked, recorded as a job, and waited for. */
import { orAborted } from "../base/abort.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { CallContext } from "../protocol/handlers.ts";
import type { CatalogChange } from "../ports/catalog.ts";
import { MinisqlError, sqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { JobRecord, Placement, TableRecord } from "../protocol/model.ts";
import { readAlter, resolveRenames } from "./alter_request.ts";
import type { AlterRequest } from "./alter_work.ts";
import { candidatesOf } from "./candidates.ts";
import { readCreate } from "./create_request.ts";
import type { CreateRequest } from "./create_work.ts";
import { place } from "./placement.ts";
import type { Reign } from "./reign.ts";
import { isReserved, workOn } from "./table_locks.ts";

export interface TableRequestDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Copies of a table that does not say how many. */
const COPIES = 3;
/** Of a random id; region names stay readable and do not repeat. */
const NAME_DIGITS = 12;

type Home = Pick<CreateRequest, "region" | "replicas" | "copies" | "joins">;

export async function createTable(
  reign: Reign,
  request: Request<"createTable">,
  deps: TableRequestDeps,
  context: CallContext,
): Promise<Answer<"createTable">> {
  const { view, jobs } = reign;
  const { table, ddl } = request;
  const demand = readCreate(ddl);
  if (demand.table !== table) {
    const why = `Cannot create ${table}: the DDL creates ${demand.table}`;
    throw new MinisqlError("BAD_REQUEST", why);
  }
  const there = view.table(table);
  if (there !== null) return existing(reign, there, request.ifNotExists ?? false);
  if (isReserved(view, table)) throw busy(table, "another table is being renamed to it");
  const home = findHome(reign, request, demand.refersTo, deps);
  const { region, replicas } = home;
  const created = Math.floor(deps.clock.wallMicros() / 1000);
  const record: TableRecord = { name: table, region, ddl, state: "creating", created };
  const placements: Placement[] = home.joins !== null
    ? []
    : replicas.map((rid) => ({ region, rid, since: created }));
  const asked: CreateRequest = { table, ddl, ...home };
  const job = await jobs.record({ kind: "create_table", subject: table, request: asked }, {
    changes: [
      { change: "table.put", table: record },
      ...placements.map((placement): CatalogChange => ({ change: "placement.put", placement })),
    ],
    take: () => {
      view.putTable(record);
      for (const placement of placements) view.putPlacement(placement);
    },
    giveBack: () => {
      view.dropTable(table);
      for (const { rid } of placements) view.dropPlacement(region, rid);
    },
  });
  await finish(reign, job, context.signal);
  return { job: job.id, region, replicas: view.region(region)?.state.replicas ?? replicas };
}

export async function dropTable(
  reign: Reign,
  { table, ifExists = false }: Request<"dropTable">,
  context: CallContext,
): Promise<Answer<"dropTable">> {
  const { view, jobs } = reign;
  const there = view.table(table);
  if (there === null) {
    if (ifExists) return { job: null };
    throw new MinisqlError("NO_SUCH_TABLE", `Unknown table '${table}'`, {
      errno: 1051,
      sqlState: "42S02",
    });
  }
  refuseWorkedOn(reign, there);
  refuseReferenced(reign, there);
  const dropping: TableRecord = { ...there, state: "dropping" };
  const request = { table, region: there.region };
  const job = await jobs.record({ kind: "drop_table", subject: table, request }, {
    changes: [{ change: "table.put", table: dropping }],
    take: () => view.putTable(dropping),
    giveBack: () => view.putTable(there),
  });
  await finish(reign, job, context.signal);
  return { job: job.id };
}

export async function alterTable(
  reign: Reign,
  { table, sql }: Request<"alterTable">,
  context: CallContext,
): Promise<Answer<"alterTable">> {
  const { view, jobs } = reign;
  const demand = readAlter(sql);
  if (demand.tables[0] !== table) {
    const why = `Cannot alter ${table}: the statement is on ${demand.tables[0]}`;
    throw new MinisqlError("BAD_REQUEST", why);
  }
  const regions = new Set<string>();
  for (const name of demand.tables) {
    const there = view.table(name);
    if (there === null) throw sqlError(1146, "42S02", `Table '${name}' doesn't exist`);
    refuseWorkedOn(reign, there);
    refuseUnready(there);
    regions.add(there.region);
  }
  const [region = "", ...others] = regions;
  if (others.length > 0) {
    const why = `Cannot rename ${demand.tables.join(" and ")} in one statement: they live in ` +
      `different regions; rename them one by one`;
    throw new MinisqlError("UNSUPPORTED", why);
  }
  const names = resolveRenames(demand.renames, (name) => view.table(name) !== null);
  for (const { to } of demand.renames) {
    if (isReserved(view, to)) throw busy(to, "another table is being renamed to it");
  }
  refuseFarRelatives(reign, table, region, demand.refersTo);
  const renames = [...names].map(([from, to]) => ({ from, to }));
  const request: AlterRequest = { tables: demand.tables, region, sql, renames };
  const nothing = { changes: [], take: () => {}, giveBack: () => {} };
  const job = await jobs.record({ kind: "alter_table", subject: table, request }, nothing);
  await finish(reign, job, context.signal);
  return { job: job.id };
}

function existing(reign: Reign, there: TableRecord, ifNotExists: boolean): Answer<"createTable"> {
  refuseUnready(there);
  if (!ifNotExists) {
    throw new MinisqlError("TABLE_EXISTS", `Table '${there.name}' already exists`, {
      errno: 1050,
      sqlState: "42S01",
    });
  }
  const replicas = reign.view.region(there.region)?.state.replicas ?? [];
  return { job: null, region: there.region, replicas };
}

/** Where the table goes: beside those it refers to, or in a region of its own. */
function findHome(
  reign: Reign,
  request: Request<"createTable">,
  refersTo: readonly string[],
  deps: TableRequestDeps,
): Home {
  const relatives = [...refersTo, ...(request.beside === undefined ? [] : [request.beside])];
  if (relatives.length > 0) return homeBeside(reign, request.table, relatives);
  const { view } = reign;
  const copies = request.replicas ?? COPIES;
  const { rids, refused } = place(candidatesOf(view), copies);
  for (const { rid, why } of refused) {
    const message = `Server ${rid} gets no copy of ${request.table}: its ${why}`;
    reign.meta.note(message);
  }
  if (rids.length === 0) {
    const known = view.servers.length;
    const why = `Cannot create ${request.table}: no region server is online (${known} known)`;
    throw new MinisqlError("UNAVAILABLE", why);
  }
  if (request.replicas !== undefined && rids.length < request.replicas) {
    const why = `Cannot keep ${request.replicas} copies of ${request.table}: ` +
      `only ${rids.length} servers are online and alike; ask for fewer, or for none to take all`;
    throw new MinisqlError("UNAVAILABLE", why);
  }
  const region = `r${deps.random.id().slice(0, NAME_DIGITS)}`;
  return { region, replicas: rids, copies, joins: null };
}

function homeBeside(reign: Reign, table: string, relatives: readonly string[]): Home {
  const regions = new Set<string>();
  for (const relative of relatives) {
    const there = reign.view.table(relative);
    if (there === null) {
      throw noReferenced(relative);
    }
    // One that is being dropped may take its region with it.
    refuseUnready(there);
    regions.add(there.region);
  }
  const [region, ...others] = regions;
  if (region === undefined || others.length > 0) {
    const why = `Cannot create ${table}: ${relatives.join(" and ")} live in different regions`;
    throw new MinisqlError("UNSUPPORTED", why);
  }
  const state = reign.view.region(region)?.state;
  if (state === undefined) {
    throw new MinisqlError("UNAVAILABLE", `Cannot create ${table}: region ${region} is not known`);
  }
  const { replicas, copies = replicas.length, epoch } = state;
  return { region, replicas, copies, joins: epoch };
}

/** Each copy would refuse, one after the other; better all at once, before anything is begun. */
function refuseReferenced({ view }: Reign, { name, region }: TableRecord): void {
  for (const other of view.tablesOf(region)) {
    const ddl = other === name ? "" : view.table(other)?.ddl ?? "";
    if (!refersTo(ddl).includes(name)) continue;
    const why = `Cannot drop table '${name}' referenced by a foreign key constraint ` +
      `on table '${other}'`;
    throw new MinisqlError("SQL", why, { errno: 3730, sqlState: "HY000" });
  }
}

/** Of a definition that this version cannot read, the copies themselves know. */
function refersTo(ddl: string): readonly string[] {
  try {
    return ddl === "" ? [] : readCreate(ddl).refersTo;
  } catch (error) {
    if (error instanceof MinisqlError) return [];
    throw error;
  }
}

/** Tables tied by a foreign key live in one region, so that each copy can check it by itself. */
function refuseFarRelatives(
  { view }: Reign,
  table: string,
  region: string,
  relatives: readonly string[],
): void {
  for (const relative of relatives) {
    const there = view.table(relative);
    if (there === null) throw noReferenced(relative);
    if (there.region === region) continue;
    const why = `Cannot add a foreign key from ${table} to ${relative}: they live in different ` +
      `regions (${region} and ${there.region}); create one beside the other, with its foreign key`;
    throw new MinisqlError("UNSUPPORTED", why);
  }
}

function noReferenced(table: string): MinisqlError {
  return new MinisqlError("NO_SUCH_TABLE", `Failed to open the referenced table '${table}'`, {
    errno: 1824,
    sqlState: "HY000",
  });
}

const DOING = { creating: "created", ready: "used", dropping: "dropped" } as const;

function refuseUnready({ name, state }: TableRecord): void {
  if (state !== "ready") throw busy(name, `it is being ${DOING[state]}`);
}

/** One whose job has failed half way can be dropped all the same: there is no other way out. */
function refuseWorkedOn({ view }: Reign, { name }: TableRecord): void {
  const kind = workOn(view, name)?.kind;
  if (kind === "create_table") throw busy(name, "it is being created");
  if (kind === "drop_table") throw busy(name, "it is being dropped");
  if (kind === "alter_table") throw busy(name, "it is being altered");
}

function busy(name: string, why: string): MinisqlError {
  return new MinisqlError("UNAVAILABLE", `Cannot use ${name} now: ${why}`);
}

/**
 * Waits for the recorded job to end. It goes on without a caller who has had enough, and the next
 * master finishes it where this one's time is over: then its outcome is not known yet.
 */
async function finish(reign: Reign, job: JobRecord, signal: AbortSignal): Promise<void> {
  try {
    await orAborted(reign.jobs.finish(job), signal);
  } catch (error) {
    if (signal.aborted || !reign.signal.aborted) throw error;
    const why = `Cannot tell how ${job.kind} of ${job.subject} ends: the next master finishes it ` +
      `(job ${job.id})`;
    throw new MinisqlError("OUTCOME_UNKNOWN", why, { cause: error });
  }
}
