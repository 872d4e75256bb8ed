/** A steady use of the cluster in the background, so that failures hit somebody. */
import type { Client } from "../../../client/api.ts";
import type { Clock } from "../../../ports/clock.ts";
import { MinisqlError } from "../../../protocol/errors.ts";
import { duration } from "./words.ts";

const TABLE = "demo_load";
const USERS = 4;
/** A read or write of each user so often: enough to be hit, little enough to leave the shell free. */
const PAUSE_MS = 20;
/** Every so many of a user's statements is a write. */
const WRITE_EVERY = 4;
const ROWS = 100;

interface Counts {
  reads: number;
  writes: number;
  errors: number;
  slowestReadMs: number;
  slowestWriteMs: number;
}

const NOTHING: Counts = { reads: 0, writes: 0, errors: 0, slowestReadMs: 0, slowestWriteMs: 0 };

export class Load {
  readonly #client: Client;
  readonly #clock: Clock;
  #stop: AbortController | null = null;
  #users: Promise<unknown> = Promise.resolve();
  #counts: Counts = { ...NOTHING };
  #lastError = "";

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#stop !== null;
  }

  async start(): Promise<void> {
    if (this.#stop !== null) return;
    await this.#client.query(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (id INT PRIMARY KEY, hits INT NOT NULL)`,
    );
    const rows = Array.from({ length: ROWS }, (_, id) => `(${id}, 0)`).join(", ");
    await this.#client.query(`INSERT IGNORE INTO ${TABLE} VALUES ${rows}`);
    this.#counts = { ...NOTHING };
    const stop = new AbortController();
    this.#stop = stop;
    const users = Array.from({ length: USERS }, (_, user) => this.#use(user, stop.signal));
    this.#users = Promise.all(users);
  }

  /** Ends it, and removes its table. */
  async stop(): Promise<void> {
    if (this.#stop === null) return;
    this.#stop.abort(new Error("the load was switched off"));
    this.#stop = null;
    await this.#users;
    await this.#client.query(`DROP TABLE IF EXISTS ${TABLE}`);
  }

  /** What was done since the last time this was asked; null while it is off, or nothing was. */
  take(): string | null {
    if (this.#stop === null || this.#counts.reads + this.#counts.writes === 0) return null;
    const { reads, writes, errors, slowestReadMs, slowestWriteMs } = this.#counts;
    this.#counts = { ...NOTHING };
    const failed = errors === 0 ? "no errors" : `${errors} errors (${this.#lastError})`;
    return `${reads} reads and ${writes} writes, ${failed}; the slowest read took ` +
      `${duration(slowestReadMs)}, the slowest write ${duration(slowestWriteMs)}`;
  }

  async #use(user: number, signal: AbortSignal): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      const id = (user * 31 + turn * 7) % ROWS;
      if (turn % WRITE_EVERY === 0) await this.#write(id);
      else await this.#read(id);
      await this.#clock.sleep(PAUSE_MS, signal).catch(() => {});
    }
  }

  async #write(id: number): Promise<void> {
    const ms = await this.#time(`UPDATE ${TABLE} SET hits = hits + 1 WHERE id = ${id}`);
    this.#counts.writes++;
    this.#counts.slowestWriteMs = Math.max(this.#counts.slowestWriteMs, ms);
  }

  async #read(id: number): Promise<void> {
    const ms = await this.#time(`SELECT hits FROM ${TABLE} WHERE id = ${id}`);
    this.#counts.reads++;
    this.#counts.slowestReadMs = Math.max(this.#counts.slowestReadMs, ms);
  }

  async #time(sql: string): Promise<number> {
    const begun = this.#clock.now();
    try {
      await this.#client.query(sql);
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      this.#counts.errors++;
      this.#lastError = error.message;
    }
    return this.#clock.now() - begun;
  }
}
