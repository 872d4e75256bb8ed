/** Statements as an application gives them: read, bound, and run by whoever owns them. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Parameter } from "../sql/bind.ts";
import { begin, collect, type Running, running, type Use } from "./answers.ts";
import type { Outcome, Prepared, Queries, QueryOptions, QueryResult, QueryStream } from "./api.ts";
import { asMinisqlError, type Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { RowStream } from "./row_stream.ts";
import type { Run, Runner } from "./runner.ts";
import { bound, type Statement } from "./statement.ts";

export interface Call {
  readonly statement: Statement;
  /** Of this one read, where the application said one. */
  readonly level: ReadLevel | undefined;
}

/** How the rows are wanted. */
export interface Mode<T> {
  readonly use: Use<T>;
  readonly run: (runner: Runner, run: Run, deadline: Deadline) => Promise<T>;
  readonly of: (result: QueryResult) => T;
  /** Settles when the statement is over, with how it ended. */
  readonly end: (value: T) => Promise<Outcome>;
}

const WHOLE: Mode<QueryResult> = {
  use: collect,
  run: (runner, run, deadline) => runner.run(run, deadline),
  of: (result) => result,
  end: (result) => Promise.resolve(result),
};

const STREAMED: Mode<Running> = {
  use: begin,
  run: (runner, run, deadline) => runner.stream(run, deadline),
  of: running,
  end: ({ outcome }) => outcome,
};

/** Whose statements they are. */
export interface Owner {
  /** Resolves when the next statement may begin, with what is to be called at its end. */
  enter(deadline: Deadline): Promise<() => void>;
  perform<T>(call: Call, deadline: Deadline, mode: Mode<T>): Promise<T>;
}

type Reading = (deadline: Deadline) => Promise<Statement>;

export class TextQueries implements Queries {
  readonly #desk: Desk;
  readonly #owner: Owner;
  #cancelling = new AbortController();

  constructor(desk: Desk, owner: Owner) {
    this.#desk = desk;
    this.#owner = owner;
  }

  query(
    sql: string,
    params: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<QueryResult> {
    return this.#start(this.#reading(sql), params, options, WHOLE);
  }

  async execute(
    sql: string,
    params?: readonly Parameter[],
    options?: QueryOptions,
  ): Promise<Outcome> {
    const { result, receipt } = await this.query(sql, params, options);
    return { result, receipt };
  }

  stream(
    sql: string,
    params: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): QueryStream {
    return new RowStream(this.#start(this.#reading(sql), params, options, STREAMED));
  }

  prepare(sql: string): Prepared {
    const read = this.#reading(sql);
    let statement: Statement | null = null;
    const once: Reading = async (deadline) => statement ??= await read(deadline);
    return {
      sql,
      execute: (params = [], options = {}) => this.#start(once, params, options, WHOLE),
    };
  }

  cancel(): void {
    const cancelling = this.#cancelling;
    this.#cancelling = new AbortController();
    cancelling.abort(
      new MinisqlError("CANCELLED", "Cannot finish the statement: cancel() ends it"),
    );
  }

  #reading(sql: string): Reading {
    return (deadline) => this.#desk.statements.read(sql, deadline);
  }

  async #start<T>(
    read: Reading,
    params: readonly Parameter[],
    options: QueryOptions,
    mode: Mode<T>,
  ): Promise<T> {
    const { signal: cancelled } = this.#cancelling;
    const signal = options.signal === undefined
      ? cancelled
      : AbortSignal.any([cancelled, options.signal]);
    const deadline = this.#desk.deadline({ ...options, signal });
    try {
      const leave = await this.#owner.enter(deadline);
      try {
        const statement = bound(await read(deadline), params);
        const value = await this.#owner.perform({ statement, level: options.read }, deadline, mode);
        mode.end(value).then(leave, leave);
        return value;
      } catch (error) {
        leave();
        throw error;
      }
    } catch (error) {
      throw asMinisqlError(error, deadline);
    }
  }
}
