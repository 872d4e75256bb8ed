/** Finds masters in the coordination service, for a client that was told of none. */
import { orAborted } from "../base/abort.ts";
import { activeMaster, mastersInQueue } from "../cluster/masters.ts";
import { Paths } from "../cluster/paths.ts";
import { type Coordinator, CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { Address } from "../ports/network.ts";
import { MinisqlError } from "../protocol/errors.ts";

export class MasterFinder {
  readonly #coordinator: Coordinator;
  readonly #paths: Paths;
  readonly #closed = new AbortController();
  /** Opened when first needed, and then kept: it is needed again when a master dies. */
  #session: Promise<Session> | null = null;

  constructor(coordinator: Coordinator, root?: string) {
    this.#coordinator = coordinator;
    this.#paths = new Paths(root);
  }

  /** The one that leads first, then those that may lead next. Raises `UNAVAILABLE`. */
  async find(signal: AbortSignal): Promise<readonly Address[]> {
    try {
      const session = await orAborted(this.#open(), signal);
      const looks = [activeMaster(session, this.#paths), mastersInQueue(session, this.#paths)];
      const [active, queue] = await orAborted(Promise.all(looks), signal);
      const found = [active ?? [], queue ?? []].flat();
      if (found.length > 0) return found;
      throw new MinisqlError("UNAVAILABLE", "Cannot find a master: none takes part just now");
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error;
      const why = error.code === "no_node"
        ? `no master has ever been under ${this.#paths.root}`
        : error.message;
      throw new MinisqlError("UNAVAILABLE", `Cannot find a master: ${why}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new MinisqlError("UNAVAILABLE", "Cannot find a master: closed"));
    const session = await this.#session?.catch(() => null);
    await session?.close();
  }

  #open(): Promise<Session> {
    if (this.#session !== null) return this.#session;
    const opening = this.#coordinator.open(this.#closed.signal);
    this.#session = opening;
    const forget = () => {
      if (this.#session === opening) this.#session = null;
    };
    opening.then((session) => session.ended).then(forget, forget);
    return opening;
  }
}
