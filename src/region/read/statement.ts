/** A statement that reads, run on a session of the engine: a stream of rows, whatever it is. */
import type { EngineSession, RowStream, StreamOptions } from "../../ports/engine.ts";
import type { Column, Row, StatementResult } from "../../protocol/values.ts";
import type { StatementKind } from "../../sql/statement_kind.ts";
import { type ReadPieces, readPieces } from "./pieces.ts";

export interface ReadStatement {
  /** As the guard lets it through. */
  readonly sql: string;
  readonly kind: StatementKind;
  /** For one row by its key. */
  readonly isLookup?: boolean;
}

/** What may be read of regions: a statement, or pieces of tables for one that runs elsewhere. */
export type Readable = ReadStatement | ReadPieces;

export interface ReadOptions extends StreamOptions {
  readonly batchRows: number;
}

export interface Reading extends AsyncIterable<readonly Row[]> {
  readonly columns: Promise<readonly Column[]>;
  /** Known once all rows have been taken. */
  readonly result: StatementResult;
  /** As streams have it; null where what is read is none. */
  readonly kept: RowStream["kept"] | null;
}

const NO_CHANGE: StatementResult = { affected: 0 };

/** Queries may be long; what else there is to read (SHOW, EXPLAIN) is short, and no stream. */
const QUERIES: ReadonlySet<StatementKind> = new Set(["select", "values", "table"] as const);

export function readStatement(
  session: EngineSession,
  readable: Readable,
  options: ReadOptions,
): Reading {
  if (readable.kind === "pieces") return readPieces(session, readable, options);
  const { sql, kind } = readable;
  if (!QUERIES.has(kind)) return new Collected(session.run(sql, options));
  const stream = session.stream(sql, options);
  return {
    columns: stream.columns,
    result: NO_CHANGE,
    kept: () => stream.kept(),
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
  };
}

class Collected implements Reading {
  readonly columns: Promise<readonly Column[]>;
  readonly kept = null;
  readonly #run: ReturnType<EngineSession["run"]>;
  #result = NO_CHANGE;

  constructor(run: ReturnType<EngineSession["run"]>) {
    this.#run = run;
    this.columns = run.then(({ columns }) => columns);
    this.columns.catch(() => {});
  }

  get result(): StatementResult {
    return this.#result;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Row[], void, void> {
    const { rows, result } = await this.#run;
    this.#result = result;
    if (rows.length > 0) yield rows;
  }
}
