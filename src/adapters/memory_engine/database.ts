/**
 * A database server in memory that can do what real ones do at their worst: be killed, lose its
 * last commits with the power, run full, lose an answer, hold rows that nobody wrote. It outlives
 * the process that is connected to it, as a real one.
 *
 * It has one lock for all writers. Commits are durable a while after they were answered, as with
 * `innodb_flush_log_at_trx_commit=2`: a power cut takes the last ones, never one without those
 * after it. Statements on tables are durable at once, and all before them.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { WriteLock } from "../sqlite/write_lock.ts";
import type { Tables } from "./define.ts";
import { type StoredRow, TableEdit } from "./table.ts";
import type { Value } from "./values.ts";

export interface MemoryDatabaseOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly lockWaitMs?: number;
  /** What an operation takes at the server; nothing where it is not said. */
  readonly delayMs?: () => number;
  /** How often what is committed is written to disk. */
  readonly flushMs?: number;
}

/** What becomes of a commit whose answer is lost. */
export type LostCommit = "applied" | "not applied";

/** A row to take away, and one to put in: both, to change one. */
export interface Tampering {
  readonly remove?: StoredRow | undefined;
  readonly insert?: readonly Value[];
}

/** A session's side that the server knows. */
export interface Served {
  /** Ends it: what is open is rolled back, and whoever waits gets the error. */
  end(error: MinisqlError): void;
}

const LOCK_WAIT_MS = 50_000;
const FLUSH_MS = 1000;
export const DATABASE = "minisql";

export class MemoryDatabase {
  readonly clock: Clock;
  readonly random: Random;
  readonly sessions = new Set<Served>();
  /** Statements that write fail, as on a full disk. */
  full = false;
  /** The answers to the next commits are lost with their connections. */
  readonly lostCommits: LostCommit[] = [];
  /** Told of every commit, by those who watch the whole. */
  onCommit: ((tables: Tables, before: Tables) => void) | null = null;
  lock: WriteLock;
  readonly #lockWaitMs: number;
  readonly #delayMs: () => number;
  readonly #flushMs: number;
  #tables: Tables = new Map();
  /** Commits that are perhaps not on disk yet, and in front of them one that surely is. */
  #history: { readonly tables: Tables; readonly at: number }[] = [];
  /** Numbers given out for AUTO_INCREMENT, also by transactions that were rolled back. */
  #drawn = new Map<string, number>();
  #up = true;

  constructor({ clock, random, lockWaitMs, delayMs, flushMs }: MemoryDatabaseOptions) {
    this.clock = clock;
    this.random = random;
    this.#lockWaitMs = lockWaitMs ?? LOCK_WAIT_MS;
    this.#delayMs = delayMs ?? (() => 0);
    this.#flushMs = flushMs ?? FLUSH_MS;
    this.lock = new WriteLock(clock, this.#lockWaitMs);
    this.#history = [{ tables: this.#tables, at: -Infinity }];
  }

  /** What is committed. */
  get tables(): Tables {
    return this.#tables;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Others get their turn, for as long as an operation takes. */
  async pause(): Promise<void> {
    const ms = this.#delayMs();
    if (ms > 0) await this.clock.sleep(ms);
    else await null;
  }

  commit(tables: Tables, durable = false): void {
    const before = this.#tables;
    this.#tables = tables;
    if (durable) this.#history = [];
    else this.#flush();
    this.#history.push({ tables, at: durable ? -Infinity : this.clock.now() });
    this.onCommit?.(tables, before);
  }

  /** What is committed is on disk now. */
  makeDurable(): void {
    this.#history = [{ tables: this.#tables, at: -Infinity }];
  }

  /** Forgets all but the last of the commits that surely are on disk. */
  #flush(): void {
    const sure = this.clock.now() - this.#flushMs;
    while ((this.#history[1]?.at ?? Infinity) <= sure) this.#history.shift();
  }

  /** One that begins with the same tables, but for some, and goes its own way. */
  branch(without: readonly string[]): MemoryDatabase {
    const delayMs = this.#delayMs;
    const branch = new MemoryDatabase({ clock: this.clock, random: this.random, delayMs });
    branch.#tables = new Map([...this.#tables].filter(([name]) => !without.includes(name)));
    return branch;
  }

  drawn(table: string): number {
    return this.#drawn.get(table) ?? 1;
  }

  /** Numbers below `next` are never given out again while the server lives. */
  draw(table: string, next: number): void {
    if (next > this.drawn(table)) this.#drawn.set(table, next);
  }

  forgetDrawn(table: string): void {
    this.#drawn.delete(table);
  }

  /** kill -9 of the server: what is open is lost, what is committed is not. */
  kill(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#drawn = new Map();
    const error = new MinisqlError("OUTCOME_UNKNOWN", "Cannot tell how it ended: connection lost");
    for (const session of [...this.sessions]) session.end(error);
    this.lock = new WriteLock(this.clock, this.#lockWaitMs);
  }

  start(): void {
    this.#up = true;
  }

  /** The power goes: the last commits may be lost with it, `all` or some. How many were. */
  cutPower(all = false): number {
    this.kill();
    this.#flush();
    const draw = all ? 0 : this.random.next();
    const unsure = this.#history.length - 1;
    const kept = draw < 0.3
      ? 0
      : draw < 0.6
      ? unsure
      : Math.floor(this.random.next() * (unsure + 1));
    const { tables } = this.#history[kept] as { readonly tables: Tables };
    this.#tables = tables;
    this.#history = [{ tables, at: -Infinity }];
    return unsure - kept;
  }

  /** The connected process is gone: its sessions end once the server notices. */
  disconnect(noticedAfterMs: number): void {
    const gone = [...this.sessions];
    const error = new MinisqlError("OUTCOME_UNKNOWN", "Cannot tell how it ended: client gone");
    this.clock.after(noticedAfterMs, () => {
      for (const session of gone) if (this.sessions.has(session)) session.end(error);
    });
  }

  /**
   * Changes a row behind everybody's back. `noticed`: as another client of the server would do it,
   * by SQL, so that triggers see it; else as a disk would. A transaction that is writing at the
   * moment undoes it when it commits.
   */
  corrupt(name: string, choose: (rows: readonly StoredRow[]) => Tampering, noticed: boolean): void {
    const table = this.#tables.get(name);
    if (table === undefined) return;
    const edit = new TableEdit(table);
    const { remove, insert } = choose(table.rows);
    if (remove !== undefined) edit.remove(remove);
    if (insert !== undefined) edit.insert(insert);
    const changed = edit.finish();
    const tampered = { ...changed, content: noticed ? changed.content : table.content };
    const tables = new Map(this.#tables).set(name, tampered);
    this.#tables = tables;
    this.#history = [{ tables, at: -Infinity }];
  }

  /** The cells of all rows of a table; null where there is none. */
  rowsOf(name: string): readonly (readonly Value[])[] | null {
    return this.#tables.get(name)?.rows.map(({ cells }) => cells) ?? null;
  }
}
