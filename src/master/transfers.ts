/** Beginning moves and new replicas: which server suits, which region is free, recorded as jobs. */
import type { JobRecord, Placement } from "../protocol/model.ts";
import type { Clock } from "../ports/clock.ts";
import { candidatesOf, holdersOf } from "./candidates.ts";
import type { Jobs } from "./jobs.ts";
import { type Candidate, place } from "./placement.ts";
import type { AddRequest, MoveRequest } from "./transfer_work.ts";
import type { ClusterView } from "./view.ts";
import { regionOf } from "./work.ts";

export interface TransfersDeps {
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly jobs: () => Jobs;
}

const TRANSFERS: ReadonlySet<JobRecord["kind"]> = new Set(["add_replica", "move_region"]);
const CHANGES: ReadonlySet<JobRecord["kind"]> = new Set([
  ...TRANSFERS,
  "create_table",
  "drop_table",
]);

export class Transfers {
  readonly #deps: TransfersDeps;

  constructor(deps: TransfersDeps) {
    this.#deps = deps;
  }

  /** Records the move of a replica, or of the primary's role, and begins it. */
  async move(request: MoveRequest): Promise<JobRecord> {
    const { region, to, role = false } = request;
    return await this.#begin("move_region", region, request, role ? null : to);
  }

  /** Records that a replica is added, and begins to. */
  async add(request: AddRequest): Promise<JobRecord> {
    return await this.#begin("add_replica", request.region, request, request.to);
  }

  /** The job that changes which servers hold a region just now; null for none. */
  workOn(region: string): JobRecord | null {
    const { view } = this.#deps;
    return view.jobs.find((job) =>
      job.state === "running" && CHANGES.has(job.kind) && regionOf(job) === region
    ) ?? null;
  }

  /** Moves and new replicas that are under way. */
  get running(): readonly JobRecord[] {
    const { view } = this.#deps;
    return view.jobs.filter(({ state, kind }) => state === "running" && TRANSFERS.has(kind));
  }

  /**
   * The server that suits best for one more copy, or for one in the place of another. Who asks for
   * many regions finds the candidates once.
   */
  target(
    region: string,
    instead: number | null,
    candidates: readonly Candidate[] = candidatesOf(this.#deps.view),
  ): number | null {
    const { view } = this.#deps;
    const replicas = view.region(region)?.state.replicas ?? [];
    const staying = replicas.filter((rid) => rid !== instead);
    const free = candidates.filter(({ rid }) => !replicas.includes(rid));
    return place(free, 1, holdersOf(view, staying)).rids[0] ?? null;
  }

  async #begin(
    kind: JobRecord["kind"],
    region: string,
    request: MoveRequest | AddRequest,
    to: number | null,
  ): Promise<JobRecord> {
    const { view, clock, jobs } = this.#deps;
    const since = Math.floor(clock.wallMicros() / 1000);
    const placements: Placement[] = to === null ? [] : [{ region, rid: to, since }];
    const subject = view.tablesOf(region).join(", ").slice(0, SUBJECT_MAX) || region;
    const job = await jobs().record({ kind, subject, request }, {
      changes: placements.map((placement) => ({ change: "placement.put", placement }) as const),
      take: () => placements.forEach((placement) => view.putPlacement(placement)),
      giveBack: () => placements.forEach(({ rid }) => view.dropPlacement(region, rid)),
    });
    jobs().finish(job).catch(() => {});
    return job;
  }
}

const SUBJECT_MAX = 200;
