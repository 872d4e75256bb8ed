/** Moves and new replicas as jobs: the same steps, for different reasons. */
import { boolean, type Infer, nullable, object, optional, text } from "../base/shape.ts";
import type { CatalogChange } from "../ports/catalog.ts";
import { type JobRecord, regionName, rid } from "../protocol/model.ts";
import { GiveUp, type JobEnd, type JobTask, type JobWork, NOTHING } from "./jobs.ts";
import { isInSync, ReplicaSteps } from "./replica_steps.ts";
import { regionOf, replicasTurn, requestOf, type WorkDeps } from "./work.ts";

/** What a `move_region` job has recorded of its request. */
const moveRequest = object({
  region: regionName,
  from: rid,
  to: rid,
  reason: text(),
  /** Only the primary's role moves, between servers that hold the region both. */
  role: optional(boolean),
});

export type MoveRequest = Infer<typeof moveRequest>;

/** What an `add_replica` job has: a server whose copy is lost leaves for the new one. */
const addRequest = object({ region: regionName, to: rid, instead: nullable(rid), reason: text() });

export type AddRequest = Infer<typeof addRequest>;

/** What moves and additions have in common. */
abstract class TransferWork implements JobWork {
  readonly cancellable = true;
  protected readonly deps: WorkDeps;
  protected readonly steps: ReplicaSteps;

  constructor(deps: WorkDeps) {
    this.deps = deps;
    this.steps = new ReplicaSteps(deps);
  }

  turns(job: JobRecord): readonly string[] {
    return [replicasTurn(regionOf(job))];
  }

  abstract run(job: JobRecord, task: JobTask): Promise<JobEnd>;
  abstract undo(job: JobRecord, task: JobTask): Promise<JobEnd>;

  /** Tells of the beginning once, whichever master begins. */
  protected async begin(task: JobTask, tell: () => void): Promise<void> {
    if (task.progress !== null) return;
    await task.keep({ phase: "begun" });
    tell();
  }

  /** The new replica is in sync: from here on the old one leaves, and that is not taken back. */
  protected async replace(region: string, from: number, to: number, task: JobTask): Promise<void> {
    await task.keep({ ...task.progress, phase: `server ${from} leaves`, settled: true });
    task.signal.throwIfAborted();
    await this.steps.release(region, from, to, task);
  }

  /** The new replica goes again, unless the old one has left for it already. */
  protected async withdraw(
    region: string,
    from: number | null,
    to: number,
    task: JobTask,
  ): Promise<JobEnd> {
    const replicas = (await this.deps.zk.region(region))?.value.replicas ?? [];
    if (from !== null && replicas.includes(to) && !replicas.includes(from)) {
      return this.placement(region, from);
    }
    task.show({ phase: `server ${to} leaves again` });
    await this.steps.release(region, to, from, task);
    return this.placement(region, to);
  }

  /** A placement that is no more. */
  protected placement(region: string, gone: number): JobEnd {
    const change: CatalogChange = { change: "placement.delete", region, rid: gone };
    return { changes: [change], done: () => this.deps.view.dropPlacement(region, gone) };
  }
}

export class MoveWork extends TransferWork {
  async run(job: JobRecord, task: JobTask): Promise<JobEnd> {
    const { meta } = this.deps;
    const { region, from, to, reason, role = false } = requestOf(moveRequest, job);
    await this.begin(task, () => meta.event({ event: "move.started", region, from, to, reason }));
    if (role) await this.steps.handOver(region, from, to, task);
    else {
      await this.steps.add(region, to, task, () => {});
      await this.replace(region, from, to, task);
    }
    const pauseMs = task.progress?.pauseMs ?? 0;
    const { changes, done } = role ? NOTHING : this.placement(region, from);
    return {
      changes,
      done: () => {
        done();
        meta.event({ event: "move.finished", region, from, to, pauseMs });
      },
    };
  }

  async undo(job: JobRecord, task: JobTask): Promise<JobEnd> {
    const { region, from, to, role = false } = requestOf(moveRequest, job);
    return role ? NOTHING : await this.withdraw(region, from, to, task);
  }
}

export class AddWork extends TransferWork {
  async run(job: JobRecord, task: JobTask): Promise<JobEnd> {
    const { meta } = this.deps;
    const { region, to, instead, reason } = requestOf(addRequest, job);
    this.#doubt(region, instead);
    await this.begin(
      task,
      () => meta.event({ event: "replica.adding", region, to, instead, reason }),
    );
    await this.steps.add(region, to, task, () => this.#doubt(region, instead));
    if (instead !== null) await this.replace(region, instead, to, task);
    const { changes, done } = instead === null ? NOTHING : this.placement(region, instead);
    return {
      changes,
      done: () => {
        done();
        meta.event({ event: "replica.added", region, to, instead });
      },
    };
  }

  async undo(job: JobRecord, task: JobTask): Promise<JobEnd> {
    const { region, to, instead } = requestOf(addRequest, job);
    return await this.withdraw(region, instead, to, task);
  }

  /** A server that is back in sync before the new one has copied keeps its place. */
  #doubt(region: string, instead: number | null): void {
    const { view } = this.deps;
    const state = view.region(region)?.state;
    if (instead === null || state === undefined || !isInSync(view, state, instead)) return;
    throw new GiveUp("CANCELLED", `Server ${instead} is back in sync with region ${region}`);
  }
}
