/**
 * The last write of each client session and what it was answered, so that a write sent again is
 * answered again and not done again. What is under way is joined.
 */
import { MinisqlError } from "../../protocol/errors.ts";
import type { SessionBook } from "../books.ts";

export interface Numbered {
  readonly session: string;
  readonly n: number;
}

interface Last {
  readonly n: number;
  readonly seq: number;
  readonly result: string;
}

export interface Answered {
  readonly seq: number;
  /** As JSON. */
  readonly result: string;
}

export class AnsweredWrites<T> {
  readonly #last = new Map<string, Last>();
  readonly #underWay = new Map<string, { readonly n: number; readonly outcome: Promise<T> }>();
  readonly #keptEntries: number;
  #newest = 0;

  constructor(keptEntries: number) {
    this.#keptEntries = keptEntries;
  }

  load(books: readonly SessionBook[]): void {
    this.#last.clear();
    for (const { session, n, seq, result } of books) this.#last.set(session, { n, seq, result });
  }

  note(numbered: Numbered, seq: number, result: string): void {
    // Those that wrote last stand at the end of the map.
    this.#last.delete(numbered.session);
    this.#last.set(numbered.session, { n: numbered.n, seq, result });
    this.#newest = Math.max(this.#newest, seq);
    for (const [session, last] of this.#last) {
      if (last.seq > this.#newest - this.#keptEntries) break;
      this.#last.delete(session);
    }
  }

  /** What this very write was answered before; raises for one that a later one has overtaken. */
  find({ session, n }: Numbered): Answered | null {
    const last = this.#last.get(session);
    if (last === undefined || last.n < n) return null;
    if (last.n === n) return { seq: last.seq, result: last.result };
    throw new MinisqlError(
      "BAD_REQUEST",
      `Cannot answer write ${n} of session ${session} any more: write ${last.n} came after it`,
    );
  }

  /** Does it, unless it is under way already: then that one's outcome is this one's too. */
  once(numbered: Numbered, action: () => Promise<T>): Promise<T> {
    const { session, n } = numbered;
    const running = this.#underWay.get(session);
    if (running?.n === n) return running.outcome;
    if (running !== undefined) {
      const why = `Cannot begin write ${n} of session ${session}: write ${running.n} is under way`;
      return Promise.reject(new MinisqlError("BAD_REQUEST", why));
    }
    const outcome = action().finally(() => this.#underWay.delete(session));
    outcome.catch(() => {});
    this.#underWay.set(session, { n, outcome });
    return outcome;
  }
}
