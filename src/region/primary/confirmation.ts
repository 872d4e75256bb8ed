/**
 * Shows that nobody else has become primary: every other replica in sync says that it still follows
 * this one. A new primary must be one of them, and would say otherwise. Those who ask while a round
 * is under way share the next one.
 */
import type { Member, Quorum } from "./quorum.ts";
import type { Shipper } from "./shipper.ts";

export class Confirmation {
  readonly #quorum: Quorum;
  readonly #self: Member;
  readonly #shipper: (rid: number) => Shipper | null;
  #running: Promise<boolean> | null = null;
  #next: Promise<boolean> | null = null;

  constructor(quorum: Quorum, self: Member, shipper: (rid: number) => Shipper | null) {
    this.#quorum = quorum;
    this.#self = self;
    this.#shipper = shipper;
  }

  /** Whether a round that began after this call has shown it. */
  round(timeoutMs: number): Promise<boolean> {
    if (this.#running === null) return this.#begin(timeoutMs);
    const running = this.#running;
    this.#next ??= running.then(() => {
      this.#next = null;
      return this.#begin(timeoutMs);
    });
    return this.#next;
  }

  #begin(timeoutMs: number): Promise<boolean> {
    const round = this.#ask(timeoutMs).finally(() => {
      if (this.#running === round) this.#running = null;
    });
    this.#running = round;
    return round;
  }

  async #ask(timeoutMs: number): Promise<boolean> {
    const members = this.#quorum.members.filter(({ rid }) => rid !== this.#self.rid);
    const answers = await Promise.allSettled(members.map(async ({ rid }) => {
      const shipper = this.#shipper(rid);
      if (shipper === null) throw new Error("not shipped to");
      await shipper.confirm(timeoutMs);
    }));
    return answers.every(({ status }) => status === "fulfilled");
  }
}
