/** Sends statements with what each is to find in its session, and nothing of those before it. */
import type { RunOptions, StatementContext } from "../../ports/engine.ts";
import type { Answers, Channel, Limit } from "./channel.ts";
import type { Answer, Ending, Sink } from "./results.ts";
import { CONDITIONS_SQL } from "./conditions.ts";
import { type ContextSetter, type Framing, NOTHING_LEFT } from "./statement_context.ts";

export interface Counted {
  readonly sql: string;
  readonly context: StatementContext;
  /** The number it carries when its changes to fingerprints are counted. */
  readonly counter: bigint | null;
}

/** What the engine wants to know behind the last statement. */
export interface Behind {
  /** What that one warns of. */
  readonly tells: boolean;
  /** What was counted is written. */
  readonly flush: string | null;
}

/** Null for what was not asked, or not any more. */
export interface Sent extends Answers {
  readonly told: Answer | null;
  readonly flushed: Answer | null;
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

  /** In one round trip: statements, each of which is one for certain. */
  async all(statements: readonly Counted[], behind: Behind, limit: Limit): Promise<Sent> {
    let left = this.#leftovers;
    const framed = statements.map(({ sql, ...framing }) => {
      const made = this.#context(sql, framing, left);
      left = made.leftovers;
      return made;
    });
    const texts = framed.flatMap(({ before, sql }) => [...before, sql]);
    const asked = behind.tells ? [...texts, CONDITIONS_SQL] : texts;
    const all = behind.flush === null ? asked : [...asked, behind.flush];
    const { answers, failure } = await this.#channel.sendAll(all, limit);
    let at = -1;
    const theirs = framed.flatMap(({ before }) => answers[at += before.length + 1] ?? []);
    this.#leftovers = framed[Math.min(theirs.length, framed.length - 1)]?.leftovers ?? left;
    return {
      ...{ answers: theirs, failure },
      told: behind.tells ? answers[texts.length] ?? null : null,
      flushed: answers[asked.length] ?? null,
    };
  }
}
