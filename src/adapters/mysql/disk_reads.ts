/** Whether the database has to go to its disk for what is looked up, as it counts itself. */
import type { Clock } from "../../ports/clock.ts";
import type { ChannelPool } from "./channel_pool.ts";

/** It is asked at most this often, and only while there are lookups. */
const ASK_MS = 1000;
/** So many pages from disk for each lookup, and it is the disk that they wait for. */
const PAGES_A_LOOKUP = 0.05;
const COUNTER = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_reads'";

export class DiskReads {
  readonly #clock: Clock;
  readonly #pool: Pick<ChannelPool, "use">;
  #lookups = 0;
  /** Pages read since the server was started, as it said last; null where it has not said. */
  #pages: number | null = null;
  #askedAt = -Infinity;
  #areCommon = false;

  constructor(clock: Clock, pool: Pick<ChannelPool, "use">) {
    this.#clock = clock;
    this.#pool = pool;
  }

  /** As the database told last; it has to be asked twice before anything is known. */
  get areCommon(): boolean {
    return this.#areCommon;
  }

  /** So many more lookups have been made. */
  note(lookups: number): void {
    this.#lookups += lookups;
    const now = this.#clock.now();
    if (now - this.#askedAt < ASK_MS) return;
    this.#askedAt = now;
    // Where it does not say, it stays as it was.
    this.#ask().catch(() => {});
  }

  async #ask(): Promise<void> {
    const lookups = this.#lookups;
    this.#lookups = 0;
    const { rows: [row] } = await this.#pool.use((channel) => channel.command(COUNTER));
    const before = this.#pages;
    this.#pages = Number(row?.[1]);
    if (before !== null) this.#areCommon = this.#pages - before > lookups * PAGES_A_LOOKUP;
  }
}
