/**
 * What the database says of tables' fingerprints now, asked on behalf of all who want to know at
 * about the same time: whoever asks while a look is under way shares the one after it, which begins
 * after they asked.
 */
import type { Fingerprint } from "../../ports/engine.ts";
import type { Wait } from "./places.ts";
import type { ReadSessions } from "./sessions.ts";

interface Look {
  readonly now: Promise<Fingerprint | null>;
  /** The one to follow, once somebody wants it. */
  next: Promise<Fingerprint | null> | null;
}

export class KeptLooks {
  readonly #sessions: ReadSessions;
  readonly #limitMs: number;
  readonly #looks = new Map<string, Look>();

  constructor(sessions: ReadSessions, limitMs: number) {
    this.#sessions = sessions;
    this.#limitMs = limitMs;
  }

  /** As it is at some moment after the call; null for no such table. */
  async after(table: string): Promise<Fingerprint | null> {
    const look = this.#looks.get(table);
    if (look === undefined) return await this.#begin(table);
    look.next ??= look.now.catch(() => {}).then(() => this.#begin(table));
    return await look.next;
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
    const wait: Wait = { withinMs: this.#limitMs, signal: NEVER };
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
