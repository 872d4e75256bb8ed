/** A made-up world: one virtual time, one seed, a network, a coordination service and a catalog. */
import { crc32 } from "../base/crc32.ts";
import { MemoryCoordinator } from "../adapters/memory_coordinator/coordinator.ts";
import { MemoryNetwork } from "../adapters/memory_network.ts";
import { MemoryReporter, type Report } from "../adapters/memory_reporter.ts";
import { openCatalogDatabase } from "../adapters/sqlite_catalog.ts";
import { SeededRandom } from "../adapters/seeded_random.ts";
import { VirtualClock } from "../adapters/virtual_clock.ts";
import { Violation } from "./violation.ts";

export interface WorldOptions {
  readonly seed: number;
  /** Lets all that waits only on promises run to rest; the world's owner knows how. */
  readonly settle: () => Promise<void>;
  readonly sessionTimeoutMs: number;
  readonly delayMs: readonly [number, number];
  /** What a message to the coordination service takes, each way; the least of the others by default. */
  readonly coordinationMs?: number;
}

/** More than anything does at one instant that ever comes to an end. */
const STILL_STEPS_MAX = 20_000;

export class World {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly coordinator: MemoryCoordinator;
  readonly catalog = openCatalogDatabase(":memory:");
  readonly reporter: MemoryReporter;
  readonly #settle: () => Promise<void>;
  readonly #checks: (() => void)[] = [];
  #digest = 0;
  #steps = 0;
  /** When time last moved on, and in which step. */
  #movedAt = -1;
  #movedIn = 0;
  #echo: ((line: string) => void) | null = null;

  constructor(options: WorldOptions) {
    const { clock } = this;
    this.#settle = options.settle;
    this.random = new SeededRandom(options.seed);
    const deps = { clock, random: new SeededRandom(options.seed ^ 0x5eed) };
    this.network = new MemoryNetwork(deps, { delayMs: options.delayMs });
    this.coordinator = new MemoryCoordinator({ clock }, {
      sessionTimeoutMs: options.sessionTimeoutMs,
      delayMs: options.coordinationMs ?? options.delayMs[0],
    });
    this.reporter = new MemoryReporter({ onReport: (report) => this.trace(wordsOf(report)) });
  }

  /** A number that two runs of one seed have in common, if nothing but the seed decides. */
  get digest(): string {
    return this.#digest.toString(16).padStart(8, "0");
  }

  get steps(): number {
    return this.#steps;
  }

  /** Every line of the trace, with its time, as it is made. */
  listen(echo: (line: string) => void): void {
    this.#echo = echo;
  }

  /** Notes what happened: part of the digest, and of what is printed of a failed run. */
  trace(what: string): void {
    const line = `${this.clock.now().toFixed(3)} ${what}`;
    this.#digest = crc32(`${this.#digest} ${line}`);
    this.#echo?.(line);
  }

  /** What must hold at every instant. Throws what it has found. */
  always(check: () => void): void {
    this.#checks.push(check);
  }

  async advance(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    await this.#rest();
    while (this.clock.step(until)) await this.#rest();
    await this.clock.advance(until - this.clock.now(), this.#settle);
  }

  /** Moves on until the condition holds; false when it does not within the limit. */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const until = this.clock.now() + limitMs;
    await this.#rest();
    while (!condition()) {
      if (!this.clock.step(until)) return condition();
      await this.#rest();
    }
    return true;
  }

  close(): void {
    this.catalog.close();
  }

  async #rest(): Promise<void> {
    await this.#settle();
    this.#steps++;
    const now = this.clock.now();
    if (now > this.#movedAt) [this.#movedAt, this.#movedIn] = [now, this.#steps];
    if (this.#steps - this.#movedIn > STILL_STEPS_MAX) {
      throw new Violation("liveness", `time stands still: ${STILL_STEPS_MAX} steps at one instant`);
    }
    for (const check of this.#checks) check();
  }
}

function wordsOf(report: Report): string {
  const who = String(report.fields["process"] ?? "");
  if (report.kind === "event") return `${who} ${JSON.stringify(report.event)}`;
  return `${who} ${report.level} ${report.message}`;
}
