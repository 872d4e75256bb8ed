/** The steps of creating and of dropping a table, each of which may have been done already. */
import { array, integer, nullable, object, text } from "../base/shape.ts";
import { readNode } from "../cluster/nodes.ts";
import type { Clock } from "../ports/clock.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer } from "../protocol/messages.ts";
import { type JobRecord, regionName, type RegionState, rid, tableName } from "../protocol/model.ts";
import type { JobEnd, JobWork } from "./jobs.ts";
import type { MetaManager } from "./meta_manager.ts";
import type { Orders } from "./orders.ts";
import type { ClusterView } from "./view.ts";
import type { ZkSyncManager } from "./zk_sync_manager.ts";

export interface TableWorkDeps {
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly meta: MetaManager;
  readonly zk: ZkSyncManager;
  readonly orders: Orders;
}

/** What a `create_table` job has recorded of its request. */
export const createRequest = object({
  table: tableName,
  ddl: text(),
  region: regionName,
  /** The first is to be the primary. */
  replicas: array(rid),
  /** Epoch of the region it joins; null when the region is made for it. */
  joins: nullable(integer(0)),
});

const dropRequest = object({ table: tableName, region: regionName });

const FIRST_EPOCH = 1;

type Made = { readonly rid: number; readonly answer: Answer<"makeTable"> };

export class TableWork {
  readonly #deps: TableWorkDeps;

  constructor(deps: TableWorkDeps) {
    this.#deps = deps;
  }

  get create(): JobWork {
    return {
      turn: regionOf,
      run: (job, signal) => this.#create(requestOf(createRequest, job), signal),
      undo: (job, signal) => this.#uncreate(requestOf(createRequest, job), signal),
    };
  }

  get drop(): JobWork {
    return {
      turn: regionOf,
      run: (job, signal) => this.#drop(requestOf(dropRequest, job), signal),
      // A table half dropped is never brought back: it can only be dropped again.
      undo: () => Promise.resolve({ changes: [], done: () => {} }),
    };
  }

  async #create(request: CreateRequest, signal: AbortSignal): Promise<JobEnd> {
    const { view, meta, zk, clock } = this.#deps;
    const { table, ddl, region, replicas } = request;
    const schemaHash = request.joins === null
      ? await this.#openRegion(request, signal)
      : await this.#joinRegion(request, signal);
    await zk.putTable(table, { region, schemaHash });
    const created = view.table(table)?.created ?? Math.floor(clock.wallMicros() / 1000);
    const record = { name: table, region, ddl, state: "ready", created } as const;
    return {
      changes: [{ change: "table.put", table: record }],
      done: () => {
        view.putTable(record);
        meta.event({ event: "table.created", table, region, replicas });
      },
    };
  }

  /** A region of its own: a node, the copies, and then the region is open with those made. */
  async #openRegion(request: CreateRequest, signal: AbortSignal): Promise<string> {
    const { view, zk } = this.#deps;
    const { table, ddl, region, replicas } = request;
    const waiting: RegionState = {
      ...{ region, replicas, epoch: 0, primary: null, isr: [] },
      state: "creating",
    };
    const { value, version } = await zk.createRegion(waiting);
    view.putRegion(value, version);
    const made = await this.#onEach(replicas, async (rid): Promise<Made> => {
      const answer = await this.#deps.orders.give(rid, "makeTable", { region, table, ddl }, signal);
      return { rid, answer };
    });
    const [first] = made;
    if (first === undefined) {
      throw new MinisqlError("UNAVAILABLE", `Cannot create ${table}: no server took the order`);
    }
    if (value.state === "creating") {
      const isr = made.map(({ rid, answer }) => ({ rid, incarnation: answer.incarnation }));
      const open: RegionState = {
        ...{ region, replicas, epoch: FIRST_EPOCH, primary: first.rid, isr },
        state: "open",
      };
      view.putRegion(open, await zk.setRegion(open, version));
    }
    return first.answer.schemaHash;
  }

  /** In a region there is already the primary makes the table everywhere, through its log. */
  async #joinRegion(request: CreateRequest, signal: AbortSignal): Promise<string> {
    const { table, ddl, region } = request;
    const primary = this.#deps.view.region(region)?.state.primary ?? null;
    if (primary === null) {
      const why = `Cannot create ${table} beside its relative: region ${region} has no primary now`;
      throw new MinisqlError("UNAVAILABLE", why);
    }
    const order = { region, table, ddl };
    return (await this.#deps.orders.give(primary, "makeTable", order, signal)).schemaHash;
  }

  async #uncreate(request: CreateRequest, signal: AbortSignal): Promise<JobEnd> {
    const { table, region, replicas } = request;
    await this.#removeCopies(replicas, region, table, signal);
    return await this.#forget(table, region);
  }

  async #drop({ table, region }: DropRequest, signal: AbortSignal): Promise<JobEnd> {
    const { view, zk, meta } = this.#deps;
    await zk.deleteTable(table);
    const known = await zk.region(region);
    if (known !== null && known.value.state !== "dropping" && this.#isAlone(table, region)) {
      const dropping: RegionState = { ...known.value, state: "dropping" };
      view.putRegion(dropping, await zk.setRegion(dropping, known.version));
    }
    const holders = known?.value.replicas ?? view.placementsOf(region).map(({ rid }) => rid);
    await this.#removeCopies(holders, region, table, signal);
    const { changes, done } = await this.#forget(table, region);
    return {
      changes,
      done: () => {
        done();
        meta.event({ event: "table.dropped", table, region });
      },
    };
  }

  /** A server that is away finds out when it is back that the region is no more. */
  async #removeCopies(
    rids: readonly number[],
    region: string,
    table: string,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#onEach(
      rids,
      (rid) => this.#deps.orders.give(rid, "removeTable", { region, table }, signal),
    );
  }

  /** The nodes go, then the records. The region goes with its last table. */
  async #forget(table: string, region: string): Promise<JobEnd> {
    const { view, zk } = this.#deps;
    const alone = this.#isAlone(table, region);
    await zk.deleteTable(table);
    if (alone) await zk.deleteRegion(region);
    const placements = alone ? view.placementsOf(region) : [];
    return {
      changes: [
        { change: "table.delete", name: table },
        ...placements.map(({ rid }) => ({ change: "placement.delete", region, rid }) as const),
      ],
      done: () => {
        view.dropTable(table);
        if (!alone) return;
        view.dropRegion(region);
        for (const { rid } of placements) view.dropPlacement(region, rid);
      },
    };
  }

  #isAlone(table: string, region: string): boolean {
    return this.#deps.view.tablesOf(region).every((name) => name === table);
  }

  /** All at once. Servers that cannot be reached are passed over; any other refusal counts. */
  async #onEach<T>(rids: readonly number[], order: (rid: number) => Promise<T>): Promise<T[]> {
    const outcomes = await Promise.allSettled(rids.map(order));
    return outcomes.flatMap((outcome) => {
      if (outcome.status === "fulfilled") return [outcome.value];
      if (isAway(outcome.reason)) return [];
      throw outcome.reason;
    });
  }
}

type CreateRequest = Readonly<{
  table: string;
  ddl: string;
  region: string;
  replicas: readonly number[];
  joins: number | null;
}>;
type DropRequest = Readonly<{ table: string; region: string }>;

/** Jobs on one region take turns: which of them ends the region must be beyond doubt. */
function regionOf(job: JobRecord): string {
  return dropRequest.fits(job.request) ? job.request.region : job.subject;
}

function isAway(error: unknown): boolean {
  return error instanceof MinisqlError &&
    (error.code === "UNAVAILABLE" || error.code === "OUTCOME_UNKNOWN" || error.code === "TIMEOUT");
}

function requestOf<T>(shape: Parameters<typeof readNode<T>>[0], job: JobRecord): T {
  if (shape.fits(job.request)) return job.request;
  const why = shape.fault(job.request, "request");
  throw new MinisqlError("UNSUPPORTED", `Cannot understand job ${job.id}: ${why}`);
}
