/** Who waits for which node to change, and the limit on how many may. */
import type { Observed } from "../../ports/coordinator.ts";
import type { WatchKind } from "./transport.ts";

/** Past this many the oldest are told to look again, so that forgotten ones cannot pile up. */
const OBSERVATIONS_MAX = 65_536;

interface Observation {
  readonly kind: WatchKind;
  readonly path: string;
  readonly resolve: () => void;
}

export class Observations {
  readonly #limit: number;
  /** In order of age. */
  readonly #all = new Set<Observation>();
  readonly #nodes = new Map<string, Set<Observation>>();
  readonly #children = new Map<string, Set<Observation>>();

  constructor(limit = OBSERVATIONS_MAX) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#all.size;
  }

  add<T>(kind: WatchKind, path: string, value: T): Observed<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const observation = { kind, path, resolve };
    this.#all.add(observation);
    const paths = this.#pathsOf(kind);
    const same = paths.get(path) ?? new Set();
    paths.set(path, same.add(observation));
    const [oldest] = this.#all;
    if (this.#all.size > this.#limit && oldest !== undefined) this.#resolve(oldest);
    return { value, changed: promise, release: () => this.#resolve(observation) };
  }

  /** A watch has fired: whoever waits on it is told. */
  fire(kind: WatchKind, path: string): void {
    for (const observation of this.#pathsOf(kind).get(path) ?? []) this.#resolve(observation);
  }

  /** Any change may have been missed. */
  fireAll(): void {
    for (const observation of this.#all) this.#resolve(observation);
  }

  #pathsOf(kind: WatchKind): Map<string, Set<Observation>> {
    return kind === "node" ? this.#nodes : this.#children;
  }

  #resolve(observation: Observation): void {
    observation.resolve();
    if (!this.#all.delete(observation)) return;
    const paths = this.#pathsOf(observation.kind);
    const same = paths.get(observation.path);
    same?.delete(observation);
    if (same?.size === 0) paths.delete(observation.path);
  }
}
