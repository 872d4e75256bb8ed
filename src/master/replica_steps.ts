/** Adding a replica to a region and letting one go: steps that each may have been done already. */
import { pause } from "../cluster/pause.ts";
import { minInSyncOf } from "../cluster/route.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { JobProgress, RegionState } from "../protocol/model.ts";
import { GiveUp, type JobTask } from "./jobs.ts";
import { SyncProgress } from "./sync_progress.ts";
import type { WorkDeps } from "./work.ts";

/** News come by themselves; so often they are looked for all the same. */
const LOOK_MS = 1000;
/** A region that is asked to change and does not is told again. */
const CHANGE_MS = 30_000;

export class ReplicaSteps {
  readonly #deps: WorkDeps;

  constructor(deps: WorkDeps) {
    this.#deps = deps;
  }

  /**
   * Makes the server a replica, which it sees and copies the region by itself, and waits until it
   * is in sync. `doubt` is asked now and then and raises what makes the copy needless.
   */
  async add(region: string, rid: number, task: JobTask, doubt: () => void): Promise<void> {
    await this.#change(region, (state) => {
      if (state.replicas.includes(rid)) return null;
      const { replicas, joining = [] } = state;
      return { ...state, replicas: [...replicas, rid], joining: [...joining, rid] };
    });
    const progress = new SyncProgress(this.#deps, region, rid);
    await this.#until(region, task.signal, Infinity, async (state) => {
      if (!state.replicas.includes(rid)) throw lostIt(region, rid);
      if (isInSync(this.#deps.view, state, rid)) return true;
      doubt();
      this.#refuseDropped(region);
      task.show({ ...task.progress, ...await progress.look(task.signal) });
      return false;
    });
  }

  /**
   * Lets a replica go: its role goes to another first, then it leaves the set, then its copy is
   * removed. Never while the region would lose by it what a write needs.
   */
  async release(
    region: string,
    rid: number,
    successor: number | null,
    task: JobTask,
  ): Promise<void> {
    const { view, meta, orders } = this.#deps;
    let left = false;
    while (!left) left = await this.#hasLeft(region, rid, successor, task);
    for (const table of view.tablesOf(region)) {
      try {
        await orders.giveEach([rid], "removeTable", { region, table }, task);
      } catch (error) {
        task.signal.throwIfAborted();
        // It holds no part of the region any more, and removes by itself what it has kept of it.
        if (!(error instanceof MinisqlError) || error.code === "STALE_EPOCH") throw error;
        meta.note(`Server ${rid} keeps its copy of ${table} for now: ${error.message}`);
      }
    }
  }

  /** Gives the primary's role from one server to another that is in sync. */
  async handOver(region: string, from: number, to: number, task: JobTask): Promise<void> {
    const node = await this.#deps.zk.region(region);
    if (node === null) throw isGone(region);
    if (node.value.primary === to) return;
    if (node.value.primary !== from || !isInSync(this.#deps.view, node.value, to)) {
      const why = `Server ${from} is not the primary of ${region}, or ${to} not in sync with it`;
      throw new GiveUp("NOT_PRIMARY", why);
    }
    await this.#handOver(node.value, to, task);
  }

  /** One attempt; false when it has become the primary meanwhile, so that all begins anew. */
  async #hasLeft(
    region: string,
    rid: number,
    successor: number | null,
    task: JobTask,
  ): Promise<boolean> {
    const { view, zk } = this.#deps;
    const node = await zk.region(region);
    // With the region all its copies go.
    if (node === null || node.value.state !== "open") return true;
    view.putRegion(node.value, node.version);
    if (node.value.primary === rid) await this.#handOver(node.value, successor, task);
    await this.#change(region, (state) => {
      if (!state.replicas.includes(rid)) return null;
      this.#refuseLoss(state, rid);
      return {
        ...state,
        replicas: state.replicas.filter((each) => each !== rid),
        joining: (state.joining ?? []).filter((each) => each !== rid),
      };
    });
    let left = false;
    await this.#until(region, task.signal, CHANGE_MS, (state) => {
      left = state.isr.every((member) => member.rid !== rid);
      return left || state.primary === rid;
    });
    return left;
  }

  /** Its role goes to the successor, or to whoever is in sync with it. */
  async #handOver(state: RegionState, successor: number | null, task: JobTask): Promise<void> {
    const { view, orders, clock } = this.#deps;
    const { region, primary } = state;
    const heirs = state.replicas.filter((rid) => rid !== primary && isInSync(view, state, rid));
    const to = heirs.find((rid) => rid === successor) ?? heirs[0];
    if (primary === null || to === undefined) {
      const why = `Cannot let server ${primary} go yet: no other copy of ${region} is in sync`;
      throw new MinisqlError("UNAVAILABLE", why);
    }
    const began = clock.now();
    const { pauseMs } = await orders.give(primary, "handOver", { region, to }, task)
      .catch((error) => {
        // It may have been done all the same; then it took no longer than this.
        if (error instanceof MinisqlError && error.applied === "unknown") {
          return { pauseMs: clock.now() - began };
        }
        throw error;
      });
    await this.#until(region, task.signal, CHANGE_MS, (now) => now.primary !== primary);
    const progress = withPause(task.progress, pauseMs);
    task.show(progress);
    await task.keep(progress);
  }

  /** A copy that is needed stays: one that lives and is in sync, or may be all there is. */
  #refuseLoss(state: RegionState, rid: number): void {
    const { view } = this.#deps;
    const wait = (why: string) =>
      new MinisqlError("UNAVAILABLE", `Cannot let server ${rid} go yet: ${why}`);
    if (state.primary === rid) throw wait(`it is the primary of ${state.region}`);
    const isMember = state.isr.some((member) => member.rid === rid);
    if (!isMember) return;
    if (view.live(rid) === null) {
      throw wait(`the primary of ${state.region} still counts on it`);
    }
    const staying = state.replicas.filter((each) => each !== rid && isInSync(view, state, each));
    const replicas = state.replicas.filter((each) => each !== rid);
    if (staying.length < minInSyncOf({ ...state, replicas })) {
      throw wait(`too few other copies of ${state.region} are in sync`);
    }
  }

  #refuseDropped(region: string): void {
    const { view } = this.#deps;
    const going = view.tablesOf(region).find((name) => view.table(name)?.state === "dropping");
    if (going !== undefined) throw new GiveUp("NO_SUCH_TABLE", `${going} is being dropped`);
  }

  async #change(
    region: string,
    change: (state: RegionState) => RegionState | null,
  ): Promise<void> {
    const { view, zk } = this.#deps;
    const node = await zk.changeRegion(region, (state) => {
      if (state.state === "open") return change(state);
      throw new GiveUp("NO_SUCH_TABLE", `Region ${region} is not open: it is ${state.state}`);
    });
    if (node === null) throw isGone(region);
    view.putRegion(node.value, node.version);
  }

  /** Waits until the region is so. Raises UNAVAILABLE when it is not within the limit. */
  async #until(
    region: string,
    signal: AbortSignal,
    limitMs: number,
    holds: (state: RegionState) => boolean | Promise<boolean>,
  ): Promise<void> {
    const { view, clock } = this.#deps;
    const end = clock.now() + limitMs;
    while (true) {
      const { changed, stop } = view.nextChange();
      try {
        signal.throwIfAborted();
        const state = view.region(region)?.state;
        if (state === undefined) throw isGone(region);
        if (await holds(state)) return;
        if (clock.now() >= end) {
          const why = `Region ${region} has not changed as it was told to within ${limitMs} ms`;
          throw new MinisqlError("UNAVAILABLE", why);
        }
        await pause(clock, LOOK_MS, signal, [changed]);
      } finally {
        stop();
      }
    }
  }
}

/** Whether a server's process of now holds every acknowledged entry. */
export function isInSync(
  view: WorkDeps["view"],
  { isr, replicas }: RegionState,
  rid: number,
): boolean {
  const incarnation = view.live(rid)?.incarnation;
  return replicas.includes(rid) &&
    isr.some((member) => member.rid === rid && member.incarnation === incarnation);
}

function withPause(progress: JobProgress | null, pauseMs: number): JobProgress {
  const before = progress ?? { phase: "" };
  return { ...before, phase: "the primary has moved", pauseMs: (before.pauseMs ?? 0) + pauseMs };
}

function isGone(region: string): GiveUp {
  return new GiveUp("NO_REGION", `Region ${region} is no more`);
}

function lostIt(region: string, rid: number): GiveUp {
  return new GiveUp("UNAVAILABLE", `Server ${rid} was taken out of region ${region} by others`);
}
