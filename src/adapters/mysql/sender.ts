/** Sends statements with what each is to find in its session, and nothing of those before it. */
import type { RunOptions, StatementContext } from "../../ports/engine.ts";
import type { Answers, Channel, Limit } from "./channel.ts";
import type { Answer, Ending, Sink } from "./results.ts";
import { type ContextSetter, NOTHING_LEFT } from "./statement_context.ts";

export interface Counted {
  readonly sql: string;
  readonly context: StatementContext;
  /** The number it carries when its changes to fingerprints are counted. */
  readonly counter: bigint | null;
}

export interface Sent extends Answers {
  /** To the engine's own statement; null where there is none, or it was not run. */
  readonly own: Answer | null;
}

export class Sender {
  readonly #channel: Channel;
  readonly #context: ContextSetter;
  #leftovers = NOTHING_LEFT;

  constructor(channel: Channel, context: ContextSetter) {
    this.#channel = channel;
    this.#context = context;
  }

  async one(sql: string, options: RunOptions, counter: bigint | null, sink: Sink): Promise<Ending> {
    const framed = this.#context(sql, { ...options, counter }, this.#leftovers);
    for (const text of framed.before) await this.#channel.command(text);
    this.#leftovers = framed.leftovers;
    return await this.#channel.send(framed.sql, options, sink);
  }

  /** In one round trip: statements, each of which is one for certain, and one of the engine's own. */
  async all(statements: readonly Counted[], own: string | null, limit: Limit): Promise<Sent> {
    let left = this.#leftovers;
    const framed = statements.map(({ sql, ...framing }) => {
      const made = this.#context(sql, framing, left);
      left = made.leftovers;
      return made;
    });
    const texts = framed.flatMap(({ before, sql }) => [...before, sql]);
    const all = own === null ? texts : [...texts, own];
    const { answers, failure } = await this.#channel.sendAll(all, limit);
    let at = -1;
    const theirs = framed.flatMap(({ before }) => answers[at += before.length + 1] ?? []);
    this.#leftovers = framed[Math.min(theirs.length, framed.length - 1)]?.leftovers ?? left;
    return { answers: theirs, failure, own: answers[texts.length] ?? null };
  }
}
