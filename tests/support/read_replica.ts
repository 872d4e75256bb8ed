/** A copy of a region as reading sees it, without a log: it applies what it is told to. */
import assert from "node:assert/strict";
import type { Clock } from "../../src/ports/clock.ts";
import type { Engine, Fingerprint, TableSchema } from "../../src/ports/engine.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { writeApplied } from "../../src/region/books.ts";
import type { Lost, Peer, ReadableReplica } from "../../src/region/readable.ts";
import { Watermark } from "../../src/region/watermark.ts";
import { classify } from "../../src/sql/classify.ts";

export const EPOCH = 3;
export const LIMIT = { timeoutMs: 600_000 };

export interface Surroundings {
  readonly clock: Clock;
  peer(from: number, to: number): Peer;
}

/** One region's copy on one server, as reading sees a replica. */
export class TestReplica implements ReadableReplica {
  readonly region: string;
  readonly rid: number;
  readonly engine: Engine;
  readonly mark = new Watermark(0);
  readonly lost: Lost[] = [];
  readonly verifiedTables: string[] = [];
  epoch = EPOCH;
  isPrimary = false;
  outvotedPrimary: number | null = null;
  isRestless = false;
  inSync: readonly number[] = [];
  trouble: MinisqlError | null = null;
  confirmed: () => Promise<number> = () => Promise.resolve(this.applied);
  readonly #world: Surroundings;
  readonly #known: { readonly seq: number; readonly held: ReadonlyMap<string, Fingerprint> }[] = [];
  #peers: readonly Peer[] = [];
  #tables: readonly string[] = [];
  #visible = 0;

  constructor(world: Surroundings, region: string, rid: number, engine: Engine) {
    this.#world = world;
    this.region = region;
    this.rid = rid;
    this.engine = engine;
  }

  get applied(): number {
    return this.mark.value;
  }

  get visible(): number {
    return Math.max(this.#visible, this.applied) + (this.isRestless ? 1 : 0);
  }

  refusal(): MinisqlError | null {
    return this.trouble;
  }

  async reach(seq: number, withinMs: number, signal: AbortSignal): Promise<void> {
    const reached = await this.mark.reach(seq, this.#world.clock, withinMs, signal);
    signal.throwIfAborted();
    if (!reached) throw new MinisqlError("BEHIND", `Server ${this.rid} is at ${this.applied}`);
  }

  confirm(): Promise<number> {
    if (this.isPrimary) return this.confirmed();
    return Promise.reject(new MinisqlError("NOT_PRIMARY", "Another one is the primary"));
  }

  peers(): readonly Peer[] {
    const rids = this.inSync.filter((rid) => rid !== this.rid);
    const isSame = rids.join() === this.#peers.map(({ rid }) => rid).join();
    if (!isSame) this.#peers = rids.map((rid) => this.#world.peer(this.rid, rid));
    return this.#peers;
  }

  fingerprintAt(table: string, seq: number): Fingerprint | null {
    if (seq > this.applied) return null;
    return this.#known.findLast((each) => each.seq <= seq)?.held.get(table) ?? null;
  }

  async schema(table: string): Promise<TableSchema | null> {
    return await this.engine.schema(table);
  }

  tables(): readonly string[] {
    return this.#tables;
  }

  lose(lost: Lost): void {
    this.lost.push(lost);
    this.trouble = new MinisqlError("DIVERGED", `The copy of ${lost.table} was outvoted`);
  }

  verified(table: string): void {
    this.verifiedTables.push(table);
  }

  /** Runs statements as one entry of the log would be, and moves on. */
  async apply(...statements: readonly string[]): Promise<void> {
    const session = await this.engine.session();
    await session.begin("write");
    for (const sql of statements) await session.run(sql, LIMIT);
    const changed = await session.flushFingerprints();
    const seq = this.applied + 1;
    this.#visible = seq;
    await writeApplied(session, this.region, { epoch: EPOCH, seq, state: "sound" });
    await session.commit();
    await session.close();
    this.note(seq, new Map([...this.#known.at(-1)?.held ?? [], ...changed]));
  }

  /** Notes that a schema change is being run. */
  async begin(state: "changing" | "emptying"): Promise<void> {
    const session = await this.engine.session();
    this.#visible = this.applied + 1;
    await session.begin("write");
    await writeApplied(session, this.region, { epoch: EPOCH, seq: this.applied, state });
    await session.commit();
    await session.close();
  }

  /** Notes that the schema change is over, and what the tables are now. */
  async end(): Promise<void> {
    const session = await this.engine.session();
    const seq = this.applied + 1;
    await session.begin("write");
    await writeApplied(session, this.region, { epoch: EPOCH, seq, state: "sound" });
    await session.commit();
    await session.close();
    this.note(seq, await this.#held());
  }

  /** Begins anew with what the engine says, as a process does that was started again. */
  async reload(): Promise<void> {
    const held = await this.#held();
    this.#known.length = 0;
    this.note(this.applied, held);
  }

  async #held(): Promise<ReadonlyMap<string, Fingerprint>> {
    const session = await this.engine.session();
    const held = new Map<string, Fingerprint>();
    for (const table of this.#tables) {
      const fingerprint = await session.fingerprint(table);
      if (fingerprint !== null) held.set(table, fingerprint);
    }
    await session.close();
    return held;
  }

  note(seq: number, held: ReadonlyMap<string, Fingerprint>): void {
    this.#known.push({ seq, held });
    this.#tables = [...held.keys()].sort();
    this.mark.raise(seq);
  }
}

/** Makes and fills the tables, and begins at position 1. */
export async function fillReplica(replica: TestReplica, setup: readonly string[]): Promise<void> {
  const { engine, region } = replica;
  const session = await engine.session();
  const held = new Map<string, Fingerprint>();
  for (const sql of setup) {
    await session.run(sql, LIMIT);
    const { kind, tables: [table] } = classify(sql);
    if (kind !== "create_table" || table === undefined) continue;
    held.set(table.table, await engine.maintainFingerprint(table.table));
  }
  for (const table of held.keys()) {
    const fingerprint = await session.fingerprint(table);
    assert.ok(fingerprint !== null);
    held.set(table, fingerprint);
  }
  await session.begin("write");
  await writeApplied(session, region, { epoch: EPOCH, seq: 1, state: "sound" });
  await session.commit();
  await session.close();
  replica.note(1, held);
}
