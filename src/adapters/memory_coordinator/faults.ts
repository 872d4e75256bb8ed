/** What can go wrong between the coordinator in memory and its clients, on demand. */
import { invariant } from "../../base/assert.ts";
import type { CoordinatorErrorCode } from "../../ports/coordinator.ts";
import type { Ambushes, RequestMatch } from "./ambushes.ts";
import type { Line, Reach } from "./line.ts";
import type { CoordinationService } from "./service.ts";

export interface FaultParts {
  readonly service: CoordinationService;
  readonly ambushes: Ambushes;
  readonly lines: ReadonlyMap<string, Line>;
}

export class CoordinatorFaults {
  readonly #parts: FaultParts;
  readonly #partitions = new Map<string, Reach>();
  #away = false;

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  get serviceIsAway(): boolean {
    return this.#away;
  }

  /** How many faults laid for a request still wait for it. */
  get waiting(): number {
    return this.#parts.ambushes.size;
  }

  /** The client is cut off: it is told at once (`cut`), or finds out by the silence. */
  partition(client: string, how: "cut" | "silent" = "cut"): void {
    this.#partitions.set(client, how);
    this.#apply(this.#line(client));
  }

  /** The client can be reached again. Its session goes on, unless it has ended meanwhile. */
  heal(client: string): void {
    this.#partitions.delete(client);
    this.#apply(this.#line(client));
  }

  /** The client's process stands still: it sends nothing, hears nothing, and its timers wait. */
  pause(client: string): void {
    this.#line(client).paused = true;
  }

  resume(client: string): void {
    this.#line(client).paused = false;
  }

  /** The service ends the client's sessions now. */
  expire(client: string): void {
    for (const id of this.#parts.service.sessionsOf(client)) this.#parts.service.end(id, "expired");
  }

  /** The next request that fits loses its answer, and the client its connection; `sprung` is told. */
  loseReply(
    match: RequestMatch,
    { applied }: { readonly applied: boolean },
    sprung: () => void = () => {},
  ): void {
    this.#parts.ambushes.lay(match, { kind: "lose_reply", applied, sprung });
  }

  /** The next request that fits is answered with an error and not carried out. */
  refuse(match: RequestMatch, code: CoordinatorErrorCode): void {
    this.#parts.ambushes.lay(match, { kind: "refuse", code });
  }

  /** Messages of the client, or of every client there is, take so long each way from now on. */
  delay(ms: number, client?: string): void {
    const lines = client === undefined ? this.#parts.lines.values() : [this.#line(client)];
    for (const line of lines) line.delayMs = ms;
  }

  /** The client reads what was: nothing new is seen until it writes, probes, or catches up. */
  lag(client: string): void {
    this.#parts.service.lag(client, true);
  }

  catchUp(client: string): void {
    this.#parts.service.lag(client, false);
  }

  /** The service goes away for everybody. Nobody's session ends there in the meantime. */
  serviceAway(): void {
    this.#setAway(true);
  }

  serviceBack(): void {
    this.#setAway(false);
  }

  #setAway(away: boolean): void {
    this.#away = away;
    this.#parts.service.away = away;
    for (const line of this.#parts.lines.values()) this.#apply(line);
  }

  #apply(line: Line): void {
    line.reach = this.#away ? "cut" : this.#partitions.get(line.name) ?? "up";
  }

  #line(client: string): Line {
    const line = this.#parts.lines.get(client);
    invariant(line !== undefined, `no client is called ${client}`);
    return line;
  }
}
