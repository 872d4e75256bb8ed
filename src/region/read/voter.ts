/** What a copy answers when others ask what it holds. */
import type { Clock } from "../../ports/clock.ts";
import type { Engine } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/handlers.ts";
import type { Answer, Request } from "../../protocol/messages.ts";
import type { ReadableReplica } from "../readable.ts";
import { comparison } from "./comparable.ts";
import type { ReadLimits } from "./limits.ts";
import { openViews, type Part } from "./parts.ts";
import { ResultSum } from "./result_sum.ts";
import { ReadSessions } from "./sessions.ts";
import { readFault, unlessBehind } from "./snapshot.ts";
import { readStatement } from "./statement.ts";

export interface VoterDeps {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly limits: ReadLimits;
}

/** Finds this server's replica of a region; raises `NO_REGION` where it has none. */
export type FindReplica = (region: string) => ReadableReplica;

/** Where the asker does not say how long it waits. */
const TALLY_MS = 30_000;

export class Voter {
  readonly #deps: VoterDeps;
  /** Not those of reads here: two servers whose reads wait for each other's tallies would hang. */
  readonly #sessions: ReadSessions;

  constructor(deps: VoterDeps) {
    this.#deps = deps;
    this.#sessions = new ReadSessions(deps, deps.limits.tallySessionsMax);
  }

  async close(): Promise<void> {
    await this.#sessions.close();
  }

  /** From memory: what it held when it got there. It waits a moment to get there. */
  async vote(
    replica: ReadableReplica,
    { epoch, seq, tables }: Request<"vote">,
    { signal }: CallContext,
  ): Promise<Answer<"vote">> {
    requireEpoch(replica, epoch);
    // What it came to where it did not follow the primary is known before it is applied.
    const isKnown = tables.every((table) => replica.fingerprintAt(table, seq) !== null);
    if (replica.applied < seq && !isKnown) {
      await replica.reach(seq, this.#deps.limits.voteReachMs, signal).catch(unlessBehind);
    }
    const knows = replica.refusal() === null;
    return {
      rid: replica.rid,
      fingerprints: tables.map((table) => knows ? replica.fingerprintAt(table, seq) : null),
      applied: replica.applied,
      primary: replica.isPrimary && replica.epoch === epoch,
    };
  }

  /** From a query of its own, at the position asked for or as soon after it as can be. */
  async tally(
    find: FindReplica,
    { parts, sql, ordered }: Request<"tally">,
    { signal, within }: CallContext,
  ): Promise<Answer<"tally">> {
    const { limits } = this.#deps;
    const timeoutMs = within ?? TALLY_MS;
    const asked = parts.map(({ region, epoch, seq, tables }): Part => {
      const replica = find(region);
      requireEpoch(replica, epoch);
      return { replica, after: seq, tables };
    });
    const compared = await comparison(sql, asked);
    if (!compared.comparable) {
      const why = `Cannot run the query for a recount: ${compared.reason}`;
      throw new MinisqlError("BAD_REQUEST", why);
    }
    for (const { replica, after } of asked) {
      const refusal = replica.refusal();
      if (refusal !== null) throw refusal;
      if (replica.applied < after) await replica.reach(after, limits.reachMs, signal);
    }
    const sum = new ResultSum(ordered);
    const options = { timeoutMs, signal, batchRows: limits.batchRows };
    const fingerprints = await this.#sessions.use({ withinMs: timeoutMs, signal }, async (lent) => {
      const { session } = lent;
      try {
        const views = await openViews(session, asked);
        const reading = readStatement(session, { sql, kind: "select" }, options);
        for await (const rows of reading) sum.add(rows);
        return views.map((view) => view.fingerprints);
      } catch (error) {
        throw readFault(error);
      } finally {
        if (session.usable) await session.rollback().catch(() => {});
      }
    });
    return {
      rid: ridOf(asked),
      fingerprints,
      rows: sum.rows,
      sum: sum.sum,
    };
  }
}

/** Who asks in an older epoch has not heard yet that somebody else took over. */
export function requireEpoch({ region, epoch }: ReadableReplica, asked: number): void {
  if (asked >= epoch) return;
  const why = `it is of epoch ${asked}, and the region is in ${epoch}`;
  throw new MinisqlError("STALE_EPOCH", `Cannot answer for region ${region}: ${why}`);
}

function ridOf([first]: readonly Part[]): number {
  if (first !== undefined) return first.replica.rid;
  throw new MinisqlError("BAD_REQUEST", "Cannot run the query for a recount: it names no region");
}
