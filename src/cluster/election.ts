/**
 * Leader election by a queue of ephemeral sequential nodes. Each candidate watches only the one
 * before it, so that a death wakes one candidate and not all. The place in the queue is the term:
 * whoever comes later has the higher one, and those who obey refuse what is older.
 */
import { orAborted } from "../base/abort.ts";
import { CoordinatorError, type Session, type SessionState } from "../ports/coordinator.ts";
import type { Random } from "../ports/random.ts";

const PREFIX = "c_";
const DIGITS = 10;
/** Terms are passed over one by one when the queue has been numbered anew; there must be an end. */
const PASSED_OVER_MAX = 100_000;

export interface CandidateOptions {
  /** The node whose children are the queue. */
  readonly queue: string;
  /** What the candidate's node says of it, for people. */
  readonly data: string;
  /**
   * A term that some follower has seen already. Numbers up to it are passed over: they come again
   * when the coordination service has lost its data.
   */
  readonly above: number;
}

export class Candidate {
  readonly term: number;
  readonly #session: Session;
  readonly #queue: string;
  readonly #name: string;

  private constructor(session: Session, queue: string, name: string) {
    this.#session = session;
    this.#queue = queue;
    this.#name = name;
    this.term = place(name);
  }

  /** Joins the queue, at its end. Lives as long as the session, or until `leave`. */
  static async join(
    session: Session,
    random: Random,
    options: CandidateOptions,
    signal: AbortSignal,
  ): Promise<Candidate> {
    for (let passed = 0; passed < PASSED_OVER_MAX; passed++) {
      const name = await enqueue(session, random.id(), options, signal);
      const candidate = new Candidate(session, options.queue, name);
      if (candidate.term > options.above) return candidate;
      await candidate.leave();
    }
    throw new CoordinatorError("refused", `Cannot get a term above ${options.above}`);
  }

  /** Resolves when this candidate is first. Raises what the session raises when it ends. */
  async elected(signal: AbortSignal): Promise<void> {
    while (true) {
      signal.throwIfAborted();
      await connected(this.#session, signal);
      try {
        const before = await this.#predecessor();
        if (before === null) return;
        // Should it have gone between the two looks, `changed` is for its coming back: look again.
        const watched = await this.#session.observe(`${this.#queue}/${before}`);
        if (watched.value !== null) await orAborted(watched.changed, signal);
        watched.release();
      } catch (error) {
        if (!passes(error)) throw error;
      }
    }
  }

  /** Leaves the queue; the next in it is told. */
  async leave(): Promise<void> {
    try {
      await this.#session.delete(`${this.#queue}/${this.#name}`, null);
    } catch (error) {
      if (!(error instanceof CoordinatorError) || error.code !== "no_node") throw error;
    }
  }

  /** The candidate just before this one, or null for none. */
  async #predecessor(): Promise<string | null> {
    const queue = inQueueOrder(await this.#session.children(this.#queue));
    const at = queue.indexOf(this.#name);
    if (at < 0) {
      const why = `Cannot lead: candidate ${this.#name} was removed from the queue`;
      throw new CoordinatorError("no_node", why);
    }
    return queue[at - 1] ?? null;
  }
}

/**
 * Makes the node. Where the answer is lost the node may be there all the same: it is known by the
 * GUID in its name, and looked for before another is made.
 */
async function enqueue(
  session: Session,
  guid: string,
  { queue, data }: CandidateOptions,
  signal: AbortSignal,
): Promise<string> {
  while (true) {
    try {
      const path = await session.create(`${queue}/${PREFIX}${guid}_`, data, "ephemeral_sequential");
      return path.slice(queue.length + 1);
    } catch (error) {
      if (!passes(error)) throw error;
    }
    const found = await find(session, queue, guid, signal);
    if (found !== null) return found;
  }
}

async function find(
  session: Session,
  queue: string,
  guid: string,
  signal: AbortSignal,
): Promise<string | null> {
  while (true) {
    await connected(session, signal);
    try {
      const names = await session.children(queue);
      return names.find((name) => name.startsWith(`${PREFIX}${guid}_`)) ?? null;
    } catch (error) {
      if (!passes(error)) throw error;
    }
  }
}

/** Trouble that is over once the session is connected again. */
function passes(error: unknown): boolean {
  return error instanceof CoordinatorError &&
    (error.code === "connection_loss" || error.code === "suspended");
}

/** Resolves once the session is connected; raises when it has ended or the signal aborts. */
export async function connected(session: Session, signal: AbortSignal): Promise<void> {
  if (session.state === "suspended") {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = session.onState(() => resolve());
    if (session.state === "suspended") await orAborted(promise, signal).finally(stop);
    else stop();
  }
  signal.throwIfAborted();
  const state: SessionState = session.state;
  if (state === "ended") throw new CoordinatorError("session_ended", "The session has ended");
}

/** The number that the coordination service appended to a candidate's name. */
function place(name: string): number {
  return Number(name.slice(-DIGITS));
}

/** Candidates in the order they came. What does not look like one is not one. */
export function inQueueOrder(names: readonly string[]): readonly string[] {
  const pattern = new RegExp(`^${PREFIX}.+_\\d{${DIGITS}}$`);
  return names.filter((name) => pattern.test(name)).sort((a, b) => place(a) - place(b));
}
