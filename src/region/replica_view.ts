/** A replica as reading sees it. */
import { orAborted } from "../base/abort.ts";
import type { Engine, Fingerprint, TableSchema } from "../ports/engine.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Directory } from "./directory.ts";
import { peersOf } from "./peers.ts";
import type { Lost, Peer, ReadableReplica } from "./readable.ts";
import type { Replica } from "./replica.ts";

export interface ViewDeps {
  readonly rid: () => number | null;
  readonly directory: Directory;
  /** Why this server's database is lost; null while it lives. */
  readonly engineLost: () => string | null;
}

export class ReplicaView implements ReadableReplica {
  readonly region: string;
  readonly #replica: Replica;
  readonly #deps: ViewDeps;

  constructor(replica: Replica, deps: ViewDeps) {
    this.region = replica.region;
    this.#replica = replica;
    this.#deps = deps;
  }

  get rid(): number {
    return this.#deps.rid() ?? 0;
  }

  get epoch(): number {
    return this.#replica.epoch;
  }

  get engine(): Engine {
    return this.#replica.copy.deps.engine;
  }

  get isPrimary(): boolean {
    return this.#replica.primary !== null;
  }

  get outvotedPrimary(): number | null {
    const { outvoted, epoch } = this.#replica;
    return outvoted?.epoch === epoch ? outvoted.rid : null;
  }

  get applied(): number {
    return this.#replica.copy.applied.value;
  }

  get visible(): number {
    return this.#replica.copy.visible;
  }

  refusal(): MinisqlError | null {
    const { copy, region, state } = this.#replica;
    const lost = this.#deps.engineLost();
    const what = `Cannot read region ${region} on server ${this.rid}`;
    if (lost !== null) return new MinisqlError("BEHIND", `${what}: its database is lost: ${lost}`);
    if (copy.unfit !== null) return new MinisqlError("DIVERGED", `${what}: ${copy.unfit}`);
    const isMember = state?.isr.some(({ rid }) => rid === this.rid) === true;
    if (this.isPrimary || isMember) return null;
    return new MinisqlError("BEHIND", `${what}: it is not in sync`);
  }

  async reach(seq: number, withinMs: number, signal: AbortSignal): Promise<void> {
    const { applied, deps: { clock } } = this.#replica.copy;
    if (await orAborted(applied.reach(seq, clock, withinMs, signal), signal)) return;
    throw new MinisqlError(
      "BEHIND",
      `Server ${this.#deps.rid()} is at ${applied.value}, not yet at ${seq}`,
    );
  }

  async confirm(withinMs: number, signal: AbortSignal): Promise<number> {
    const { primary, region } = this.#replica;
    if (primary === null) {
      throw new MinisqlError("NOT_PRIMARY", `Server ${this.rid} does not lead region ${region}`);
    }
    return await primary.confirm(withinMs, signal);
  }

  peers(): readonly Peer[] {
    return peersOf(this.#replica.state, this.rid, this.#deps.directory);
  }

  fingerprintAt(table: string, seq: number): Fingerprint | null {
    const { copy } = this.#replica;
    // What is in dispute is what this copy says of that entry, though it has not kept it.
    if (copy.disputed?.seq === seq) {
      const disputed = copy.disputed.fingerprints.get(table);
      if (disputed !== undefined) return disputed;
    }
    return seq > copy.applied.value ? null : copy.history.at(table, seq);
  }

  async schema(table: string): Promise<TableSchema | null> {
    return await Promise.resolve(this.#replica.copy.schema(table));
  }

  tables(): readonly string[] {
    return this.#replica.copy.tables;
  }

  lose({ table, seq, votes, reason }: Lost): void {
    const { copy } = this.#replica;
    if (copy.unfit !== null) return;
    copy.deps.reporter.event({
      ...{ event: "copy.diverged", region: this.region, table, rid: this.rid, seq, votes, reason },
      verifiedAt: copy.verifiedAt.get(table) ?? null,
    });
    this.#replica.lose(`table ${table} is wrong: ${reason}`);
  }

  verified(table: string): void {
    const { copy } = this.#replica;
    copy.verifiedAt.set(table, Math.floor(copy.deps.clock.wallMicros() / 1000));
  }
}
