/** Sends statements with what each is to find in its session, and nothing of those before it. */
import type { RunOptions, StatementContext } from "../../ports/engine.ts";
import type { Answers, Channel, Limit } from "./channel.ts";
import type { Answer, Ending, Sink } from "./results.ts";
import { type ContextSetter, type Framing, NOTHING_LEFT } from "./statement_context.ts";

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
    return await this.#channel.send(
      await this.#framed(sql, { ...options, counter }),
      options,
      sink,
    );
  }

  /** With one of the engine's own queries behind it: both are one statement for certain. */
  async oneAndAsk(sql: string, options: RunOptions, sink: Sink, query: string): Promise<Answer> {
    const framed = await this.#framed(sql, { ...options, counter: null });
    return await this.#channel.sendAndAsk(framed, query, options, sink);
  }

  async #framed(sql: string, framing: Framing): Promise<string> {
    const framed = this.#context(sql, framing, this.#leftovers);
    for (const text of framed.before) await this.#channel.command(text);
    this.#leftovers = framed.leftovers;
    return framed.sql;
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
