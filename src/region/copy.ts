/**
 * This server's copy of a region: its rows in the engine, its log, how far the one is applied from
 * the other, and whether it may be trusted.
 */
import type { Clock } from "../ports/clock.ts";
import type { Engine, EngineSession, Fingerprint, TableSchema } from "../ports/engine.ts";
import type { Log, LogPosition } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import { type EntryBody, entryBodyShape } from "../protocol/entry.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { ServerVersion } from "../sql/executable_comment.ts";
import { type Applied, readApplied, readOwned, spoilApplied } from "./books.ts";
import { FingerprintHistory } from "./history.ts";
import { lastClaims } from "./last_claims.ts";
import type { RegionLimits } from "./limits.ts";
import { type HeldLog, heldLog } from "./log_match.ts";
import type { SessionPool } from "./session_pool.ts";
import { serverVersion } from "./statement.ts";
import { Watermark } from "./watermark.ts";

export interface CopyDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly engine: Engine;
  /** For writing and applying, shared by all regions of the server. */
  readonly sessions: SessionPool;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly limits: RegionLimits;
}

/** What this copy computed for an entry whose primary says otherwise. */
export interface Disputed {
  readonly seq: number;
  readonly fingerprints: ReadonlyMap<string, Fingerprint | null>;
}

/** What is kept with an entry once it has been read: the log holds text. */
export interface ReadEntry extends LogPosition {
  readonly body: EntryBody;
}

export class RegionCopy {
  readonly region: string;
  readonly deps: CopyDeps;
  readonly history: FingerprintHistory;
  readonly applied = new Watermark(0);
  readonly server: ServerVersion | null;
  disputed: Disputed | null = null;
  /** When the rows of each table were last counted and found right, in wall-clock milliseconds. */
  readonly verifiedAt = new Map<string, number>();
  #appliedEpoch = 0;
  #visible = 0;
  #tables = new Map<string, TableSchema>();
  #unfit: string | null = null;
  #isLogWhole = true;
  /** The books say that the rows are those of their position: no schema change is being run. */
  #isSettled = false;
  #falls = 0;
  /** Damage is listed as it was found at the start; a log that was reset since has none. */
  #isDamaged: boolean;

  private constructor(deps: CopyDeps, region: string) {
    this.deps = deps;
    this.region = region;
    this.history = new FingerprintHistory(deps.limits.historyKept);
    this.server = serverVersion(deps.engine.info);
    this.#isDamaged = deps.log.damage.some(({ regions }) => regions.includes(region));
  }

  /** Looks at what there is of the region, in the engine and in the log. */
  static async open(deps: CopyDeps, region: string): Promise<RegionCopy> {
    const copy = new RegionCopy(deps, region);
    await copy.reload();
    if (copy.unfit === null && copy.#isSettled) await copy.#recall();
    return copy;
  }

  /** Why nothing may be read from it, nor may it take over; null where it may. */
  get unfit(): string | null {
    return this.#unfit;
  }

  /** Whether the log can be gone on with, whatever the rows are. */
  get isLogWhole(): boolean {
    return this.#isLogWhole;
  }

  /** No later position shows in the engine: above the one applied while one is being committed. */
  get visible(): number {
    return Math.max(this.#visible, this.applied.value);
  }

  get appliedPosition(): LogPosition {
    return { epoch: this.#appliedEpoch, seq: this.applied.value };
  }

  get held(): HeldLog {
    return heldLog(this.deps.log, this.region);
  }

  get last(): LogPosition {
    return this.deps.log.last(this.region);
  }

  get tables(): readonly string[] {
    return [...this.#tables.keys()].sort();
  }

  schema(table: string): TableSchema | null {
    return this.#tables.get(table) ?? null;
  }

  /**
   * Reads again what the engine has: at the start, after a copy, and when in doubt. Says why its rows
   * are not what this copy has made of them, where nothing but a change beside the cluster explains
   * it: in the middle of a schema change, and after a copy, what is told says nothing.
   */
  async reload(): Promise<string | null> {
    const { engine } = this.deps;
    const session = await engine.session();
    try {
      await session.begin("snapshot");
      const applied = await readApplied(session, this.region);
      const owned = await readOwned(session);
      const names = [...owned].filter(([, region]) => region === this.region).map(([name]) => name);
      const fingerprints = new Map<string, Fingerprint>();
      const tables = new Map<string, TableSchema>();
      for (const name of names) {
        const schema = await engine.schema(name);
        const fingerprint = await session.fingerprint(name);
        if (schema !== null) tables.set(name, schema);
        if (fingerprint !== null) fingerprints.set(name, fingerprint);
      }
      const lost = names.find((name) => !tables.has(name) || !fingerprints.has(name));
      const isChanging = lost !== undefined && await this.#isSchemaNext(applied?.seq ?? 0);
      this.#tables = tables;
      this.#judge(applied, isChanging ? null : lost ?? null);
      const seq = applied?.seq ?? 0;
      this.#isSettled = applied?.state === "sound";
      const isComparable = this.#isSettled && seq <= this.applied.value;
      const altered = isComparable ? this.#alteredTable(seq, fingerprints) : null;
      this.#appliedEpoch = applied?.epoch ?? 0;
      if (seq < this.applied.value) this.#falls++;
      this.applied.reset(seq);
      this.history.begin(seq, fingerprints);
      return altered === null ? null : `table ${altered} was changed beside the cluster`;
    } finally {
      await session.close();
    }
  }

  /** The database has lost what it had committed behind this position. */
  goBack(seq: number): void {
    const { reporter } = this.deps;
    const lost = `${this.applied.value - seq} entries that its database had committed and lost`;
    reporter.log("warning", `Region ${this.region}: ${lost} are applied again`);
    this.applied.reset(seq);
    this.#falls++;
  }

  /** How often it was not where it had been: what was applied before that may not be on disk. */
  get falls(): number {
    return this.#falls;
  }

  /** A transaction that moves to this position is about to be committed. */
  mayShow(seq: number): void {
    this.#visible = Math.max(this.#visible, seq);
  }

  /** What was applied in a transaction that has been committed. */
  noteApplied(
    position: LogPosition,
    changed: ReadonlyMap<string, Fingerprint | null>,
  ): void {
    this.#appliedEpoch = position.epoch;
    this.history.note(position.seq, changed);
    this.disputed = null;
    this.applied.raise(position.seq);
  }

  /** From now on it serves nothing, also after a restart, until it has been copied anew. */
  async spoil(reason: string): Promise<void> {
    this.#unfit ??= reason;
    const session = await this.deps.engine.session();
    try {
      await session.begin("write");
      await spoilApplied(session, this.region);
      await session.commit();
    } finally {
      await session.close();
    }
  }

  /** The same, at once and in memory only: for the moment until it is written down. */
  distrust(reason: string): void {
    this.#unfit ??= reason;
  }

  /** Its log cannot be gone on with. */
  distrustLog(reason: string): void {
    this.#isLogWhole = false;
    this.#unfit ??= reason;
  }

  /** It has been copied anew and compared; the log goes on from where it was copied. */
  async restored(): Promise<void> {
    this.#unfit = null;
    this.#isLogWhole = true;
    this.disputed = null;
    await this.reload();
  }

  /** The log begins anew, after a position whose rows are being copied. */
  async resetLog(position: LogPosition): Promise<void> {
    await this.deps.log.reset(this.region, position);
    this.#isDamaged = false;
    this.#isLogWhole = true;
  }

  /** Entries from a position on, as far as they are on disk; parsed. */
  async entries(from: number, to: number): Promise<readonly ReadEntry[]> {
    const limit = { entries: Math.min(256, to - from + 1), bytes: 4 * 1024 * 1024 };
    const found = await this.deps.log.read(this.region, from, limit);
    return found.filter(({ seq }) => seq <= to)
      .map(({ epoch, seq, body }) => ({ epoch, seq, body: this.parse(seq, body) }));
  }

  parse(seq: number, body: string): EntryBody {
    const value: unknown = JSON.parse(body);
    if (entryBodyShape.fits(value)) return value;
    const why = entryBodyShape.fault(value, "entry");
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot apply entry ${seq} of region ${this.region}: ${why}; is this server's version older ` +
        "than the primary's?",
    );
  }

  /** Does something in a session of its own. */
  async use<T>(action: (session: EngineSession) => Promise<T>): Promise<T> {
    const session = await this.deps.engine.session();
    try {
      return await action(session);
    } finally {
      await session.close();
    }
  }

  /** What it goes by is what its log says, as far as that tells. */
  async #recall(): Promise<void> {
    const claims = await this.use((session) => lastClaims(this, session));
    const found = this.tables.flatMap((table) => {
      const fingerprint = claims.get(table) ?? this.history.latest(table);
      return fingerprint === null ? [] : [[table, fingerprint] as const];
    });
    this.history.begin(this.applied.value, new Map(found));
  }

  /** A table that is not as it was left at this position, when it was applied. */
  #alteredTable(seq: number, found: ReadonlyMap<string, Fingerprint>): string | null {
    for (const [table, now] of found) {
      const then = this.history.at(table, seq);
      if (then === null || then.schema !== now.schema) continue;
      if (then.rows !== now.rows || then.sum !== now.sum) return table;
    }
    return null;
  }

  /** A schema change may have been cut off after it was run and before its position was moved. */
  async #isSchemaNext(applied: number): Promise<boolean> {
    try {
      const [next] = await this.entries(applied + 1, applied + 1);
      return next?.body.kind === "schema";
    } catch {
      // What the log cannot give is judged on its own.
      return false;
    }
  }

  #judge(applied: Applied | null, lost: string | null): void {
    const { log } = this.deps;
    const last = log.last(this.region).seq;
    const first = log.first(this.region);
    const seq = applied?.seq ?? 0;
    const broken = this.#isDamaged
      ? "its log is damaged"
      : log.promised(this.region) === null
      ? "its log knows nothing of the region"
      : seq > last
      ? `its log ends at ${last}, before ${seq}, which is applied`
      : first > seq + 1
      ? `its log begins at ${first}, after ${seq}, which is applied`
      : null;
    if (broken !== null && applied !== null) return this.distrustLog(broken);
    if (applied === null) this.distrustLog("there is no copy here yet");
    else if (applied.state === "copying") this.#unfit = "a copy was begun and not finished";
    else if (lost !== null) this.#unfit = `its table ${lost} is gone from the database`;
  }
}
