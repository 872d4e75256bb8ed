/**
 * The log against a model, through crashes, full disks and failing ones, with everything drawn
 * from a seed. After a crash the log must hold what it acknowledged, and of the rest a beginning.
 */
import assert from "node:assert/strict";
import { MemoryDisk } from "../../src/adapters/memory_disk.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import type { Log, LogEntry } from "../../src/ports/log.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { LogModel, look, type ModelChange } from "../support/log_model.ts";
import { open } from "../support/logs.ts";

const SEEDS = 1000;
const LIVES = 4;
const REGIONS = ["a", "b", "c"];

interface Asked {
  readonly changes: readonly ModelChange[];
  answer: "none" | "done" | "refused" | "unknown";
}

/** How often each thing came about, over all seeds: a test that never gets there proves nothing. */
const counts = new Map<string, number>();

function count(what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

class Story {
  readonly #random: SeededRandom;
  readonly #device = new MemoryDisk();
  readonly #options: { segmentBytes: number; reserveBytes: number; cacheBytes: number };
  #model = new LogModel();
  #asked: Asked[] = [];
  #bodies = 0;
  #bug: Error | null = null;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#options = {
      segmentBytes: this.#below(3000) + 300,
      reserveBytes: this.#below(2) * 1000,
      cacheBytes: [0, 600, 1_000_000][this.#below(3)] as number,
    };
  }

  async run(): Promise<void> {
    for (let life = 0; life < LIVES; life++) {
      const disk = await this.#device.mount();
      const log = await open(disk, this.#options);
      await this.#compare(log, `opening ${life}`);
      await this.#live(log);
      await this.#end(log);
      disk.close();
      this.#device.capacityBytes = Infinity;
      this.#device.fail("sync", 0);
    }
    const log = await open(await this.#device.mount(), this.#options);
    await this.#compare(log, "the end");
    await log.close();
  }

  async #live(log: Log): Promise<void> {
    const steps = 10 + this.#below(50);
    for (let step = 0; step < steps; step++) {
      this.#trouble();
      this.#ask(log);
      const draw = this.#random.next();
      if (draw < 0.6) await this.#turns(this.#below(12));
      else if (draw < 0.8) await this.#rest();
      else if (draw < 0.85) {
        await this.#rest();
        // What a broken log shows means nothing any more.
        const broken = this.#asked.some((each) => each.answer === "unknown");
        if (!broken) await this.#compare(log, "in between");
      }
    }
  }

  /** By a crash, mostly. */
  async #end(log: Log): Promise<void> {
    if (this.#random.next() < 0.2) {
      await log.close();
      await this.#rest();
      return count("closed");
    }
    this.#device.crash(this.#random);
    count("crashed");
    await this.#rest();
    if (this.#asked.some((each) => each.answer === "unknown")) count("crashed with changes open");
  }

  #trouble(): void {
    const draw = this.#random.next();
    if (draw < 0.04) this.#device.capacityBytes = this.#device.usedBytes + this.#below(600);
    else if (draw < 0.1) this.#device.capacityBytes = Infinity;
    else if (draw < 0.104) this.#device.fail("sync");
  }

  #ask(log: Log): void {
    const region = REGIONS[this.#below(REGIONS.length)] as string;
    const draw = this.#random.next();
    if (draw < 0.6) return this.#append(log);
    if (draw < 0.72) return this.#truncate(log, region);
    if (draw < 0.77) {
      const position = { epoch: 1 + this.#below(9), seq: this.#below(30) };
      return this.#note(log.reset(region, position), [{ kind: "reset", region, position }]);
    }
    if (draw < 0.8) {
      const changes = log.regions().includes(region) ? [{ kind: "drop", region } as const] : [];
      return this.#note(log.drop(region), changes);
    }
    if (draw < 0.87) {
      const word = `word ${this.#bodies++}`;
      return this.#note(log.promise(region, word), [{ kind: "promise", region, word }]);
    }
    this.#checkpoint(log, region);
  }

  #append(log: Log): void {
    const entries: LogEntry[] = [];
    const ends = new Map(REGIONS.map((region) => [region, log.last(region)]));
    for (let left = 1 + this.#below(4); left > 0; left--) {
      const region = REGIONS[this.#below(REGIONS.length)] as string;
      const last = ends.get(region) ?? { epoch: 0, seq: 0 };
      const epoch = Math.max(1, last.epoch) + (this.#random.next() < 0.1 ? 1 : 0);
      const body = `{"n":${this.#bodies++},"x":"${"x".repeat(this.#below(200))}"}`;
      entries.push({ region, seq: last.seq + 1, epoch, body });
      ends.set(region, { epoch, seq: last.seq + 1 });
    }
    this.#note(log.append(entries), entries.map((entry) => ({ kind: "entry", entry })));
  }

  #truncate(log: Log, region: string): void {
    const last = log.last(region).seq;
    const lowest = Math.max(this.#checkpointOf(region), log.first(region) - 1);
    if (lowest > last) return;
    const seq = lowest + this.#below(last - lowest + 2);
    const changes = seq < last ? [{ kind: "cut", region, seq } as const] : [];
    this.#note(log.truncate(region, seq), changes);
  }

  #checkpoint(log: Log, region: string): void {
    // Only what is on disk can have been applied.
    if (this.#asked.some((each) => each.answer === "none" && touches(each, region))) return;
    const last = log.last(region).seq;
    const seq = Math.max(0, last - this.#below(4));
    const known = log.regions().includes(region);
    const changes = known ? [{ kind: "checkpoint", region, seq } as const] : [];
    this.#note(log.checkpoint(region, seq), changes);
  }

  /** The highest checkpoint that may hold, whatever becomes of what is asked. */
  #checkpointOf(region: string): number {
    let highest = this.#model.checkpointOf(region);
    for (const change of this.#asked.flatMap((each) => each.changes)) {
      if (change.kind === "entry" || change.region !== region) continue;
      if (change.kind === "checkpoint") highest = Math.max(highest, change.seq);
      if (change.kind === "reset") highest = Math.max(highest, change.position.seq);
    }
    return highest;
  }

  #note(promise: Promise<void>, changes: readonly ModelChange[]): void {
    const asked: Asked = { changes, answer: "none" };
    this.#asked.push(asked);
    promise.then(() => asked.answer = "done", (error) => {
      const code = error instanceof MinisqlError ? error.code : "a bug";
      if (code === "OUTCOME_UNKNOWN") asked.answer = "unknown";
      else asked.answer = "refused";
      if (code !== "OUTCOME_UNKNOWN" && code !== "UNAVAILABLE") this.#bug ??= error;
      count(code);
    });
  }

  /** Until everything asked is answered. */
  async #rest(): Promise<void> {
    for (let turn = 0; this.#asked.some((each) => each.answer === "none"); turn++) {
      assert.ok(turn < 10_000, "a change is never answered");
      await null;
    }
    if (this.#bug !== null) throw this.#bug;
  }

  /** The log is the model with all that was acknowledged, and a beginning of the rest. */
  async #compare(log: Log, when: string): Promise<void> {
    assert.deepEqual(log.damage, [], when);
    const seen = await look(log);
    const { kept, open: undecided } = this.#decided();
    const model = this.#model.copy();
    for (const change of kept) model.apply(change);
    let found = model.difference(seen) === null ? model.copy() : null;
    let difference = model.difference(seen);
    for (const change of undecided) {
      model.apply(change);
      // The longest that fits: a checkpoint more or less does not always show.
      const other = model.difference(seen);
      if (other === null) found = model.copy();
      else difference ??= other;
    }
    assert.ok(found !== null, `${when}: ${difference}, or with more`);
    this.#model = found;
    this.#asked = [];
  }

  /** What must be there, and in order what may be. */
  #decided(): { kept: readonly ModelChange[]; open: readonly ModelChange[] } {
    const asked = this.#asked.filter((each) => each.answer !== "refused");
    const lastDone = asked.findLastIndex((each) => each.answer === "done");
    return {
      kept: asked.slice(0, lastDone + 1).flatMap((each) => each.changes),
      open: asked.slice(lastDone + 1).flatMap((each) => each.changes),
    };
  }

  async #turns(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await null;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}

function touches(asked: Asked, region: string): boolean {
  return asked.changes.some((change) =>
    (change.kind === "entry" ? change.entry.region : change.region) === region
  );
}

Deno.test("log: whatever happens, it holds what it acknowledged and a beginning of the rest", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    try {
      await new Story(seed).run();
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    }
  }
  for (const what of ["closed", "crashed", "crashed with changes open", "UNAVAILABLE"]) {
    assert.ok((counts.get(what) ?? 0) > SEEDS / 10, `${what}: ${counts.get(what)}`);
  }
});
