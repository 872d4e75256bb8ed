/**
 * The log, on segment files. What is asked for is checked against the regions as they will be
 * once everything waiting is on disk; what is read comes from what is on disk.
 */
import { invariant } from "../../base/assert.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Disk } from "../../ports/disk.ts";
import type { Log, LogDamage, LogEntry, LogPosition, ReadLimit } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import { LINE_BYTES_MAX, type LogRecord } from "./record.ts";
import { recover, type Recovered } from "./recovery.ts";
import type { RegionState } from "./region_state.ts";
import { RegionsAhead } from "./regions_ahead.ts";
import { isFull, Segments } from "./segments.ts";
import { Store, type StoreOptions } from "./store.ts";
import { Writer } from "./writer.ts";

export interface LogDeps {
  /** Stays the caller's, to be closed after the log. */
  readonly disk: Disk;
  readonly random: Random;
}

export interface LogOptions extends StoreOptions {
  /** Appends are refused while more than this waits to be written. */
  readonly waitingBytesMax: number;
}

const OPTIONS: LogOptions = {
  segmentBytes: 64 * 1024 * 1024,
  cacheBytes: 16 * 1024 * 1024,
  reserveBytes: 256 * 1024,
  waitingBytesMax: 256 * 1024 * 1024,
};

/** Offsets are kept in 32 bits, and the last write may begin just before the limit. */
const SEGMENT_BYTES_MAX = 1024 * 1024 * 1024;

/** UTF-8 takes at most three bytes for a UTF-16 unit; the rest is for the other fields. */
const BODY_UNITS_MAX = Math.floor((LINE_BYTES_MAX - 1024 * 1024) / 3);
const WORD_UNITS_MAX = 1024;

const NO_POSITION: LogPosition = { epoch: 0, seq: 0 };

/**
 * Opens the log of a folder, after recovery. Raises `UNSUPPORTED` for files of a newer program or
 * of another log, `UNAVAILABLE` when there is no space to begin, and `DiskError` for a bad disk.
 */
export async function openLog(deps: LogDeps, options: Partial<LogOptions> = {}): Promise<Log> {
  const all = { ...OPTIONS, ...options };
  invariant(all.segmentBytes <= SEGMENT_BYTES_MAX, `No segment holds ${all.segmentBytes} bytes`);
  const recovered = await recover(deps.disk);
  const ahead = new RegionsAhead(recovered.regions);
  const name = recovered.log ?? deps.random.id();
  const segments = new Segments(deps.disk, name, recovered);
  const store = new Store({ disk: deps.disk, segments }, all, recovered.regions, ahead);
  await start(store, recovered);
  const writer = new Writer(store, all.waitingBytesMax);
  return new SegmentLog(store, writer, ahead, recovered.damage);
}

async function start(store: Store, recovered: Recovered): Promise<void> {
  try {
    await store.start(recovered);
  } catch (error) {
    await store.close(false);
    if (!isFull(error)) throw error;
    const message = "Cannot open the log: its disk is full";
    throw new MinisqlError("UNAVAILABLE", message, { cause: error });
  }
}

class SegmentLog implements Log {
  readonly damage: readonly LogDamage[];
  readonly #store: Store;
  readonly #writer: Writer;
  readonly #ahead: RegionsAhead;
  #closed: Promise<void> | null = null;

  constructor(store: Store, writer: Writer, ahead: RegionsAhead, damage: readonly LogDamage[]) {
    this.#store = store;
    this.#writer = writer;
    this.#ahead = ahead;
    this.damage = damage;
  }

  get failed(): Promise<Error> {
    return this.#writer.failed;
  }

  async append(entries: readonly LogEntry[]): Promise<void> {
    this.#check();
    await this.#submit(this.#numbered(entries));
  }

  last(region: string): LogPosition {
    return this.#ahead.get(region)?.last ?? NO_POSITION;
  }

  first(region: string): number {
    return (this.#ahead.get(region)?.base.seq ?? 0) + 1;
  }

  epochAt(region: string, seq: number): number | null {
    const state = this.#ahead.get(region);
    return state === undefined ? (seq === 0 ? 0 : null) : state.epochAt(seq);
  }

  async read(region: string, fromSeq: number, limit: ReadLimit): Promise<readonly LogEntry[]> {
    this.#checkOpen();
    return await this.#store.read(region, fromSeq, limit);
  }

  async truncate(region: string, seq: number): Promise<void> {
    this.#check();
    const state = this.#sound(region);
    if (state === undefined || seq >= state.last.seq) return await this.#submit();
    invariant(
      seq >= state.checkpoint,
      `Region ${region} is applied up to ${state.checkpoint}, it cannot be cut to ${seq}`,
    );
    const epoch = state.epochAt(seq);
    invariant(epoch !== null, `Entry ${seq} of region ${region} is not held`);
    await this.#submit([{ kind: "cut", region, n: state.records + 1, epoch, seq }]);
  }

  async reset(region: string, position: LogPosition): Promise<void> {
    this.#check();
    checkName(region);
    const { epoch, seq } = position;
    const promised = this.promised(region);
    await this.#submit([{ kind: "reset", region, n: this.#next(region), epoch, seq, promised }]);
  }

  async drop(region: string): Promise<void> {
    this.#check();
    if (this.#ahead.get(region) === undefined) return await this.#submit();
    await this.#submit([{ kind: "drop", region, n: this.#next(region) }]);
  }

  async promise(region: string, word: string): Promise<void> {
    this.#check();
    checkName(region);
    invariant(word.isWellFormed() && word.length <= WORD_UNITS_MAX, "The word cannot be stored");
    await this.#submit([{ kind: "promise", region, n: this.#next(region), word }]);
  }

  promised(region: string): string | null {
    return this.#ahead.get(region)?.promised ?? null;
  }

  regions(): readonly string[] {
    return this.#ahead.names;
  }

  async checkpoint(region: string, seq: number): Promise<void> {
    this.#check();
    const state = this.#sound(region);
    // Waits all the same for what came before: a reset, say, that moves the checkpoint.
    if (state === undefined || seq <= state.checkpoint) return await this.#writer.submit([], true);
    const stored = this.#store.state(region);
    const onDisk = stored?.beganWith(state) ? Math.min(stored.last.seq, state.last.seq) : 0;
    invariant(seq <= onDisk, `Entry ${seq} of region ${region} is not on disk`);
    // It counts once it is on disk: only then may what it covers no longer be cut off.
    await this.#writer.submit([{ kind: "checkpoint", region, seq }], true);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#writer.idle();
    await this.#store.close(!this.#writer.broken);
  }

  /** Entries as records, all of them in order or none. */
  #numbered(entries: readonly LogEntry[]): readonly LogRecord[] {
    const ends = new Map<string, { last: LogPosition; n: number }>();
    return entries.map(({ region, epoch, seq, body }) => {
      const state = this.#sound(region);
      const end = ends.get(region) ?? { last: this.last(region), n: state?.records ?? 0 };
      const follows = seq === end.last.seq + 1 && epoch >= end.last.epoch;
      invariant(
        follows,
        `Entry ${seq} of epoch ${epoch} does not follow ${end.last.seq} of epoch ` +
          `${end.last.epoch} in region ${region}`,
      );
      checkName(region);
      checkBody(region, seq, body);
      ends.set(region, { last: { epoch, seq }, n: end.n + 1 });
      return { kind: "entry", region, n: end.n + 1, epoch, seq, body };
    });
  }

  async #submit(records: readonly LogRecord[] = []): Promise<void> {
    for (const record of records) this.#ahead.apply(record);
    await this.#writer.submit(records);
  }

  #next(region: string): number {
    return (this.#ahead.get(region)?.records ?? 0) + 1;
  }

  /** The region, which must not be damaged. */
  #sound(region: string): RegionState | undefined {
    const state = this.#ahead.get(region);
    if (state?.damaged) {
      throw new MinisqlError(
        "DIVERGED",
        `Cannot change the log of region ${region}: it is damaged, and must be reset`,
      );
    }
    return state;
  }

  #check(): void {
    this.#checkOpen();
    this.#writer.check();
  }

  #checkOpen(): void {
    if (this.#closed !== null) {
      throw new MinisqlError("UNAVAILABLE", "Cannot use the log: it is closed");
    }
  }
}

function checkName(region: string): void {
  invariant(region !== "" && region.isWellFormed(), "The region's name cannot be stored");
}

function checkBody(region: string, seq: number, body: string): void {
  const what = `The body of entry ${seq} of region ${region}`;
  invariant(body.length > 0 && body.length <= BODY_UNITS_MAX, `${what} has ${body.length} units`);
  invariant(!body.includes("\n") && body.isWellFormed(), `${what} is not one line of text`);
}
