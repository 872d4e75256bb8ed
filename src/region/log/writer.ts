/**
 * Group commit. Changes that wait are written together and put on disk by one sync; while a sync
 * runs, the next ones gather. Changes are told of their success in the order they came.
 */
import { Deferred } from "../../base/deferred.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { LogRecord } from "./record.ts";
import { LINE_BYTES_EXTRA } from "./line.ts";
import { isFull, type Written } from "./segments.ts";

/** One sync covers no more than this, so that a flood does not keep the first waiting. */
const SYNC_BYTES_MAX = 4 * 1024 * 1024;

/** What a writer stands on. One thing is asked at a time. */
export interface WriterStore {
  /** Makes ready for more: changes to the next segment when this one has its size. */
  prepare(): Promise<void>;
  /** Writes in order. Raises `full` having undone it. */
  write(records: readonly LogRecord[]): Promise<readonly Written[]>;
  sync(): Promise<void>;
  /** Takes note of records that are on disk now. */
  stored(written: readonly Written[]): void;
  /** What waited is refused: takes back all that is not known to be on disk. */
  refused(): void;
  /** Lets go what is not needed any more. */
  collect(): Promise<void>;
  /** Gives up the space kept back; false when there is none. */
  release(): Promise<boolean>;
  /** The disk has failed: what was not synced must not be taken for stored later. */
  abandon(): Promise<void>;
}

interface Change {
  readonly records: readonly LogRecord[];
  /** A checkpoint, which may make room on a full disk. */
  readonly frees: boolean;
  readonly bytes: number;
  readonly done: Deferred<void>;
}

export class Writer {
  readonly #store: WriterStore;
  readonly #waitingBytesMax: number;
  #waiting: Change[] = [];
  #waitingBytes = 0;
  /** Changes that are being written or synced. */
  #underWay: Change[] = [];
  /** Changes that did not fit. Until the disk knows that they were undone, they may be there. */
  #unfit: readonly Change[] = [];
  #running: Promise<void> | null = null;
  #error: Error | null = null;
  readonly #failed = new Deferred<Error>();

  constructor(store: WriterStore, waitingBytesMax: number) {
    this.#store = store;
    this.#waitingBytesMax = waitingBytesMax;
  }

  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  /** Nothing more will be written: the log has failed. */
  get broken(): boolean {
    return this.#error !== null;
  }

  /** Raises unless changes are taken. */
  check(): void {
    if (this.#error !== null) throw unusable(this.#error);
    if (this.#waitingBytes > this.#waitingBytesMax) {
      throw new MinisqlError(
        "UNAVAILABLE",
        `Cannot append to the log: ${this.#waitingBytes} bytes wait to be written`,
      );
    }
  }

  /** Resolves when the records are on disk. No records: when everything before is. */
  submit(records: readonly LogRecord[], frees = false): Promise<void> {
    let bytes = 0;
    for (const record of records) {
      bytes += LINE_BYTES_EXTRA + (record.kind === "entry" ? record.body.length : 0);
    }
    const done = new Deferred<void>();
    this.#waiting.push({ records, frees, bytes, done });
    this.#waitingBytes += bytes;
    this.#running ??= this.#run();
    return done.promise;
  }

  /** Resolves when nothing is waiting or under way any more, well or not. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    // Changes of the same turn are taken together.
    await null;
    while (this.#waiting.length > 0) {
      try {
        await this.#cycle();
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
        await this.#store.abandon();
      }
    }
    this.#running = null;
  }

  async #cycle(): Promise<void> {
    const written: Written[] = [];
    const full = await this.#write(written);
    if (written.length > 0 || full !== null) await this.#store.sync();
    this.#store.stored(written);
    const done = this.#underWay;
    const freeing = done.filter((change) => change.frees);
    for (const change of done) if (!change.frees) change.done.resolve();
    const kept = full === null ? [] : this.#refuse(full);
    this.#underWay = [...freeing, ...kept];
    if (freeing.length > 0) await this.#store.collect();
    for (const change of freeing) change.done.resolve();
    this.#underWay = [...kept];
    if (full !== null && kept.length > 0) await this.#insist(kept, full);
  }

  /** Writes what waits. Answers why it did not, on a full disk. */
  async #write(written: Written[]): Promise<MinisqlError | null> {
    try {
      await this.#store.prepare();
    } catch (error) {
      return noSpace(error);
    }
    const changes = this.#take(SYNC_BYTES_MAX);
    try {
      await this.#writeAll(changes, written);
      return null;
    } catch (error) {
      const full = noSpace(error);
      this.#unfit = changes;
      this.#underWay.length -= changes.length;
      return full;
    }
  }

  /** Takes what waits, up to so many bytes, but one change at least. */
  #take(bytesMax: number): readonly Change[] {
    let bytes = 0;
    let count = 0;
    for (const change of this.#waiting) {
      if (count > 0 && bytes + change.bytes > bytesMax) break;
      bytes += change.bytes;
      count++;
    }
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#waitingBytes -= bytes;
    this.#underWay.push(...taken);
    return taken;
  }

  /**
   * Refuses all that waits: later changes build on those that did not fit. Checkpoints build on
   * nothing and make space; they are answered, to be tried once more.
   */
  #refuse(full: MinisqlError): readonly Change[] {
    const refused = [...this.#unfit, ...this.#waiting];
    this.#unfit = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#store.refused();
    for (const change of refused) if (!change.frees) change.done.reject(full);
    return refused.filter((change) => change.frees);
  }

  /** Writes checkpoints into the space kept back for them. */
  async #insist(checkpoints: readonly Change[], full: MinisqlError): Promise<void> {
    const written: Written[] = [];
    const stored = checkpoints.every((change) => change.records.length === 0) ||
      await this.#store.release() && await this.#fits(checkpoints, written);
    await this.#store.sync();
    this.#store.stored(written);
    if (stored) await this.#store.collect();
    this.#underWay = [];
    for (const change of checkpoints) {
      if (stored) change.done.resolve();
      else change.done.reject(full);
    }
  }

  async #fits(changes: readonly Change[], written: Written[]): Promise<boolean> {
    try {
      await this.#writeAll(changes, written);
      return true;
    } catch (error) {
      noSpace(error);
      return false;
    }
  }

  async #writeAll(changes: readonly Change[], written: Written[]): Promise<void> {
    const records = changes.flatMap((change) => change.records);
    if (records.length > 0) {
      for (const each of await this.#store.write(records)) written.push(each);
    }
  }

  /** What was under way may be on disk or not; what waited is not and never will be. */
  #fail(error: Error): void {
    this.#error = error;
    const underWay = [...this.#underWay, ...this.#unfit];
    const waiting = this.#waiting;
    this.#underWay = [];
    this.#unfit = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#store.refused();
    for (const change of underWay) {
      change.done.reject(
        new MinisqlError(
          "OUTCOME_UNKNOWN",
          "Cannot tell whether the log has stored the change: it has failed",
          { cause: error },
        ),
      );
    }
    for (const change of waiting) change.done.reject(unusable(error));
    this.#failed.resolve(error);
  }
}

function unusable(error: Error): MinisqlError {
  return new MinisqlError("UNAVAILABLE", "Cannot use the log: it has failed", {
    cause: error,
  });
}

/** The refusal of a full disk. Any other failure is raised on. */
function noSpace(error: unknown): MinisqlError {
  if (!isFull(error)) throw error;
  return new MinisqlError("UNAVAILABLE", "Cannot append to the log: its disk is full", {
    cause: error,
  });
}
