/**
 * Looks after the copies: every table of every replica here is counted again and again in the
 * background, compared with what its fingerprint says and with the other copies, and noted as
 * verified or taken out of service.
 */
import { pause } from "../../cluster/pause.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Answer } from "../../protocol/messages.ts";
import type { Lost, ReadableReplica } from "../readable.ts";
import { inspect, type Inspected } from "./inspection.ts";
import type { Poll } from "./poll.ts";
import { giveWay } from "./give_way.ts";
import { restAfter } from "./rest.ts";
import { Changing } from "./snapshot.ts";
import { invariant } from "../../base/assert.ts";

export interface ScrubberDeps {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly poll: Poll;
  readonly reporter: Reporter;
}

export interface ScrubberOptions {
  /** This server's replicas, as they are now. */
  readonly replicas: () => readonly ReadableReplica[];
  /** A table is looked at again so long after it was; null to leave it to those who ask. */
  readonly everyMs: number | null;
  /**
   * How long to pause after the database was busy with it for so long; for the server's load and
   * lag see `restAfter`.
   */
  readonly rest?: (tookMs: number) => number;
  /** What one query of it may take, about, and the rows to begin with. */
  readonly chunkMs?: number;
  readonly chunkRows?: number;
  /** A table that is not done after so long is given up until the next time. */
  readonly tableMs?: number;
}

const CHUNK_MS = 500;
const TABLE_MS = 15 * 60_000;
/** Between two tables, and after one that could not be looked at. */
const BREATH_MS = 100;
const RETRY_MS = 5000;
const SECOND_LOOK_MS = 1000;
/** A schema that is not what it should be for so long is not being changed: it was changed. */
const UNSETTLED_MS = 10 * 60_000;

/** Where nothing is known of what else there is to do. */
function easy(tookMs: number): number {
  return restAfter(tookMs, { waiting: 0, lag: 0 });
}

/** A table of a replica, and when it was, and is next to be, looked at. */
interface Watched {
  readonly replica: ReadableReplica;
  readonly table: string;
  dueAt: number;
  /** Since when its schema is not what it should be; null while it is. */
  unsettledSince: number | null;
}

interface LookLimits {
  readonly tableMs: number;
  readonly signal: AbortSignal;
  /** Each table is counted, whatever the others say of it. */
  readonly isThorough: boolean;
}

export class Scrubber {
  readonly #deps: ScrubberDeps;
  readonly #options: ScrubberOptions;
  #watched = new Map<string, Watched>();
  /** Asked for out of turn. */
  readonly #urgent = new Set<string>();
  /** Ends a look that nobody asked for, when somebody asks for another. */
  #routine: AbortController | null = null;
  #news = new Deferred<void>();

  constructor(deps: ScrubberDeps, options: ScrubberOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Looks after the copies until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      this.#news = new Deferred();
      const next = this.#next();
      const waitMs = next === null ? null : next.dueAt - clock.now();
      if (next === null || (waitMs ?? 0) > 0) {
        await pause(clock, Math.min(waitMs ?? RETRY_MS, RETRY_MS), signal, [this.#news.promise]);
        continue;
      }
      await this.#lookAt(next, signal);
      await pause(clock, BREATH_MS, signal);
    }
  }

  /** Somebody says that a copy here differs: its tables are next. */
  challenge(replica: ReadableReplica, tables: readonly string[]): void {
    for (const table of tables) {
      if (replica.tables().includes(table)) this.#urgent.add(keyOf(replica, table));
    }
    if (this.#urgent.size > 0) this.#routine?.abort();
    this.#news.resolve();
  }

  /** Counts at once, within the time given, and tells what came out. Acts on it too. */
  async verify(
    replica: ReadableReplica,
    table: string | undefined,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Answer<"verify">> {
    const tables = table === undefined ? replica.tables() : [table];
    const unknown = tables.find((each) => !replica.tables().includes(each));
    if (unknown !== undefined) {
      const why = `region ${replica.region} has no table of that name`;
      throw new MinisqlError("NO_SUCH_TABLE", `Cannot verify ${unknown}: ${why}`);
    }
    const limits = { tableMs: timeoutMs, signal, isThorough: true };
    const inspected = await this.#inspect(replica, tables, limits);
    for (const each of inspected) this.#conclude(replica, each);
    return {
      rid: replica.rid,
      epoch: replica.epoch,
      seq: inspected[0]?.seq ?? replica.applied,
      copies: inspected.map(({ table, kept, counted, ms }) => {
        invariant(counted !== null, "A thorough look counts every table");
        return { table, kept, counted, ms: Math.round(ms) };
      }),
    };
  }

  /** The one to look at next; null where there is nothing to look after. */
  #next(): Watched | null {
    const { clock } = this.#deps;
    const { everyMs } = this.#options;
    const before = this.#watched;
    this.#watched = new Map();
    let next: Watched | null = null;
    for (const replica of this.#options.replicas()) {
      if (replica.refusal() !== null) continue;
      for (const table of replica.tables()) {
        const key = keyOf(replica, table);
        const known = before.get(key);
        const dueAt = this.#urgent.has(key) ? clock.now() : known?.dueAt ?? clock.now();
        const watched = { replica, table, dueAt, unsettledSince: known?.unsettledSince ?? null };
        this.#watched.set(key, watched);
        if (everyMs === null && !this.#urgent.has(key)) continue;
        if (next === null || this.#isBefore(watched, next)) next = watched;
      }
    }
    return next;
  }

  #isBefore(a: Watched, b: Watched): boolean {
    const [isUrgent, other] = [a, b].map(({ replica, table }) =>
      this.#urgent.has(keyOf(replica, table))
    );
    return isUrgent === other ? a.dueAt < b.dueAt : isUrgent === true;
  }

  async #lookAt(watched: Watched, signal: AbortSignal): Promise<void> {
    const { clock, reporter } = this.#deps;
    const { replica, table } = watched;
    const isUrgent = this.#urgent.delete(keyOf(replica, table));
    watched.dueAt = clock.now() + (this.#options.everyMs ?? 0);
    const { tableMs = TABLE_MS } = this.#options;
    const routine = new AbortController();
    this.#routine = isUrgent ? null : routine;
    try {
      const either = AbortSignal.any([signal, routine.signal]);
      const limits = { tableMs, signal: either, isThorough: false };
      const [inspected] = await this.#inspect(replica, [table], limits);
      invariant(inspected !== undefined, "One table was to be looked at");
      watched.unsettledSince = null;
      this.#conclude(replica, inspected);
    } catch (error) {
      if (signal.aborted) return;
      if (routine.signal.aborted) {
        watched.dueAt = clock.now();
        return;
      }
      if (!(error instanceof MinisqlError)) throw error;
      reporter.log("debug", `Could not verify ${table}: ${error.message}`, { table });
      watched.dueAt = Math.min(watched.dueAt, clock.now() + RETRY_MS);
      if (error instanceof Changing) watched.unsettledSince = null;
      else if (error.code === "BEHIND") this.#doubt(watched, error.message);
    } finally {
      this.#routine = null;
    }
  }

  /** Whoever seems wrong is looked at twice: between two steps of a schema change it may. */
  async #inspect(
    replica: ReadableReplica,
    tables: readonly string[],
    limits: LookLimits,
  ): Promise<readonly Inspected[]> {
    const inspected = await this.#inspectOnce(replica, tables, limits);
    if (inspected.every(({ lost }) => lost === null)) return inspected;
    await this.#deps.clock.sleep(SECOND_LOOK_MS, limits.signal);
    return await this.#inspectOnce(replica, tables, limits);
  }

  async #inspectOnce(
    replica: ReadableReplica,
    tables: readonly string[],
    { tableMs, signal, isThorough }: LookLimits,
  ): Promise<readonly Inspected[]> {
    const { clock, engine, poll } = this.#deps;
    const { rest = easy, chunkMs = CHUNK_MS, chunkRows } = this.#options;
    const refusal = replica.refusal();
    if (refusal !== null) throw refusal;
    const given = giveWay({ clock, engine }, replica, signal);
    // Somebody waits for a thorough look.
    const pace = { chunkMs, rest: isThorough ? () => 0 : rest };
    const first = chunkRows === undefined ? {} : { chunkRows };
    const counting = { clock, tableMs, signal: given.signal, ...pace, ...first };
    const session = await engine.session();
    try {
      return await inspect(session, replica, tables, { poll, counting, isThorough });
    } catch (error) {
      throw given.reason() ?? error;
    } finally {
      await session.close();
      await given.end();
    }
  }

  #conclude(replica: ReadableReplica, { table, lost }: Inspected): void {
    if (lost === null) replica.verified(table);
    else this.#lose(replica, lost);
  }

  #lose(replica: ReadableReplica, lost: Lost): void {
    if (replica.refusal() === null) replica.lose(lost);
  }

  /** While a schema is being changed nothing can be said; but no change takes for ever. */
  #doubt(watched: Watched, reason: string): void {
    const { replica, table } = watched;
    const now = this.#deps.clock.now();
    watched.unsettledSince ??= now;
    if (now - watched.unsettledSince < UNSETTLED_MS || replica.refusal() !== null) return;
    this.#lose(replica, { table, seq: replica.applied, votes: "0:0", reason });
  }
}

function keyOf({ region }: ReadableReplica, table: string): string {
  return `${region} ${table}`;
}
