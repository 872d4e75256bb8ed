/**
 * A read as one statement, without a transaction around it. Such a statement sees one moment by
 * itself; which one is known if nothing was committed to what it reads from before it began until
 * after its first row. Then it saw what this copy held at its position, which is remembered and can
 * be voted on, unless somebody wrote round the cluster: so the fingerprints kept in the database
 * are looked at once more, in the same round trip or, where very many read, on behalf of them all.
 *
 * Most reads go this way, at the cost of their query. Where something was committed meanwhile, the
 * read is done over, slowly.
 */
import type { EngineSession, Fingerprint, Lookup, Lookups } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Answer } from "../../protocol/messages.ts";
import { isSameContent } from "./content.ts";
import type { KeptLooks } from "./kept_looks.ts";
import { claims, type Part } from "./parts.ts";
import type { Claim, Poll } from "./poll.ts";
import type { Read } from "./read.ts";
import type { View } from "./snapshot.ts";
import { readStatement } from "./statement.ts";
import type { Verdict } from "./verdict.ts";

/** Something was committed meanwhile, or written round the cluster: which moment it was is open. */
export class Missed extends Error {
  override readonly name = "Missed";
}

export interface QuickDeps {
  readonly poll: Poll;
  readonly looks: KeptLooks;
  /** So many read that looks are better shared than taken along. */
  readonly isCrowded: () => boolean;
  readonly lookups: Lookups | null;
  readonly withSession: WithSession;
}

type Kept = readonly (Fingerprint | null)[];

/** Runs a use of a session; the session is free again when it resolves. */
export type WithSession = <T>(use: (session: EngineSession) => Promise<T>) => Promise<T>;

interface Pass {
  /** Called when rows may begin to go: at once, or when they must. */
  readonly open: () => Promise<void>;
  readonly when: "at once" | "full";
  /** Tables whose fingerprints are wanted as they are behind the last row. */
  readonly kept: readonly string[];
}

interface Passed {
  readonly result: Answer<"query">["result"];
  readonly kept: Kept | null;
}

const NO_CHANGE: Passed["result"] = { affected: 0 };

export class QuickRead {
  readonly #deps: QuickDeps;
  readonly #read: Read;
  readonly #views: readonly View[];

  private constructor(deps: QuickDeps, read: Read, views: readonly View[]) {
    this.#deps = deps;
    this.#read = read;
    this.#views = views;
  }

  /** Null where it cannot be done this way now. */
  static of(deps: QuickDeps, read: Read): QuickRead | null {
    const views: View[] = [];
    for (const part of read.parts) {
      const view = remembered(part, read.request.level !== "fast");
      if (view === null) return null;
      views.push(view);
    }
    return new QuickRead(deps, read, views);
  }

  /** Raises `Missed` where it has to be done over; no row has gone out then. */
  run(): Promise<Answer<"query">> {
    return this.#read.request.level === "fast" ? this.#fast() : this.#sure();
  }

  /** Nobody vouches for the rows, but the position told is not below the one they were read at. */
  async #fast(): Promise<Answer<"query">> {
    const { out, parts } = this.#read;
    let seen: readonly View[] | null = null;
    const { result } = await this.#pass({
      when: "at once",
      kept: [],
      open: async () => {
        if (seen !== null) return;
        this.#requireServing();
        seen = parts.map(({ replica }) => ({
          seq: replica.visible,
          fingerprints: [],
          isChanging: false,
        }));
        await out.open();
      },
    });
    return { result, receipt: this.#read.receipt(seen ?? this.#views, []) };
  }

  async #sure(): Promise<Answer<"query">> {
    const { out, parts, request } = this.#read;
    const claimed = claims(parts, this.#views);
    const voting = request.level === "latest" ? [] : this.#vote(claimed);
    const tables = claimed.flatMap((claim) => claim.tables);
    let verdicts: readonly Verdict[] = [];
    let isVouchedFor = false;
    const vouch = async (kept: Kept | null) => {
      if (isVouchedFor) return;
      this.#requireStill(claimed, kept ?? await this.#look(tables));
      verdicts = await voting;
      isVouchedFor = true;
    };
    const open = async (kept: Kept | null) => {
      await vouch(kept);
      await out.open();
    };
    try {
      const pass = { open: () => open(null), when: "full", kept: tables } as const;
      const { result, kept } = await this.#pass(pass);
      await open(kept);
      return { result, receipt: this.#read.receipt(this.#views, verdicts) };
    } catch (error) {
      // How a query fails depends on the rows too.
      if (error instanceof MinisqlError && error.code === "SQL") await vouch(null);
      throw error;
    }
  }

  /** While the query runs, where anybody must be asked. */
  #vote(claimed: readonly Claim[]): readonly Verdict[] | Promise<readonly Verdict[]> {
    const { poll } = this.#deps;
    const known = claimed.flatMap((claim) => poll.known(claim) ?? []);
    if (known.length === claimed.length) return known;
    const voting = Promise.all(claimed.map((claim) => poll.pass(claim, this.#read.signal)));
    voting.catch(() => {});
    return voting;
  }

  /** Reads all rows. */
  #pass(pass: Pass): Promise<Passed> {
    const { lookups, withSession, isCrowded } = this.#deps;
    const { statement } = this.#read.request;
    const [table, ...others] = this.#read.parts.flatMap(({ tables }) => tables);
    const isLookup = statement.kind !== "pieces" && statement.isLookup === true;
    // Names that differ by case only are several tables here, any of which may be meant.
    if (lookups !== null && isLookup && table !== undefined && others.length === 0) {
      return this.#lookUp(lookups, { sql: statement.sql, table }, pass);
    }
    return withSession((session) =>
      this.#stream(session, isCrowded() ? { ...pass, kept: [] } : pass)
    );
  }

  async #lookUp(
    lookups: Lookups,
    query: Pick<Lookup, "sql" | "table">,
    { open, when, kept: tables }: Pass,
  ): Promise<Passed> {
    const { out, signal, leftMs: timeoutMs } = this.#read;
    const isKeptWanted = tables.length > 0;
    const wanted = { ...query, kept: isKeptWanted, timeoutMs, signal };
    const { columns, rows, kept } = await lookups.find(wanted);
    out.head(columns);
    if (rows.length > 0) await out.take(rows);
    if (when === "at once") await open();
    return { result: NO_CHANGE, kept: isKeptWanted ? [kept] : null };
  }

  async #stream(session: EngineSession, { open, when, kept }: Pass): Promise<Passed> {
    const { out, request } = this.#read;
    const options = { ...this.#read.options(), kept };
    const reading = readStatement(session, request.statement, options);
    out.head(await reading.columns);
    for await (const rows of reading) {
      if (when === "at once") await open();
      await out.take(rows);
      if (out.isFull) await open();
    }
    if (when === "at once") await open();
    const isWanted = kept.length > 0 && !out.isOpen;
    return { result: reading.result, kept: isWanted ? await reading.kept?.() ?? null : null };
  }

  /** On behalf of all who want to know at the time. */
  async #look(tables: readonly string[]): Promise<Kept> {
    return await Promise.all(tables.map((table) => this.#deps.looks.after(table)));
  }

  /** What was read is what is remembered of this position. */
  #requireStill(claimed: readonly Claim[], kept: Kept): void {
    this.#requireUnmoved();
    const remembered = claimed.flatMap(({ fingerprints }) => fingerprints);
    const isStill = kept.every((now, at) => {
      const then = remembered[at] ?? null;
      return now !== null && then !== null && isSameContent(now, then);
    });
    if (!isStill) throw new Missed("A fingerprint is not what it was");
  }

  #requireUnmoved(): void {
    this.#requireServing();
    for (const [at, { replica }] of this.#read.parts.entries()) {
      if (replica.visible !== this.#views[at]?.seq) throw new Missed("Something was committed");
    }
  }

  #requireServing(): void {
    for (const { replica } of this.#read.parts) {
      const refusal = replica.refusal();
      if (refusal !== null) throw refusal;
    }
  }
}

/** What the copy holds at the position where it rests; null where it moves, or is not known. */
function remembered({ replica, tables }: Part, isVouchedFor: boolean): View | null {
  const seq = replica.applied;
  if (!isVouchedFor) return { seq, fingerprints: [], isChanging: false };
  if (replica.visible !== seq) return null;
  const fingerprints: Fingerprint[] = [];
  for (const table of tables) {
    const fingerprint = replica.fingerprintAt(table, seq);
    if (fingerprint === null) return null;
    fingerprints.push(fingerprint);
  }
  return { seq, fingerprints, isChanging: false };
}
