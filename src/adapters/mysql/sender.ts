/** Sends statements with what each is to find in its session, and nothing of those before it. */
import type { RunOptions, StatementContext } from "../../ports/engine.ts";
import type { Answers, Channel, Limit } from "./channel.ts";
import type { Ending, Sink } from "./results.ts";
import { type ContextSetter, NOTHING_LEFT } from "./statement_context.ts";

export interface Counted {
  readonly sql: string;
  readonly context: StatementContext;
  /** The number it carries when its changes to fingerprints are counted. */
  readonly counter: bigint | null;
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

  /** In one round trip: statements, each of which is one for certain. */
  async all(statements: readonly Counted[], limit: Limit): Promise<Answers> {
    let left = this.#leftovers;
    const framed = statements.map(({ sql, ...framing }) => {
      const made = this.#context(sql, framing, left);
      left = made.leftovers;
      return made;
    });
    const texts = framed.flatMap(({ before, sql }) => [...before, sql]);
    const { answers, failure } = await this.#channel.sendAll(texts, limit);
    let at = -1;
    const own = framed.flatMap(({ before }) => answers[at += before.length + 1] ?? []);
    this.#leftovers = framed[Math.min(own.length, framed.length - 1)]?.leftovers ?? left;
    return { answers: own, failure };
  }
}
