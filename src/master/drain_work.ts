/** Emptying a server: its regions move away one by one, and none come. */
import { orAborted } from "../base/abort.ts";
import { object } from "../base/shape.ts";
import { pause } from "../cluster/pause.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type JobRecord, regionName, rid, type ServerRecord } from "../protocol/model.ts";
import { candidatesOf } from "./candidates.ts";
import type { JobEnd, Jobs, JobTask, JobWork } from "./jobs.ts";
import type { Candidate } from "./placement.ts";
import type { Transfers } from "./transfers.ts";
import type { ClusterView } from "./view.ts";
import { requestOf, type WorkDeps } from "./work.ts";

export interface DrainDeps extends WorkDeps {
  readonly transfers: Transfers;
  readonly jobs: () => Jobs;
}

const drainRequest = object({ rid });
const transferTo = object({ region: regionName, to: rid });
const transferFrom = object({ region: regionName, from: rid });

/** Where nothing can be moved now, it is looked again so often. */
const LOOK_MS = 1000;
/** A region whose move has failed waits so long. */
const AGAIN_MS = 30_000;

export class DrainWork implements JobWork {
  readonly cancellable = true;
  readonly #deps: DrainDeps;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  /** Records that a server is to be emptied, and begins. */
  async begin(server: ServerRecord): Promise<JobRecord> {
    const { view, meta, jobs } = this.#deps;
    const draining: ServerRecord = { ...server, status: "draining" };
    const subject = `server ${server.rid}`;
    const job = await jobs().record({ kind: "drain", subject, request: { rid: server.rid } }, {
      changes: [{ change: "server.put", server: draining }],
      take: () => view.putServer(draining),
      giveBack: () => view.putServer(server),
    });
    meta.event({ event: "server.draining", rid: server.rid });
    jobs().finish(job).catch(() => {});
    return job;
  }

  turns(job: JobRecord): readonly string[] {
    return [`drain of ${job.subject}`];
  }

  async run(job: JobRecord, task: JobTask): Promise<JobEnd> {
    const { clock, view } = this.#deps;
    const { rid } = requestOf(drainRequest, job);
    await this.#mark(rid, task);
    await this.#cancelArrivals(rid);
    const failedAt = new Map<string, number>();
    let moved = task.progress?.done ?? 0;
    while (true) {
      task.signal.throwIfAborted();
      const left = this.#regionsOn(rid);
      if (left.length === 0) return this.#end(rid, "drained");
      const isTried = (region: string) =>
        clock.now() - (failedAt.get(region) ?? -Infinity) < AGAIN_MS;
      const candidates = candidatesOf(view);
      const next = left.find((region) =>
        !isTried(region) && this.#canMove(region, rid, candidates)
      );
      const of = moved + left.length;
      const phase = next === undefined
        ? this.#obstacle(left, rid, candidates)
        : `${next} moves away`;
      task.show({ phase, done: moved, of });
      if (next === undefined) await pause(clock, LOOK_MS, task.signal);
      else if (await this.#move(next, rid, task.signal)) moved++;
      else failedAt.set(next, clock.now());
    }
  }

  /** The server is to hold regions again; what has moved away stays where it is. */
  async undo(job: JobRecord): Promise<JobEnd> {
    const { transfers, jobs } = this.#deps;
    const { rid } = requestOf(drainRequest, job);
    for (const each of transfers.running) {
      const { request } = each;
      if (transferFrom.fits(request) && request.from === rid) await jobs().cancel(each);
    }
    return this.#end(rid, "online");
  }

  /** Should what was recorded of the server have been written over, by whoever was at it too. */
  async #mark(rid: number, task: JobTask): Promise<void> {
    const { view } = this.#deps;
    const server = view.server(rid);
    if (server === null || server.status === "draining") return;
    const draining: ServerRecord = { ...server, status: "draining" };
    view.putServer(draining);
    const progress = task.progress ?? { phase: "begun" };
    await task.keep(progress, [{ change: "server.put", server: draining }]);
  }

  #end(rid: number, status: "drained" | "online"): JobEnd {
    const { view, meta } = this.#deps;
    const server = view.server(rid);
    if (server === null) return { changes: [], done: () => {} };
    return {
      changes: [{ change: "server.put", server: { ...server, status } }],
      done: () => {
        view.putServer({ ...view.server(rid) ?? server, status });
        const event = status === "drained" ? "server.drained" : "server.undrained";
        meta.event({ event, rid });
      },
    };
  }

  /** True when the region has moved; false when it could not. */
  async #move(region: string, from: number, signal: AbortSignal): Promise<boolean> {
    const { transfers, jobs } = this.#deps;
    const to = transfers.target(region, from);
    if (to === null) return false;
    const reason = `server ${from} is being drained`;
    const job = await transfers.move({ region, from, to, reason });
    try {
      await orAborted(jobs().finish(job), signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MinisqlError) return false;
      throw error;
    }
  }

  /** Replicas that are on their way to the server go elsewhere. */
  async #cancelArrivals(rid: number): Promise<void> {
    const { transfers, jobs } = this.#deps;
    for (const each of transfers.running) {
      const { request } = each;
      const arrives = transferTo.fits(request) && request.to === rid;
      if (arrives) await jobs().cancel(each, `Server ${rid} is being drained`);
    }
  }

  /** Regions that it holds, or is about to. */
  #regionsOn(rid: number): readonly string[] {
    const { view, transfers } = this.#deps;
    const held = view.regions.flatMap(({ state: { region, replicas, isr } }) =>
      replicas.includes(rid) || isr.some((member) => member.rid === rid) ? [region] : []
    );
    const there = new Set(held);
    for (const { region, rid: placed } of view.placements) {
      const isComing = placed === rid && !there.has(region) && transfers.workOn(region) !== null;
      if (isComing) there.add(region);
    }
    return [...there].sort();
  }

  /** A server that is offline cannot hand over anything: its regions are repaired instead. */
  #canMove(region: string, rid: number, candidates: readonly Candidate[]): boolean {
    const { view, transfers } = this.#deps;
    return view.live(rid) !== null && view.region(region)?.state.state === "open" &&
      transfers.workOn(region) === null && transfers.target(region, rid, candidates) !== null;
  }

  #obstacle(left: readonly string[], rid: number, candidates: readonly Candidate[]): string {
    const { view, transfers } = this.#deps;
    if (view.live(rid) === null) return "the server is offline: its regions are copied elsewhere";
    const stuck = left.find((region) => transfers.target(region, rid, candidates) === null);
    return stuck === undefined
      ? "other work on its regions comes first"
      : `no other server is online that could take ${stuck}`;
  }
}

/** The drain of a server that is under way; null for none. */
export function drainOf(view: ClusterView, server: number): JobRecord | null {
  return drainsOf(view, server).find(({ state }) => state === "running") ?? null;
}

/** Every drain of a server there was. */
export function drainsOf(view: ClusterView, server: number): readonly JobRecord[] {
  return view.jobs.filter(({ kind, request }) =>
    kind === "drain" && drainRequest.fits(request) && request.rid === server
  );
}
