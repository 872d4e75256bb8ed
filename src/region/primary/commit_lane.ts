/**
 * The one way into the log: a transaction that has run gets its place, is shipped while it is
 * stored here, and is committed once every replica in sync has it on disk. One after the other, so
 * that the order of the log is the order in which the engine commits.
 */
import { invariant } from "../../base/assert.ts";
import type { EngineSession, Fingerprint } from "../../ports/engine.ts";
import type { LogEntry, LogPosition } from "../../ports/log.ts";
import type {
  AnsweredWrite,
  ChangeBody,
  EntryBody,
  LoggedStatement,
} from "../../protocol/entry.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { booksOf } from "../apply.ts";
import type { RegionCopy } from "../copy.ts";
import { Gate } from "../gate.ts";
import type { Quorum } from "./quorum.ts";

export interface Change {
  /** In a transaction that has run all the statements. */
  readonly session: EngineSession;
  readonly statements: readonly LoggedStatement[];
  readonly answered: readonly AnsweredWrite[];
}

export interface Committed {
  readonly seq: number;
  readonly fingerprints: ReadonlyMap<string, Fingerprint>;
}

export interface LaneDeps {
  readonly copy: RegionCopy;
  readonly quorum: Quorum;
  readonly epoch: number;
  /** Aborts when this primary's time is over. */
  readonly office: AbortSignal;
  /** An entry waits to be shipped, or a commit to be told. */
  readonly wake: () => void;
  /** What has begun cannot be ended: this primary must stop before it does anything else. */
  readonly fail: (why: string) => void;
}

/** For what is written in the database beside the rows. */
const BOOKS_MS = 60_000;

export class CommitLane {
  readonly #deps: LaneDeps;
  readonly #turn = new Gate();
  #unsaved: LogEntry | null = null;
  /** Changes that wait for their turn, each of which tells others of the commits before it. */
  #waiting = 0;
  /** Others have not been told of the last commit. */
  #isUntold = false;

  constructor(deps: LaneDeps) {
    this.#deps = deps;
  }

  /** What has been appended and may not be on disk yet, from a position on. */
  unsaved(from: number): readonly LogEntry[] {
    return this.#unsaved?.seq === from ? [this.#unsaved] : [];
  }

  /** Lets nobody in until the answer is called. */
  close(signal: AbortSignal): Promise<() => void> {
    return this.#turn.enter(signal, true);
  }

  /**
   * Commits the session's transaction as one entry. Raises what the engine says when it cannot be
   * brought to its end (nothing has happened then), and `OUTCOME_UNKNOWN` once it was shipped and
   * this primary's time ends.
   */
  async commit(change: Change): Promise<Committed> {
    const { office, copy, epoch } = this.#deps;
    const leave = await this.#enter();
    try {
      office.throwIfAborted();
      const position = { epoch, seq: copy.last.seq + 1 };
      const fingerprints = await this.#finish(change, position);
      if (fingerprints.size === 0) {
        // Nothing was changed, on no copy: there is nothing to agree on.
        await change.session.rollback();
        return { seq: copy.applied.value, fingerprints };
      }
      office.throwIfAborted();
      const body: ChangeBody = {
        kind: "change",
        statements: change.statements,
        answered: change.answered,
        fingerprints: Object.fromEntries(fingerprints),
        at: Math.floor(copy.deps.clock.wallMicros() / 1000),
      };
      await this.#agree(position, body);
      copy.mayShow(position.seq);
      await this.#commitEngine(change.session);
      copy.noteApplied(position, fingerprints);
      return { seq: position.seq, fingerprints };
    } finally {
      if (this.#waiting === 0) this.#tell();
      leave();
    }
  }

  async #enter(): Promise<() => void> {
    this.#waiting++;
    try {
      return await this.#turn.enter(this.#deps.office, true);
    } finally {
      this.#waiting--;
    }
  }

  /** Writes the books and the fingerprints of what was changed, with which the transaction ends. */
  async #finish(
    { session, answered }: Change,
    position: LogPosition,
  ): Promise<ReadonlyMap<string, Fingerprint>> {
    const books = booksOf(this.#deps.copy, position, answered);
    const options = { timeoutMs: BOOKS_MS };
    const { outcomes, fingerprints } = await session.runAllAndFlush(books, options);
    for (const outcome of outcomes) if (outcome instanceof MinisqlError) throw outcome;
    invariant(fingerprints !== null, "What has gone well has been flushed");
    return fingerprints;
  }

  /**
   * An entry that is applied only after it is agreed on, by whoever holds the lane: resolves when it
   * is committed.
   */
  async append(body: EntryBody): Promise<LogPosition> {
    const { copy, epoch } = this.#deps;
    const position = { epoch, seq: copy.last.seq + 1 };
    await this.#agree(position, body);
    return position;
  }

  /** From here on it may be on other disks, so it must come to a good end or end this office. */
  async #agree(position: LogPosition, body: EntryBody): Promise<void> {
    const { copy, quorum, office, wake, fail } = this.#deps;
    const { log, clock } = copy.deps;
    const entry: LogEntry = { region: copy.region, ...position, body: JSON.stringify(body) };
    const stored = log.append([entry]);
    this.#unsaved = entry;
    this.#isUntold = false;
    wake();
    try {
      await stored;
    } catch (error) {
      const why = (error as Error).message;
      fail(`entry ${position.seq} could not be stored: ${why}`);
      throw unknown(position, why);
    }
    if (this.#unsaved === entry) this.#unsaved = null;
    quorum.local(position.seq);
    const isCommitted = await quorum.committed.reach(position.seq, clock, null, office);
    if (!isCommitted) throw unknown(position, wordsOf(office.reason));
    // Others learn of it while it is committed here, or with the next entry if that waits already.
    this.#isUntold = true;
    if (this.#waiting === 0) this.#tell();
  }

  #tell(): void {
    if (!this.#isUntold) return;
    this.#isUntold = false;
    this.#deps.wake();
  }

  async #commitEngine(session: EngineSession): Promise<void> {
    try {
      await session.commit();
    } catch (error) {
      // All others have it or will: this copy must get it from the log.
      this.#deps.fail(
        `the database did not commit what was agreed on: ${(error as Error).message}`,
      );
      throw new MinisqlError(
        "OUTCOME_UNKNOWN",
        `Cannot tell how the write ended: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
}

function unknown({ seq }: LogPosition, why: string): MinisqlError {
  return new MinisqlError("OUTCOME_UNKNOWN", `Cannot tell whether entry ${seq} stands: ${why}`);
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
