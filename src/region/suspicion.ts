/** That a primary is thought to be gone: why, and since when. */
export class Suspicion {
  #held: { readonly epoch: number; readonly why: string | null; readonly since: number } | null =
    null;

  raise(epoch: number, why: string, now: number): void {
    this.#held = { epoch, why, since: this.#held?.epoch === epoch ? this.#held.since : now };
  }

  /** Why, where it is about the primary of this epoch. */
  of(epoch: number): string | null {
    return this.#held?.epoch === epoch ? this.#held.why : null;
  }

  /** When it was first raised about this primary. */
  get since(): number {
    return this.#held?.since ?? Infinity;
  }

  /** It is not acted on yet: that it is still so must be said again. */
  rest(): void {
    if (this.#held !== null) this.#held = { ...this.#held, why: null };
  }

  drop(): void {
    this.#held = null;
  }
}
