/**
 * Where a region is copied from: views of it, each at one position, kept open while another server
 * reads them. Views are few, since an engine must keep for each what has changed since.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { CallContext, RegionHandlers } from "../../protocol/handlers.ts";
import type { Answer, Request } from "../../protocol/messages.ts";
import { COPY_LIMITS, type CopyLimits } from "./limits.ts";
import { OpenCopy } from "./open_copy.ts";

export interface CopySourceDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly reporter: Reporter;
}

type SourceCall = "keepCopy" | "copyChunk" | "copyRows" | "copySessions" | "closeCopy";

interface Held {
  readonly view: OpenCopy;
  /** The server that reads it, where it has said which it is. */
  readonly reader: number | null;
  /** Calls under way. */
  inUse: number;
  stopIdle: () => void;
}

export class CopySource {
  readonly #deps: CopySourceDeps;
  readonly #limits: CopyLimits;
  readonly #held = new Map<string, Held>();
  #opening = 0;
  /** How often views were ended all at once: one that was being opened then is ended too. */
  #endings = 0;
  #isClosed = false;

  constructor(deps: CopySourceDeps, limits: Partial<CopyLimits> = {}) {
    this.#deps = deps;
    this.#limits = { ...COPY_LIMITS, ...limits };
  }

  /** Views open now. */
  get size(): number {
    return this.#held.size;
  }

  /** The lowest position that a region is being copied at; null where it is not. */
  oldest(region: string): number | null {
    const views = [...this.#held.values()].filter(({ view }) => view.region === region);
    return views.length === 0 ? null : Math.min(...views.map(({ view }) => view.position.seq));
  }

  /** Opens a view of the region's tables. Whether the region may be copied is the caller's to say. */
  async open(
    { region }: Request<"openCopy">,
    tables: readonly string[],
    { caller }: CallContext,
  ): Promise<Answer<"openCopy">> {
    const endings = this.#endings;
    await this.#supersede(region, caller.rid);
    if (this.#isClosed || this.#held.size + this.#opening >= this.#limits.openMax) {
      const why = this.#isClosed ? "the server stops" : `${this.#limits.openMax} copies are open`;
      throw new MinisqlError("UNAVAILABLE", `Cannot copy region ${region} from here now: ${why}`);
    }
    this.#opening++;
    try {
      const view = await OpenCopy.open({ ...this.#deps, limits: this.#limits }, region, tables);
      if (endings === this.#endings) return this.#hold(view, caller.rid);
      const reason = ended("its tables were about to change, or the server to stop");
      await view.end(reason);
      throw reason;
    } finally {
      this.#opening--;
    }
  }

  /** Answers for all that is asked of open views. */
  readonly handlers: Pick<RegionHandlers, SourceCall> = {
    keepCopy: ({ copy }) => this.#use(copy, () => Promise.resolve({})),
    copyChunk: (request, context) =>
      this.#use(request.copy, (view) => view.chunk(request, context)),
    copyRows: (request, context) =>
      this.#use(request.copy, async (view) => {
        await view.rows(request, context);
        return {};
      }),
    copySessions: ({ copy }, context) =>
      this.#use(copy, async (view) => {
        await view.sessions(context);
        return {};
      }),
    closeCopy: async ({ copy }) => {
      await this.#end(copy, "its reader has closed it");
      return {};
    },
  };

  /**
   * Ends the views of a region; resolves when the engine has let them go. To be called before a
   * table's schema is changed: on MySQL that waits for everybody who reads the table, and
   * everybody else then waits for it. Until it is changed the caller lets no other be opened.
   */
  async endRegion(region: string, why: string): Promise<void> {
    this.#endings++;
    const ids = [...this.#held].filter(([, { view }]) => view.region === region).map(([id]) => id);
    await Promise.all(ids.map((id) => this.#end(id, why)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endings++;
    await Promise.all([...this.#held.keys()].map((id) => this.#end(id, "the server stops")));
  }

  /** A server that starts to copy anew has given up what it had open. */
  async #supersede(region: string, reader: number | null): Promise<void> {
    if (reader === null) return;
    const ids = [...this.#held]
      .filter(([, held]) => held.reader === reader && held.view.region === region)
      .map(([id]) => id);
    await Promise.all(ids.map((id) => this.#end(id, "its reader has opened another")));
  }

  #hold(view: OpenCopy, reader: number | null): Answer<"openCopy"> {
    const copy = this.#deps.random.id();
    this.#held.set(copy, { view, reader, inUse: 0, stopIdle: this.#startIdle(copy) });
    return { copy, position: view.position, tables: view.tables };
  }

  async #use<T>(copy: string, work: (view: OpenCopy) => Promise<T>): Promise<T> {
    const held = this.#held.get(copy);
    if (held === undefined) throw ended("it was idle for too long, or this server did not open it");
    held.stopIdle();
    held.inUse++;
    try {
      return await work(held.view);
    } finally {
      held.inUse--;
      if (held.inUse === 0 && this.#held.has(copy)) held.stopIdle = this.#startIdle(copy);
    }
  }

  #startIdle(copy: string): () => void {
    const { idleMs } = this.#limits;
    return this.#deps.clock.after(idleMs, () => {
      const view = this.#held.get(copy)?.view;
      this.#deps.reporter.log("warning", "A region is not being copied from here any more: idle", {
        region: view?.region,
        idleMs,
      });
      void this.#end(copy, `nothing was asked of it for ${idleMs} ms`);
    });
  }

  async #end(copy: string, why: string): Promise<void> {
    const held = this.#held.get(copy);
    if (held === undefined) return;
    this.#held.delete(copy);
    held.stopIdle();
    await held.view.end(ended(why));
  }
}

function ended(why: string): MinisqlError {
  return new MinisqlError("UNAVAILABLE", `Cannot go on copying: the view is closed: ${why}`);
}
