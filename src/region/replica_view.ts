/** A replica as reading sees it. */
import { orAborted } from "../base/abort.ts";
import type { Engine, Fingerprint, TableSchema } from "../ports/engine.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionState } from "../protocol/model.ts";
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

/** Every read asks for them, so they are made once for a state. */
interface PeersFor {
  readonly state: RegionState | null;
  readonly rid: number;
  readonly peers: readonly Peer[];
}

export class ReplicaView implements ReadableReplica {
  readonly region: string;
  readonly #replica: Replica;
  readonly #deps: ViewDeps;
  #peers: PeersFor | null = null;

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
    const { copy, state } = this.#replica;
    const lost = this.#deps.engineLost();
    if (lost !== null) return this.#refused("BEHIND", `its database is lost: ${lost}`);
    if (copy.unfit !== null) return this.#refused("DIVERGED", copy.unfit);
    const { rid: self } = this;
    const isMember = state?.isr.some(({ rid }) => rid === self) === true;
    return this.isPrimary || isMember ? null : this.#refused("BEHIND", "it is not in sync");
  }

  #refused(code: "BEHIND" | "DIVERGED", why: string): MinisqlError {
    return new MinisqlError(
      code,
      `Cannot read region ${this.region} on server ${this.rid}: ${why}`,
    );
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
    const { rid } = this;
    const { state } = this.#replica;
    if (this.#peers?.state !== state || this.#peers.rid !== rid) {
      this.#peers = { state, rid, peers: peersOf(state, rid, this.#deps.directory) };
    }
    return this.#peers.peers;
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
