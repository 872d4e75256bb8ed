/**
 * The classic vote: the other copies run the query too, and what the rows add up to is compared.
 * It sees what no fingerprint does, rows that were changed without their triggers; it costs a query
 * on each copy. Only results on equal contents can be compared, so while the tables are written to
 * it may take a few attempts.
 */
import type { Clock } from "../../ports/clock.ts";
import type { EngineSession } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Answer } from "../../protocol/messages.ts";
import { differenceOf } from "./content.ts";
import { countTable } from "./count.ts";
import { hear } from "./hearing.ts";
import type { ReadLimits } from "./limits.ts";
import { Outvoted } from "./outvoted.ts";
import { claims, openViews } from "./parts.ts";
import type { Poll } from "./poll.ts";
import { pump } from "./pump.ts";
import type { Read } from "./read.ts";
import { ResultSum } from "./result_sum.ts";
import { Changing, type View } from "./snapshot.ts";
import { readStatement } from "./statement.ts";
import { type Asked, askTallies, type Tallies } from "./tally.ts";
import { type Ballot, type Verdict, votesOf } from "./verdict.ts";

export interface RecountDeps {
  readonly clock: Clock;
  readonly limits: ReadLimits;
  readonly poll: Poll;
}

/** What is run on each copy, and whether its rows come in one order. */
export type Recounted = Pick<Asked, "statement" | "ordered">;

/** Reads within transactions that it begins on the session; the last one is left open. */
export async function recount(
  deps: RecountDeps,
  session: EngineSession,
  read: Read,
  what: Recounted,
): Promise<Answer<"query">> {
  for (let left = deps.limits.recounts;; left--) {
    const attempt = new Recount(deps, session, read, what);
    const answer = await attempt.run(left > 1);
    if (answer !== null) return answer;
    await session.rollback();
    read.out.reset();
  }
}

interface Own {
  readonly sum: ResultSum;
  /** All rows are held back, ready to go; else they are too many. */
  readonly isHeld: boolean;
  readonly ms: number;
}

class Recount {
  readonly #deps: RecountDeps;
  readonly #session: EngineSession;
  readonly #read: Read;
  readonly #what: Recounted;

  constructor(deps: RecountDeps, session: EngineSession, read: Read, what: Recounted) {
    this.#deps = deps;
    this.#session = session;
    this.#read = read;
    this.#what = what;
  }

  /** Null where too few could be compared, and another moment may be better. */
  async run(mayTryAgain: boolean): Promise<Answer<"query"> | null> {
    const read = this.#read;
    const { parts, signal } = read;
    const views = await openViews(this.#session, parts);
    const votes = Promise.all(
      claims(parts, views).map((claim) => this.#deps.poll.pass(claim, signal)),
    );
    votes.catch(() => {});
    const asking = { parts, views, ...this.#what, timeoutMs: read.leftMs };
    const tallies = askTallies(asking, signal);
    let isWon = false;
    try {
      const own = await this.#count();
      const verdicts = await votes;
      const verdict = await this.#judge(own, tallies);
      if (verdict.outcome !== "won") {
        if (mayTryAgain && tallies.elsewhere > 0) return null;
        await this.#explain(verdict, views);
      }
      isWon = true;
      if (own.isHeld) await read.out.open();
      else await this.#sendAll(own);
      const dissent = [...verdict.dissent, ...verdicts.flatMap((each) => each.dissent)];
      return { result: { affected: 0 }, receipt: read.receipt(views, [{ ...verdict, dissent }]) };
    } finally {
      // Of a vote that was won, those who come late may still show themselves to be wrong.
      if (!isWon) tallies.end();
    }
  }

  async #count(): Promise<Own> {
    const { out } = this.#read;
    const { clock } = this.#deps;
    const began = clock.now();
    const sum = new ResultSum(this.#what.ordered);
    let isHeld = true;
    const reading = readStatement(this.#session, this.#what.statement, this.#read.options());
    out.head(await reading.columns);
    for await (const rows of reading) {
      sum.add(rows);
      if (!isHeld) continue;
      await out.take(rows);
      if (!out.isFull) continue;
      isHeld = false;
      out.reset();
    }
    return { sum, isHeld, ms: clock.now() - began };
  }

  /** The others began at the same time: those that take far longer are not waited for. */
  async #judge({ sum, ms }: Own, tallies: Tallies): Promise<Verdict> {
    const { clock, limits } = this.#deps;
    const { parts, signal } = this.#read;
    const [{ replica }] = this.#read.request.regions;
    clock.after(ms + limits.voteMs, () => tallies.end());
    const own = { rid: replica.rid, content: sum.content, isPrimary: false };
    const onLate = ({ rid, content }: Ballot) => {
      if (content !== null && content !== own.content) this.#challenge([rid]);
    };
    const decided = await hear({ own, known: [], asked: tallies.asked, onLate }, signal);
    const isAlone = decided.dissent.length === 0 && tallies.elsewhere === 0;
    const isPrimary = parts.every((part) => part.replica.isPrimary);
    if (decided.outcome === "undecided" && isAlone && isPrimary) {
      return { ...decided, outcome: "won" };
    }
    if (decided.outcome === "won") this.#challenge(decided.dissent);
    return decided;
  }

  /** Copies whose fingerprints agree and whose results do not: somebody's rows are not as counted. */
  async #explain(verdict: Verdict, views: readonly View[]): Promise<never> {
    const [{ replica }] = this.#read.request.regions;
    if (verdict.dissent.length === 0) {
      const why = "no other replica ran it on the same rows in time; read at level voted, or again";
      throw new MinisqlError("BEHIND", `Cannot recount the query on server ${replica.rid}: ${why}`);
    }
    await this.#requireSoundRows(views, votesOf(verdict));
    this.#challenge(verdict.dissent);
    throw new MinisqlError(
      "UNAVAILABLE",
      `Cannot recount the query: servers ${verdict.dissent.join(", ")} gave another result than ` +
        `server ${replica.rid}, whose rows were counted and are right; the others are being checked`,
    );
  }

  /** Raises `Outvoted` for the first table whose rows are not what its fingerprint says. */
  async #requireSoundRows(views: readonly View[], votes: string): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#read;
    for (const claim of claims(this.#read.parts, views)) {
      const { replica, seq, tables, fingerprints, isChanging } = claim;
      if (isChanging) throw new Changing(replica.region, seq);
      for (const [at, table] of tables.entries()) {
        const kept = fingerprints[at] ?? null;
        const schema = await replica.schema(table);
        if (kept === null || schema === null) continue;
        const tableMs = this.#read.leftMs;
        const counting = { clock, chunkMs: tableMs, tableMs, rest: () => 0, signal };
        const counted = await countTable(this.#session, schema, kept, counting);
        const difference = differenceOf(counted, kept);
        if (difference === null) continue;
        const reason = `its rows are not what its fingerprint says: ${difference}`;
        throw new Outvoted(replica, { table, seq, votes, reason });
      }
    }
  }

  #challenge(dissent: readonly number[]): void {
    for (const { replica, tables } of this.#read.parts) {
      for (const rid of dissent) this.#deps.poll.challenge(rid, { replica, tables });
    }
  }

  /** Reads the same moment once more, now that all may go. */
  async #sendAll({ sum }: Own): Promise<void> {
    const read = this.#read;
    const again = new ResultSum(this.#what.ordered);
    const start = (signal: AbortSignal) =>
      readStatement(
        this.#session,
        this.#what.statement,
        read.options(AbortSignal.any([read.signal, signal])),
      );
    await pump(start, {
      clock: this.#deps.clock,
      out: read.out,
      leave: Promise.resolve(),
      onRows: (rows) => again.add(rows),
    });
    if (again.content === sum.content) return;
    const why = "the rows came out otherwise when they were read again to be sent";
    throw new MinisqlError("UNAVAILABLE", `Cannot finish the query: ${why}`);
  }
}
