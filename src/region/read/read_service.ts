/**
 * Answers reads from this server's copies. What is answered comes from one moment of the database,
 * in which the position is known and, for the levels that vote, the fingerprints that were voted on.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Engine, EngineSession } from "../../ports/engine.ts";
import type { RowsContext } from "../../protocol/handlers.ts";
import type { Answer } from "../../protocol/messages.ts";
import { comparison } from "./comparable.ts";
import { KeptLooks } from "./kept_looks.ts";
import type { ReadLimits } from "./limits.ts";
import { giveUp, Outvoted } from "./outvoted.ts";
import { claims, openViews, type Part } from "./parts.ts";
import { requireDefinitions } from "./pieces.ts";
import { Patience } from "./patience.ts";
import type { Poll } from "./poll.ts";
import { pump } from "./pump.ts";
import { Missed, QuickRead } from "./quick_read.ts";
import { Read, type ReadRequest } from "./read.ts";
import { recount } from "./recount.ts";
import { type Lent, ReadSessions } from "./sessions.ts";
import { Changing, isWorthAnotherTry, readFault, unlessBehind, type View } from "./snapshot.ts";
import { readStatement } from "./statement.ts";

export interface ReadDeps {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly poll: Poll;
  readonly limits: ReadLimits;
  /** Told of each read that was answered. */
  readonly onRead?: (regions: readonly string[], rows: number, bytes: number) => void;
}

/** What a read is tried for in all, where sessions were stale or a schema was changed meanwhile. */
const TRIES = 3;

export class ReadService {
  readonly #deps: ReadDeps;
  readonly #sessions: ReadSessions;
  /** Of their own: reads that hold all others wait for what is looked at with these. */
  readonly #lookSessions: ReadSessions;
  readonly looks: KeptLooks;
  readonly #patience = new Patience();

  constructor(deps: ReadDeps) {
    const { limits } = deps;
    this.#deps = deps;
    this.#sessions = new ReadSessions(deps, limits.sessionsMax);
    this.#lookSessions = new ReadSessions(deps, limits.lookSessionsMax);
    this.looks = new KeptLooks(this.#lookSessions, deps.clock, {
      limitMs: limits.lookMs,
      isCrowded: this.#isCrowded,
      gatherMs: limits.gatherMs,
    });
  }

  readonly #isCrowded = (): boolean => this.#sessions.inUse >= this.#deps.limits.crowd;

  /** Reads that wait for a session. */
  get waiting(): number {
    return this.#sessions.waiting;
  }

  async close(): Promise<void> {
    await Promise.all([this.#sessions.close(), this.#lookSessions.close()]);
  }

  /** Sends the rows and answers how it ended, and what the answer stands on. */
  async read(request: ReadRequest, context: RowsContext): Promise<Answer<"query">> {
    const { clock, limits, onRead } = this.#deps;
    const read = new Read(request, context, clock, limits);
    let answer: Answer<"query">;
    try {
      answer = await this.#look(read);
    } catch (error) {
      if (!(error instanceof Outvoted)) throw readFault(error);
      // Nobody is accused for what a moment's look said.
      await clock.sleep(Math.min(limits.secondLookMs, read.leftMs), read.signal);
      read.out.reset();
      answer = await this.#lookAgain(read);
    }
    onRead?.(read.regions, read.out.rows, read.out.bytes);
    return answer;
  }

  async #lookAgain(read: Read): Promise<Answer<"query">> {
    try {
      return await this.#look(read);
    } catch (error) {
      throw error instanceof Outvoted ? giveUp(error) : readFault(error);
    }
  }

  async #look(read: Read): Promise<Answer<"query">> {
    for (let tries = 1;; tries++) {
      try {
        for (const part of read.parts) await this.#ready(part, read);
        return await this.#quick(read) ?? await this.#slow(read);
      } catch (error) {
        if (error instanceof Changing && !read.out.isOpen) await this.#outlast(error, read);
        else if (!(error instanceof Passing)) throw error;
        else if (tries === TRIES) throw error.cause;
        read.out.reset();
      }
    }
  }

  /** Null where it could not be done that way. */
  async #quick(read: Read): Promise<Answer<"query"> | null> {
    const regions = read.regions;
    const mayBe = read.isPlain && read.request.level !== "recount";
    if (!mayBe || !this.#patience.allows(regions)) return null;
    const { poll, engine: { lookups } } = this.#deps;
    const quick = QuickRead.of({
      ...{ poll, lookups, looks: this.looks, isCrowded: this.#isCrowded },
      withSession: (use) => this.#use(read, use),
    }, read);
    if (quick === null) return null;
    try {
      const answer = await quick.run();
      this.#patience.succeeded(regions);
      return answer;
    } catch (error) {
      if (!(error instanceof Missed)) throw error;
      this.#patience.failed(regions);
      read.out.reset();
      return null;
    }
  }

  async #slow(read: Read): Promise<Answer<"query">> {
    return await this.#use(read, async (session) => {
      try {
        return await this.#answer(session, read);
      } finally {
        if (session.usable) await session.rollback().catch(() => {});
      }
    });
  }

  async #use<T>(read: Read, use: (session: EngineSession) => Promise<T>): Promise<T> {
    const wait = { withinMs: read.leftMs, signal: read.signal };
    const sessions = read.request.stage ?? this.#sessions;
    return await sessions.use(wait, async (lent) => {
      try {
        return await use(lent.session);
      } catch (error) {
        throw isPassing(error, lent, read) ? new Passing(error) : error;
      }
    });
  }

  /** Waits until the copy may be read at the position that the client has seen. */
  async #ready({ replica, after }: Part, read: Read): Promise<void> {
    const refusal = replica.refusal();
    if (refusal !== null) throw refusal;
    const { limits } = this.#deps;
    const withinMs = Math.min(limits.reachMs, read.leftMs);
    const isLatest = read.request.level === "latest";
    const latest = isLatest ? await replica.confirm(withinMs, read.signal) : 0;
    const least = Math.max(after, latest);
    if (replica.applied < least) await replica.reach(least, withinMs, read.signal);
    // A commit under way is over in a moment, and it is known again what shows.
    if (replica.visible > replica.applied && read.request.level !== "fast") {
      await replica.reach(replica.visible, limits.stillMs, read.signal).catch(unlessBehind);
    }
  }

  /** Waits until the schema change is over, as far as that is a matter of moments. */
  async #outlast({ region, seq }: Changing, read: Read): Promise<void> {
    const part = read.parts.find(({ replica }) => replica.region === region);
    const withinMs = Math.min(this.#deps.limits.reachMs, read.leftMs);
    await part?.replica.reach(seq + 1, withinMs, read.signal);
  }

  async #answer(session: EngineSession, read: Read): Promise<Answer<"query">> {
    const { level, statement } = read.request;
    switch (level) {
      case "fast":
        return await this.#fast(session, read);
      case "voted":
        return await this.#voted(session, read);
      case "latest":
        return await this.#latest(session, read);
      case "recount": {
        // What is each server's own can only be vouched for by what it is made of.
        if (!read.isPlain || statement.kind === "pieces") return await this.#voted(session, read);
        const compared = await comparison(statement.sql, read.parts);
        if (!compared.comparable) return await this.#voted(session, read);
        const { clock, limits, poll } = this.#deps;
        const { ordered } = compared;
        return await recount({ clock, limits, poll }, session, read, { statement, ordered });
      }
    }
  }

  async #fast(session: EngineSession, read: Read): Promise<Answer<"query">> {
    // Pieces are cut for one definition of the tables, which their fingerprints tell.
    const isCut = read.request.statement.kind === "pieces";
    const parts = isCut ? read.parts : read.parts.map((part) => ({ ...part, tables: [] }));
    const views = await this.#views(session, read, parts);
    return await this.#pump(session, read, views, Promise.resolve());
  }

  /** The primary is judged by nobody here, but by what it has itself committed. */
  async #latest(session: EngineSession, read: Read): Promise<Answer<"query">> {
    const views = await this.#views(session, read);
    for (const claim of claims(read.parts, views)) this.#deps.poll.requireUnchanged(claim);
    return await this.#pump(session, read, views, Promise.resolve());
  }

  async #voted(session: EngineSession, read: Read): Promise<Answer<"query">> {
    const { poll } = this.#deps;
    const views = await this.#views(session, read);
    const votes = claims(read.parts, views).map((claim) => poll.pass(claim, read.signal));
    const leave = Promise.all(votes);
    const answer = await this.#pump(session, read, views, leave);
    return { ...answer, receipt: read.receipt(views, await leave) };
  }

  async #views(
    session: EngineSession,
    read: Read,
    parts: readonly Part[] = read.parts,
  ): Promise<readonly View[]> {
    const views = await openViews(session, parts);
    const { statement } = read.request;
    if (statement.kind === "pieces") requireDefinitions(statement, parts, views);
    return views;
  }

  async #pump(
    session: EngineSession,
    read: Read,
    views: readonly View[],
    leave: Promise<unknown>,
  ): Promise<Answer<"query">> {
    const { statement } = read.request;
    const start = (refused: AbortSignal) => {
      const signal = AbortSignal.any([read.signal, refused]);
      return readStatement(session, statement, read.options(signal));
    };
    const { result } = await pump(start, { clock: this.#deps.clock, out: read.out, leave });
    return { result, receipt: read.receipt(views, []) };
  }
}

/** The same may be tried once more. */
class Passing extends Error {
  override readonly name = "Passing";

  constructor(cause: unknown) {
    super("A read may be tried once more", { cause });
  }
}

/** Whether the same may be tried once more: nothing was sent, and nothing said of the rows. */
function isPassing(error: unknown, { session, isUsed }: Lent, { out }: Read): boolean {
  if (out.isOpen) return false;
  return isWorthAnotherTry(error, session) && (isUsed || session.usable);
}
