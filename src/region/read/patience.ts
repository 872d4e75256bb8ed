/**
 * When to try the quick way that has failed: not at all for a while, and for longer the more often
 * it failed in a row. A region that is written to all the time is read slowly, and tried again now
 * and then.
 */
interface Record {
  failures: number;
  /** Attempts to be passed up before the next. */
  skips: number;
}

const SKIPS_MAX = 64;

export class Patience {
  readonly #records = new Map<string, Record>();

  /** Whether to try now. */
  allows(names: readonly string[]): boolean {
    let isAllowed = true;
    for (const name of names) {
      const record = this.#records.get(name);
      if (record === undefined || record.skips === 0) continue;
      record.skips--;
      isAllowed = false;
    }
    return isAllowed;
  }

  succeeded(names: readonly string[]): void {
    if (this.#records.size === 0) return;
    for (const name of names) this.#records.delete(name);
  }

  failed(names: readonly string[]): void {
    for (const name of names) {
      const failures = (this.#records.get(name)?.failures ?? 0) + 1;
      this.#records.set(name, { failures, skips: Math.min(SKIPS_MAX, 2 ** failures - 1) });
    }
  }
}
