/** CREATE and DROP as clients ask for them: checked, recorded as a job, and waited for. */
import { orAborted } from "../base/abort.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { CallContext } from "../protocol/handlers.ts";
import type { CatalogChange } from "../ports/catalog.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { JobRecord, Placement, TableRecord } from "../protocol/model.ts";
import { readCreate } from "./create_request.ts";
import { type Candidate, place } from "./placement.ts";
import type { Reign } from "./reign.ts";

export interface TableRequestDeps {
  readonly clock: Clock;
  readonly random: Random;
}

const REPLICAS = 3;
/** Of a random id; region and job names stay readable and do not repeat. */
const NAME_DIGITS = 12;

interface Home {
  readonly region: string;
  readonly replicas: readonly number[];
  /** The epoch of a region that is there already; null for a new one. */
  readonly joins: number | null;
}

export async function createTable(
  reign: Reign,
  request: Request<"createTable">,
  deps: TableRequestDeps,
  context: CallContext,
): Promise<Answer<"createTable">> {
  const { view, meta } = reign;
  const { table, ddl } = request;
  const demand = readCreate(ddl);
  if (demand.table !== table) {
    const why = `Cannot create ${table}: the DDL creates ${demand.table}`;
    throw new MinisqlError("BAD_REQUEST", why);
  }
  const there = view.table(table);
  if (there !== null) return existing(reign, there, request.ifNotExists ?? false);
  const home = findHome(reign, request, demand.refersTo, deps);
  const now = Math.floor(deps.clock.wallMicros() / 1000);
  const job: JobRecord = {
    ...newJob("create_table", table, deps, now),
    request: { table, ddl, ...home },
  };
  const record: TableRecord = {
    name: table,
    region: home.region,
    ddl,
    state: "creating",
    created: now,
  };
  const placements: Placement[] = home.joins !== null
    ? []
    : home.replicas.map((rid) => ({ region: home.region, rid, since: now }));
  // Taken in memory first, so that a second request for the name meets it while this one waits.
  view.putTable(record);
  view.putJob(job);
  try {
    await meta.write([
      { change: "job.put", job },
      { change: "table.put", table: record },
      ...placements.map((placement): CatalogChange => ({ change: "placement.put", placement })),
    ]);
  } catch (error) {
    view.dropTable(table);
    view.dropJob(job.id);
    throw error;
  }
  for (const placement of placements) view.putPlacement(placement);
  await finish(reign, job, context.signal);
  return { job: job.id, region: home.region, replicas: home.replicas };
}

export async function dropTable(
  reign: Reign,
  { table, ifExists = false }: Request<"dropTable">,
  deps: TableRequestDeps,
  context: CallContext,
): Promise<Answer<"dropTable">> {
  const { view, meta } = reign;
  const there = view.table(table);
  if (there === null) {
    if (ifExists) return { job: null };
    throw new MinisqlError("NO_SUCH_TABLE", `Unknown table '${table}'`, {
      errno: 1051,
      sqlState: "42S02",
    });
  }
  // One whose job has failed half way can be dropped all the same: there is no other way out.
  if (there.state !== "ready" && isWorkedOn(reign, table)) throw busy(there);
  refuseReferenced(reign, there);
  const now = Math.floor(deps.clock.wallMicros() / 1000);
  const job: JobRecord = {
    ...newJob("drop_table", table, deps, now),
    request: { table, region: there.region },
  };
  const dropping: TableRecord = { ...there, state: "dropping" };
  view.putTable(dropping);
  view.putJob(job);
  try {
    await meta.write([
      { change: "job.put", job },
      { change: "table.put", table: dropping },
    ]);
  } catch (error) {
    view.putTable(there);
    view.dropJob(job.id);
    throw error;
  }
  await finish(reign, job, context.signal);
  return { job: job.id };
}

function existing(reign: Reign, there: TableRecord, ifNotExists: boolean): Answer<"createTable"> {
  if (there.state !== "ready") throw busy(there);
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
  const { rids, refused } = place(candidates(reign), request.replicas ?? REPLICAS);
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
  return { region: `r${deps.random.id().slice(0, NAME_DIGITS)}`, replicas: rids, joins: null };
}

function homeBeside(reign: Reign, table: string, relatives: readonly string[]): Home {
  const regions = new Set<string>();
  for (const relative of relatives) {
    const there = reign.view.table(relative);
    if (there === null) {
      throw new MinisqlError("NO_SUCH_TABLE", `Failed to open the referenced table '${relative}'`, {
        errno: 1824,
        sqlState: "HY000",
      });
    }
    // One that is being dropped may take its region with it.
    if (there.state !== "ready") throw busy(there);
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
  return { region, replicas: state.replicas, joins: state.epoch };
}

function candidates({ view }: Reign): readonly Candidate[] {
  const held = new Map<number, number>();
  for (const { rid } of view.placements) held.set(rid, (held.get(rid) ?? 0) + 1);
  return view.online.filter(({ status }) => status === "online").map((live) => {
    const load = view.server(live.rid)?.load;
    const visits = (load?.reads ?? 0) + (load?.writes ?? 0);
    const { rid, host, zone, engine } = live;
    return { rid, host, zone, engine, regions: held.get(rid) ?? 0, visits };
  });
}

function newJob(kind: JobRecord["kind"], subject: string, deps: TableRequestDeps, now: number) {
  const id = `j${deps.random.id().slice(0, NAME_DIGITS)}`;
  return {
    id,
    kind,
    subject,
    state: "running",
    progress: null,
    created: now,
    updated: now,
  } as const;
}

function isWorkedOn({ view }: Reign, table: string): boolean {
  return view.jobs.some(({ state, subject }) => state === "running" && subject === table);
}

/** Each copy would refuse, one after the other; better all at once, before anything is begun. */
function refuseReferenced({ view }: Reign, { name, region }: TableRecord): void {
  for (const other of view.tablesOf(region)) {
    const ddl = other === name ? "" : view.table(other)?.ddl ?? "";
    if (ddl === "" || !readCreate(ddl).refersTo.includes(name)) continue;
    const why = `Cannot drop table '${name}' referenced by a foreign key constraint ` +
      `on table '${other}'`;
    throw new MinisqlError("SQL", why, { errno: 3730, sqlState: "HY000" });
  }
}

function busy({ name, state }: TableRecord): MinisqlError {
  const doing = state === "creating" ? "created" : "dropped";
  return new MinisqlError("UNAVAILABLE", `Cannot use ${name} now: it is being ${doing}`);
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
