/**
 * What a process holds of the world, in a process that can be ended while this one lives on: after
 * the end nothing it asks for is done or answered, and all that it had open is closed.
 */

type Callable = (...args: unknown[]) => unknown;

export interface MortalDeps {
  readonly clock: { sleep(ms: number): Promise<void> };
  /** How long the end waits for what is under way. */
  readonly settleMs: number;
}

export class Mortal {
  readonly #deps: MortalDeps;
  /** What was opened through it, in that order, with the work that is under way. */
  readonly #open = new Set<object>();
  readonly #underWay = new Set<Promise<unknown>>();
  #ended = false;

  constructor(deps: MortalDeps) {
    this.#deps = deps;
  }

  /** The same object, until the end. Objects that it gives are wrapped in the same way. */
  wrap<T extends object>(target: T): T {
    if ("close" in target) this.#open.add(target);
    return new Proxy(target, {
      get: (_target, property) => {
        const value = Reflect.get(target, property, target);
        if (typeof value === "function") {
          return (...args: unknown[]) => this.#call(target, property, value as Callable, args);
        }
        return value instanceof Promise ? this.#answer(value) : value;
      },
    });
  }

  /**
   * Ends it: nothing is answered any more. Resolves when what was under way has come to rest and
   * everything is closed, the last opened first.
   */
  async end(): Promise<void> {
    this.#ended = true;
    const atRest = Promise.allSettled(this.#underWay);
    await Promise.race([atRest, this.#deps.clock.sleep(this.#deps.settleMs)]);
    for (const each of [...this.#open].toReversed()) await close(each);
    this.#open.clear();
  }

  #call(target: object, property: PropertyKey, method: Callable, args: unknown[]): unknown {
    if (this.#ended) return new Promise(() => {});
    if (property === "close") this.#open.delete(target);
    const value = method.apply(target, args);
    if (value instanceof Promise) return this.#answer(value);
    return isOpened(value) ? this.wrap(value) : value;
  }

  async #answer(work: Promise<unknown>): Promise<unknown> {
    this.#underWay.add(work);
    try {
      const value = await work;
      return isOpened(value) ? this.wrap(value) : value;
    } finally {
      this.#underWay.delete(work);
      if (this.#ended) await new Promise<never>(() => {});
    }
  }
}

/** Something with a life of its own: a file, a session, a stream of rows. */
function isOpened(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    ("close" in value || Symbol.asyncIterator in value || "next" in value);
}

async function close(opened: object): Promise<void> {
  try {
    await (opened as { close(): unknown }).close();
  } catch {
    // Closed already, or broken by the end of something it stood on.
  }
}
