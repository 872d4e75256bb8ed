/** Compiled patterns, kept by their text. */

/** A statement uses few patterns, so a full cache simply starts again. */
const PATTERNS_MAX = 200;

export class PatternCache<T> {
  readonly #kept = new Map<string, T>();

  get(key: string, make: () => T): T {
    const found = this.#kept.get(key);
    if (found !== undefined) return found;
    if (this.#kept.size >= PATTERNS_MAX) this.#kept.clear();
    const made = make();
    this.#kept.set(key, made);
    return made;
  }
}
