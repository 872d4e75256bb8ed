/**
 * Lookups that come at about the same time and are in one table go to the server in one packet,
 * and so do their answers: on the way there and back, in the server and here, most of what a lookup
 * costs is the way. The first goes at once, and those that come while others are on their way go
 * together at the end of a turn of the event loop; none waits for an answer to another.
 *
 * In a packet they are run one after the other. So each goes by itself where the database must read
 * its disk for them, which it does better for many at a time.
 */
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Fingerprint, Found, Lookup, Lookups } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Channel } from "./channel.ts";
import { ChannelPool } from "./channel_pool.ts";
import { DiskReads } from "./disk_reads.ts";
import { keptByNameSql, keptInOrder } from "./fingerprint_rows.ts";
import type { MysqlLimits } from "./options.ts";
import type { Answer } from "./results.ts";

export interface LookupsDeps {
  readonly clock: Clock;
  readonly limits: MysqlLimits;
}

const TOGETHER_MAX = 16;
const PACKETS_MAX = 64;
/** Most are answered long before anybody would give up, so who does is looked for only then. */
const LET_GO_MS = 100;

/** Somebody waits for what is found. */
interface Waiting {
  readonly lookup: Lookup;
  readonly found: Deferred<Found>;
}

export class MysqlLookups implements Lookups {
  readonly #clock: Clock;
  readonly #channels: ChannelPool;
  readonly #diskReads: DiskReads;
  readonly #busy = new Set<Channel>();
  /** Those to go at the end of this turn, by table. */
  #gathered = new Map<string, Waiting[]>();
  #underWay = 0;

  /** The pool is for what the engine does by itself. */
  constructor({ clock, limits }: LookupsDeps, pool: ChannelPool, open: () => Promise<Channel>) {
    this.#clock = clock;
    this.#channels = new ChannelPool(clock, { ...limits, poolMax: PACKETS_MAX }, open);
    this.#diskReads = new DiskReads(clock, pool);
  }

  find(lookup: Lookup): Promise<Found> {
    const waiting: Waiting = { lookup, found: new Deferred() };
    if (this.#underWay === 0 || this.#diskReads.areCommon) void this.#send([waiting]);
    else this.#gather(waiting);
    return waiting.found.promise;
  }

  /** Those under way are told at once, whatever the server does. */
  async close(): Promise<void> {
    const closed = this.#channels.close();
    await Promise.all([...this.#busy].map((channel) => channel.cut("the engine was closed")));
    await closed;
  }

  #gather(waiting: Waiting): void {
    const { table } = waiting.lookup;
    if (this.#gathered.size === 0) setImmediate(() => this.#sendGathered());
    const beside = this.#gathered.get(table) ?? [];
    if (beside.push(waiting) < TOGETHER_MAX) this.#gathered.set(table, beside);
    else {
      this.#gathered.set(table, []);
      void this.#send(beside);
    }
  }

  #sendGathered(): void {
    const gathered = this.#gathered;
    this.#gathered = new Map();
    for (const all of gathered.values()) if (all.length > 0) void this.#send(all);
  }

  /** Never rejects: each of them is told. */
  async #send(all: readonly Waiting[]): Promise<void> {
    this.#underWay++;
    const letGo = letGoInTime(this.#clock, all);
    try {
      await this.#findAll(all);
      this.#diskReads.note(all.length);
    } catch (error) {
      for (const { found } of all) found.reject(error);
    } finally {
      letGo();
      this.#underWay--;
    }
  }

  async #findAll(all: readonly Waiting[]): Promise<void> {
    let losses = 0;
    while (all.some(isWaiting)) {
      const reply = await this.#channels.use((channel) =>
        this.#ask(channel, all.filter(isWaiting))
      );
      // A connection that was lost while nobody used it shows only now.
      if (reply?.isLost === true && ++losses > 1) throw lost(reply.failure);
      if (reply?.isLost === true) await this.#channels.renew();
      else if (reply !== null) tell(reply);
    }
  }

  /** Null where nobody waits any more, now that there is a connection. */
  async #ask(channel: Channel, asked: readonly Waiting[]): Promise<Reply | null> {
    if (asked.length === 0) return null;
    this.#busy.add(channel);
    try {
      return await ask(channel, asked);
    } finally {
      this.#busy.delete(channel);
    }
  }
}

/** What came back for lookups in one table that were sent together. */
interface Reply {
  readonly asked: readonly Waiting[];
  /** Of those that went well, the first ones. */
  readonly answers: readonly Answer[];
  /** Null where nobody wanted it, or the server did not come so far. */
  readonly kept: { readonly fingerprint: Fingerprint | null } | null;
  /** Of the lookup behind those, or of the look at what is kept, behind all. */
  readonly failure: MinisqlError | null;
  /** The connection was: nothing is known of any of them. */
  readonly isLost: boolean;
}

async function ask(channel: Channel, asked: readonly Waiting[]): Promise<Reply> {
  const table = asked[0]?.lookup.table ?? "";
  const texts = asked.map(({ lookup }) => lookup.sql);
  if (asked.some(({ lookup }) => lookup.kept)) texts.push(keptByNameSql([table]));
  const timeoutMs = Math.max(...asked.map(({ lookup }) => lookup.timeoutMs));
  const { answers, failure } = await channel.sendAll(texts, { timeoutMs });
  const look = answers[asked.length];
  const [fingerprint = null] = look === undefined ? [] : keptInOrder([table], look.rows);
  return {
    ...{ asked, failure, answers: answers.slice(0, asked.length) },
    kept: look === undefined ? null : { fingerprint },
    isLost: failure !== null && !channel.isUsable,
  };
}

/** Tells whom it can; the others are to be sent once more. */
function tell({ asked, answers, kept, failure }: Reply): void {
  for (const [at, { columns, rows }] of answers.entries()) {
    const { lookup, found } = asked[at] as Waiting;
    if (!lookup.kept) found.resolve({ columns, rows, kept: null });
    else if (kept !== null) found.resolve({ columns, rows, kept: kept.fingerprint });
  }
  if (failure === null) return;
  const failed = asked[answers.length];
  for (const { found } of failed === undefined ? asked.filter(isWaiting) : [failed]) {
    found.reject(failure);
  }
}

function isWaiting({ found }: Waiting): boolean {
  return !found.settled;
}

/** Whoever has waited enough need not wait for the others, nor for a server that is silent. */
function letGoInTime(clock: Clock, all: readonly Waiting[]): () => void {
  const soonMs = Math.min(LET_GO_MS, ...all.map(({ lookup }) => lookup.timeoutMs));
  const stops: (() => void)[] = [];
  const look = () => {
    for (const { lookup: { signal, timeoutMs }, found } of all) {
      const cancel = () => found.reject(cancelled());
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel, { once: true });
      stops.push(
        () => signal.removeEventListener("abort", cancel),
        clock.after(timeoutMs - soonMs, () => found.reject(late(timeoutMs))),
      );
    }
  };
  stops.push(clock.after(soonMs, look));
  return () => {
    for (const stop of stops) stop();
  };
}

function cancelled(): MinisqlError {
  return new MinisqlError("CANCELLED", "Cannot finish the statement: it was cancelled");
}

function late(timeoutMs: number): MinisqlError {
  const why = `Cannot finish the statement: it took over ${timeoutMs} ms`;
  return new MinisqlError("TIMEOUT", why);
}

function lost(failure: MinisqlError | null): MinisqlError {
  const why = `Cannot read: ${failure?.message ?? "the connection to MySQL was lost"}`;
  return new MinisqlError("UNAVAILABLE", why, { cause: failure });
}
