/** The steps of creating a table, each of which may have been done already. */
import { array, type Infer, integer, nullable, object, text } from "../base/shape.ts";
import { minInSync } from "../cluster/route.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type JobRecord, regionName, type RegionState, rid, tableName } from "../protocol/model.ts";
import { candidatesOf, holdersOf } from "./candidates.ts";
import { forgetTable } from "./forget_table.ts";
import type { JobEnd, JobTask, JobWork } from "./jobs.ts";
import { place } from "./placement.ts";
import { removeRegion } from "./remove_region.ts";
import { changeSchema, dropFromRegion } from "./schema_order.ts";
import { regionOf, replicasTurn, requestOf, schemaTurn, type WorkDeps } from "./work.ts";
import type { Versioned } from "./zk_sync_manager.ts";

/** What a `create_table` job has recorded of its request. */
const createRequest = object({
  table: tableName,
  ddl: text(),
  region: regionName,
  /** The first is to be the primary. */
  replicas: array(rid),
  /** How many there are to be, now or later. */
  copies: integer(1),
  /** Epoch of the region it joins; null when the region is made for it. */
  joins: nullable(integer(0)),
});

export type CreateRequest = Infer<typeof createRequest>;

const FIRST_EPOCH = 1;
/** Servers that were chosen and cannot be reached for so long are given up for others. */
const CHOOSE_AGAIN_MS = 10_000;

export class CreateWork implements JobWork {
  readonly #deps: WorkDeps;
  /** Since when too few of the servers chosen take the order, by job. */
  readonly #waitingSince = new Map<string, number>();

  constructor(deps: WorkDeps) {
    this.#deps = deps;
  }

  turns(job: JobRecord): readonly string[] {
    return [schemaTurn(regionOf(job)), replicasTurn(regionOf(job))];
  }

  async run(job: JobRecord, task: JobTask): Promise<JobEnd> {
    const { view, meta, zk, clock } = this.#deps;
    // Which servers were chosen may have been revised since the job began.
    const request = requestOf(createRequest, view.job(job.id) ?? job);
    const { table, ddl, region } = request;
    const schemaHash = request.joins === null
      ? await this.#openRegion(job.id, request, task)
      : await this.#joinRegion(job.id, request, task);
    await zk.putTable(table, { region, schemaHash });
    const created = view.table(table)?.created ?? Math.floor(clock.wallMicros() / 1000);
    const record = { name: table, region, ddl, state: "ready", created } as const;
    const replicas = view.region(region)?.state.replicas ?? request.replicas;
    return {
      changes: [{ change: "table.put", table: record }],
      done: () => {
        view.putTable(record);
        meta.event({ event: "table.created", table, region, replicas });
      },
    };
  }

  async undo(job: JobRecord, { signal }: JobTask): Promise<JobEnd> {
    const { view } = this.#deps;
    const request = requestOf(createRequest, view.job(job.id) ?? job);
    const { table, region, replicas, joins } = request;
    this.#waitingSince.delete(job.id);
    if (joins !== null) {
      const order = { region, table, job: `${job.id}-undo` };
      await dropFromRegion(this.#deps, order, signal);
    } else await removeRegion(this.#deps, { region, table, holders: replicas }, signal);
    return await forgetTable(this.#deps, table, region);
  }

  /** A region of its own: a node, the copies, and then the region is open with those made. */
  async #openRegion(job: string, request: CreateRequest, task: JobTask): Promise<string> {
    const { view, zk, orders } = this.#deps;
    const { table, ddl, region, replicas, copies } = request;
    const needed = minInSync(replicas.length);
    const waiting: RegionState = {
      ...{ region, replicas, epoch: 0, primary: null, isr: [] },
      ...{ state: "creating", copies },
    };
    const node = await zk.createRegion(waiting);
    view.putRegion(node.value, node.version);
    if (node.value.state !== "creating") return await this.#askHash(request, node.value, task);
    const made = await orders.giveEach(replicas, "makeTable", { region, table, ddl }, task);
    const [first] = made;
    if (first === undefined || made.length < needed) {
      await this.#chooseAgain(job, request, made.map(({ rid }) => rid), node, task);
      const why = `Cannot create ${table} yet: ${made.length} of the servers ` +
        `${replicas.join(", ")} took the order, and ${needed} must`;
      throw new MinisqlError("UNAVAILABLE", why);
    }
    this.#waitingSince.delete(job);
    const isr = made.map(({ rid, answer }) => ({ rid, incarnation: answer.incarnation }));
    const open: RegionState = {
      ...{ region, replicas, epoch: FIRST_EPOCH, primary: first.rid, isr },
      ...{ state: "open", copies },
    };
    view.putRegion(open, await zk.setRegion(open, node.version));
    return first.answer.schemaHash;
  }

  /** A master before this one has opened the region: its primary has the table. */
  async #askHash(
    { table, ddl, region }: CreateRequest,
    { primary }: RegionState,
    task: JobTask,
  ): Promise<string> {
    if (primary !== null) {
      const order = { region, table, ddl };
      return (await this.#deps.orders.give(primary, "makeTable", order, task)).schemaHash;
    }
    throw new MinisqlError("UNAVAILABLE", `Region ${region} of ${table} has no primary now`);
  }

  /** Servers that do not take the order for a while make room for others, or for fewer. */
  async #chooseAgain(
    job: string,
    request: CreateRequest,
    made: readonly number[],
    { value, version }: Versioned<RegionState>,
    task: JobTask,
  ): Promise<void> {
    const { view, zk, clock } = this.#deps;
    const since = this.#waitingSince.get(job) ?? clock.now();
    this.#waitingSince.set(job, since);
    if (clock.now() - since < CHOOSE_AGAIN_MS) return;
    const { region, replicas, copies } = request;
    const failed = new Set(replicas.filter((rid) => !made.includes(rid)));
    const free = candidatesOf(view).filter(({ rid }) => !failed.has(rid));
    const { rids } = place(free, copies - made.length, holdersOf(view, made));
    const chosen = [...made, ...rids];
    if (chosen.length === 0) return;
    this.#waitingSince.delete(job);
    const at = Math.floor(clock.wallMicros() / 1000);
    const placements = rids.map((rid) => ({ region, rid, since: at }));
    await task.revise({ ...request, replicas: chosen }, [
      ...[...failed].map((rid) => ({ change: "placement.delete", region, rid }) as const),
      ...placements.map((placement) => ({ change: "placement.put", placement }) as const),
    ]);
    for (const rid of failed) view.dropPlacement(region, rid);
    for (const placement of placements) view.putPlacement(placement);
    // One that took the order without its answer being heard finds that it holds no part of it.
    const changed = { ...value, replicas: chosen };
    view.putRegion(changed, await zk.setRegion(changed, version));
  }

  /** In a region there is already, its log brings the table to every copy. */
  async #joinRegion(
    job: string,
    { table, ddl, region }: CreateRequest,
    { signal }: JobTask,
  ): Promise<string> {
    const tables = await changeSchema(this.#deps, { region, job, sql: ddl }, signal);
    const made = tables.find((each) => each.table === table);
    if (made !== undefined) return made.schemaHash;
    throw new MinisqlError("BAD_REQUEST", `Cannot create ${table}: the DDL creates another table`);
  }
}
