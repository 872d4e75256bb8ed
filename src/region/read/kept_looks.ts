/**
 * What the database says of tables' fingerprints now, asked on behalf of all who want to know at
 * about the same time: whoever asks while a look is under way shares the one after it, which begins
 * after they asked.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Fingerprint } from "../../ports/engine.ts";
import type { Wait } from "./places.ts";
import type { ReadSessions } from "./sessions.ts";

export interface KeptLooksOptions {
  /** What a look may take. */
  readonly limitMs: number;
  /** Whether very many want to know at the moment. */
  readonly isCrowded: () => boolean;
  /** How long the next look waits then for more to share it. */
  readonly gatherMs: number;
}

interface Look {
  readonly now: Promise<Fingerprint | null>;
  /** The one to follow, once somebody wants it. */
  next: Promise<Fingerprint | null> | null;
}

export class KeptLooks {
  readonly #sessions: ReadSessions;
  readonly #clock: Clock;
  readonly #options: KeptLooksOptions;
  readonly #looks = new Map<string, Look>();

  constructor(sessions: ReadSessions, clock: Clock, options: KeptLooksOptions) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#options = options;
  }

  /** As it is at some moment after the call; null for no such table. */
  async after(table: string): Promise<Fingerprint | null> {
    const look = this.#looks.get(table);
    if (look === undefined) return await this.#begin(table);
    look.next ??= this.#gather(look.now).then(() => this.#begin(table));
    return await look.next;
  }

  /** Where many read, the next look is for more of them the later it begins. */
  async #gather(now: Look["now"]): Promise<void> {
    await now.catch(() => {});
    const { isCrowded, gatherMs } = this.#options;
    if (isCrowded()) await this.#clock.sleep(gatherMs);
  }

  #begin(table: string): Promise<Fingerprint | null> {
    const now = this.#read(table);
    const look: Look = { now, next: null };
    this.#looks.set(table, look);
    const done = () => {
      if (this.#looks.get(table) === look && look.next === null) this.#looks.delete(table);
    };
    now.then(done, done);
    return now;
  }

  async #read(table: string): Promise<Fingerprint | null> {
    // Shared by many, so it ends with none of them.
    const wait: Wait = { withinMs: this.#options.limitMs, signal: NEVER };
    for (;;) {
      let isStale = false;
      try {
        return await this.#sessions.use(wait, async ({ session, isUsed }) => {
          try {
            return await session.fingerprint(table);
          } finally {
            isStale = isUsed && !session.usable;
          }
        });
      } catch (error) {
        if (!isStale) throw error;
      }
    }
  }
}

const NEVER = new AbortController().signal;
