/** What servers answer, as applications get it. */
import type { Receipt } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Column, Row, StatementResult } from "../protocol/values.ts";
import type { QueryResult } from "./api.ts";

/** How a statement ended, without its rows. */
export type Outcome = Omit<QueryResult, "rows" | "columns">;

/** A statement under way whose rows come in batches. */
export interface Running {
  readonly columns: readonly Column[];
  readonly batches: AsyncIterable<readonly Row[]>;
  /** May resolve before all batches have been taken. */
  readonly outcome: Promise<Outcome>;
}

/** A call as it comes in: rows, then the answer. */
export interface StatementReply extends AsyncIterable<readonly Row[]> {
  readonly columns: Promise<readonly Column[]>;
  readonly answer: Promise<Answered>;
}

/** What is done with a reply as long as nothing of it has been given to the application. */
export type Use<T> = (reply: StatementReply, check: Check) => Promise<T>;

/** Raises where an answer is not what it must be, and takes note of one that is. */
export type Check = (answer: Answered) => Outcome;

export interface Answered {
  readonly result: StatementResult;
  readonly receipt?: Receipt;
}

/** The whole answer at once. */
export async function collect(reply: StatementReply, check: Check): Promise<QueryResult> {
  const rows: Row[] = [];
  for await (const batch of reply) for (const row of batch) rows.push(row);
  return { columns: await reply.columns, rows, ...check(await reply.answer) };
}

/** The answer from its first line on: where it came from cannot be changed after that. */
export async function begin(reply: StatementReply, check: Check): Promise<Running> {
  const columns = await reply.columns;
  const outcome = reply.answer.then(check).catch((error) => {
    throw readError(error);
  });
  // Whoever leaves the rows early need not ask how it ended.
  outcome.catch(() => {});
  return { columns, batches: batchesOf(reply), outcome };
}

async function* batchesOf(reply: StatementReply): AsyncGenerator<readonly Row[]> {
  try {
    yield* reply;
  } catch (error) {
    throw readError(error);
  }
}

/** A read that was lost on the way has changed nothing, whatever the error's policy says of writes. */
export function readError(error: unknown): unknown {
  if (!(error instanceof MinisqlError) || error.code !== "OUTCOME_UNKNOWN") return error;
  return new MinisqlError("UNAVAILABLE", error.message, { cause: error });
}

/** One that is there as a whole, as if it were under way. */
export function running({ columns, rows, ...outcome }: QueryResult): Running {
  const batches = async function* () {
    if (rows.length > 0) yield rows;
  };
  return { columns, batches: batches(), outcome: Promise.resolve(outcome) };
}

/** Of a statement that touched no region and has no rows. */
export const DONE: QueryResult = {
  columns: [],
  rows: [],
  result: { affected: 0 },
  receipt: null,
};
