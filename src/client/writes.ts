/** Writes: to the primary, once, whatever happens to it or to the connection on the way. */
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Route } from "../protocol/model.ts";
import { type Answered, collect, type Outcome } from "./answers.ts";
import type { QueryResult } from "./api.ts";
import { type Context, meaning } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import { Attempts, isAbsence, isRetriable, unlessCancelledHere } from "./retry.ts";
import type { Located, Routes } from "./routes.ts";
import type { Servers } from "./servers.ts";
import type { Statement } from "./statement.ts";
import type { WriteNumber, WriteNumbers } from "./write_numbers.ts";

export interface WritesDeps {
  readonly random: Random;
  readonly routes: Routes;
  readonly servers: Servers;
  readonly numbers: WriteNumbers;
}

export interface Write {
  readonly statement: Statement;
  readonly tables: readonly string[];
  readonly context: Context;
}

export class Writes {
  readonly #deps: WritesDeps;

  constructor(deps: WritesDeps) {
    this.#deps = deps;
  }

  /**
   * Runs a write under one number until its outcome is known. Raises `OUTCOME_UNKNOWN`, `TIMEOUT`
   * or `CANCELLED` when it may have been done, once; any other error when it has not.
   */
  async run(write: Write, deadline: Deadline): Promise<QueryResult> {
    const { numbers } = this.#deps;
    const number = numbers.take();
    try {
      const answer = await this.#run(write, number, deadline);
      numbers.giveBack(number);
      return answer;
    } catch (error) {
      if (error instanceof MinisqlError && error.applied === "no") numbers.giveBack(number);
      throw error;
    }
  }

  async #run(write: Write, number: WriteNumber, deadline: Deadline): Promise<QueryResult> {
    const { routes, random } = this.#deps;
    const attempts = new Attempts(routes, random, deadline);
    const doubt = new Doubt();
    for (;;) {
      const { tables } = write;
      const located = onlyOne(tables, await doubt.rather(routes.find(tables, deadline)));
      const { region } = located.route;
      doubt.requireSame(region);
      let last: MinisqlError;
      try {
        return await this.#ask(located.route, write, number, deadline);
      } catch (raised) {
        const error = unlessCancelledHere(raised, deadline);
        doubt.note(region, error);
        if (await doubt.rather(attempts.haveMoved(tables, error))) continue;
        // The table may have been dropped with what was done to it.
        if (isAbsence(error)) throw doubt.error ?? error;
        if (!isRetriable(error)) throw error;
        last = error;
      }
      await doubt.rather(attempts.next([located], last));
    }
  }

  async #ask(
    route: Route,
    { statement, context }: Write,
    number: WriteNumber,
    deadline: Deadline,
  ): Promise<QueryResult> {
    const { servers } = this.#deps;
    const { primary, region, epoch } = route;
    if (primary === null) throw noPrimary(route);
    const caller = await servers.connect(primary, deadline);
    const request = {
      region,
      epoch,
      sql: statement.sql,
      ...number,
      ...meaning(statement, context),
    };
    try {
      const reply = caller.rows("query", request, deadline.limits());
      return await collect(reply, (answer) => noted(answer, context));
    } catch (error) {
      if (!caller.usable) servers.suspect(primary);
      throw error;
    }
  }
}

/**
 * Whether a write may have been done by an attempt whose answer was lost. From then on only the
 * answer to another attempt clears that up: whatever else ends it leaves it unknown.
 */
export class Doubt {
  #region = "";
  #error: MinisqlError | null = null;

  get error(): MinisqlError | null {
    return this.#error;
  }

  note(region: string, error: unknown): void {
    if (!(error instanceof MinisqlError) || error.code !== "OUTCOME_UNKNOWN") return;
    this.#region = region;
    this.#error = error;
  }

  /** Only the region where it was sent remembers it: it must not be sent to another. */
  requireSame(region: string): void {
    if (this.#error !== null && region !== this.#region) throw this.#error;
  }

  /** The promise's value; where it fails, the doubt comes before a reason that nothing was done. */
  async rather<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      const tells = error instanceof MinisqlError && error.applied === "unknown";
      throw tells ? error : this.#error ?? error;
    }
  }
}

/** What a write has changed is known to its session from now on. */
export function noted({ result, receipt }: Answered, context: Context): Outcome {
  if (receipt !== undefined) context.positions.noteWrite(receipt.region, receipt.seq);
  if (result.insertId !== undefined && result.insertId !== null) {
    context.lastInsertId = result.insertId;
  }
  return { result, receipt: receipt ?? null };
}

export function onlyOne(tables: readonly string[], located: readonly Located[]): Located {
  const [only, ...others] = located;
  if (only !== undefined && others.length === 0) return only;
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot write with ${tables.join(" and ")} in one statement: they live in different regions; ` +
      "read from one and write to the other, or create them with a foreign key between them",
  );
}

export function noPrimary({ tables, region }: Route): MinisqlError {
  const why = `Cannot write to ${tables.join(", ")}: region ${region} has no primary now`;
  return new MinisqlError("UNAVAILABLE", why);
}
