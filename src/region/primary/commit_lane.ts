/**
 * The one way into the log: a transaction that has run gets its place, is shipped while it is
 * stored here, and is committed once every replica in sync has it on disk. One after the other, so
 * that the order of the log is the order in which the engine commits.
 */
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
import { moveFault } from "../books.ts";
import type { RegionCopy } from "../copy.ts";
import { Gate } from "../gate.ts";
import type { Quorum } from "./quorum.ts";

export interface Change {
  /** In a transaction that has run all the statements. */
  readonly session: EngineSession;
  readonly statements: readonly LoggedStatement[];
  readonly answered: readonly AnsweredWrite[];
  /** Where the lane was entered before the statements ran. */
  readonly place?: Place | undefined;
  /** Where they have been flushed there. */
  readonly fingerprints?: ReadonlyMap<string, Fingerprint> | null;
}

/** In the lane; to be called on leaving it. */
export type Place = () => void;

export interface Committed {
  readonly seq: number;
  readonly fingerprints: ReadonlyMap<string, Fingerprint>;
  /** Resolves when the session's transaction is over here too; never rejects. */
  readonly ended: Promise<void>;
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
   * Commits the session's transaction as one entry, and resolves when that is agreed on: then it
   * stands, whatever becomes of this copy. Raises what the engine says when the transaction cannot
   * be brought so far (nothing has happened then), and `OUTCOME_UNKNOWN` once it was shipped and
   * this primary's time ends.
   */
  async commit(change: Change): Promise<Committed> {
    const leave = change.place ?? await this.enter();
    let ended: Promise<void> | null = null;
    try {
      const { office, copy, epoch } = this.#deps;
      const { session, statements, answered } = change;
      office.throwIfAborted();
      const fingerprints = change.fingerprints ?? await session.flushFingerprints();
      if (fingerprints.size === 0) {
        // Nothing was changed, on no copy: there is nothing to agree on.
        await session.rollback();
        return { seq: copy.applied.value, fingerprints, ended: Promise.resolve() };
      }
      office.throwIfAborted();
      const body: ChangeBody = {
        ...{ kind: "change", statements, answered },
        fingerprints: Object.fromEntries(fingerprints),
        at: Math.floor(copy.deps.clock.wallMicros() / 1000),
      };
      const position = { epoch, seq: copy.last.seq + 1 };
      await this.#agree(position, body);
      copy.mayShow(position.seq);
      ended = this.#commitHere(change, position, fingerprints).finally(leave);
      return { seq: position.seq, fingerprints, ended };
    } finally {
      if (ended === null) leave();
    }
  }

  /** Nobody is on the way before who enters; resolves with what is to be called on leaving. */
  async enter(): Promise<Place> {
    this.#waiting++;
    try {
      return this.#placeOf(await this.#turn.enter(this.#deps.office, true));
    } finally {
      this.#waiting--;
    }
  }

  /** At once; null where somebody is on the way. */
  enterNow(): Place | null {
    const turn = this.#turn.enterAloneNow();
    return turn === null ? null : this.#placeOf(turn.leave);
  }

  #placeOf(leave: () => void): Place {
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      if (this.#waiting === 0) this.#tell();
      leave();
    };
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

  /** All others have it or will; should it fail here, this copy must get it from the log. */
  async #commitHere(
    { session, answered }: Change,
    position: LogPosition,
    fingerprints: ReadonlyMap<string, Fingerprint>,
  ): Promise<void> {
    const { copy, fail } = this.#deps;
    try {
      await session.commit(booksOf(copy, position, answered));
      copy.noteApplied(position, fingerprints);
    } catch (error) {
      const { message } = moveFault(error as Error);
      fail(`the database did not commit what was agreed on: ${message}`);
      if (session.usable) await session.rollback().catch(() => {});
    }
  }
}

function unknown({ seq }: LogPosition, why: string): MinisqlError {
  return new MinisqlError("OUTCOME_UNKNOWN", `Cannot tell whether entry ${seq} stands: ${why}`);
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
