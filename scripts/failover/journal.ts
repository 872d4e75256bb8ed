/** What the writers were told, and when: the only truth that the copies are judged by. */

/** `unknown`: it may have been done, once. */
export type Outcome = "done" | "refused" | "unknown";

export interface Told {
  readonly writer: number;
  readonly sentAt: number;
  readonly toldAt: number;
  readonly outcome: Outcome;
  /** Of the answer's receipt; null without one. */
  readonly epoch: number | null;
}

/** The first acknowledged write of an epoch. */
interface Beginning {
  readonly at: number;
  /** How long the first write of each writer took that was acknowledged in it. */
  readonly waits: Map<number, number>;
}

export class Journal {
  /** Of inserted ids. */
  readonly inserts = new Map<number, Outcome>();
  /** Increments of each writer's counter. */
  readonly increments = new Map<number, Record<Outcome, number>>();
  /** Milliseconds of all acknowledged writes. */
  readonly times: number[] = [];
  readonly #epochs = new Map<number, Beginning>();
  #lastEpoch = 0;

  insert(id: number, told: Told): void {
    this.inserts.set(id, told.outcome);
    this.#note(told);
  }

  increment(told: Told): void {
    const counts = this.increments.get(told.writer) ?? { done: 0, refused: 0, unknown: 0 };
    counts[told.outcome]++;
    this.increments.set(told.writer, counts);
    this.#note(told);
  }

  /** When the first write was acknowledged in an epoch after `epoch`; null while there is none. */
  resumedAfter(epoch: number): number | null {
    return this.#lastEpoch > epoch ? this.#epochs.get(this.#lastEpoch)?.at ?? null : null;
  }

  /** For each epoch after `epoch`, how long the writers waited for their first write in it. */
  waitsAfter(epoch: number): readonly number[] {
    const later = [...this.#epochs].filter(([each]) => each > epoch);
    return later.flatMap(([, { waits }]) => [...waits.values()]);
  }

  #note({ writer, sentAt, toldAt, outcome, epoch }: Told): void {
    if (outcome !== "done") return;
    this.times.push(toldAt - sentAt);
    if (epoch === null) return;
    const beginning = this.#epochs.get(epoch) ?? { at: toldAt, waits: new Map() };
    if (!beginning.waits.has(writer)) beginning.waits.set(writer, toldAt - sentAt);
    this.#epochs.set(epoch, beginning);
    this.#lastEpoch = Math.max(this.#lastEpoch, epoch);
  }
}
