/** One view of a region at the source: a snapshot of the engine that is read for another server. */
import { orAborted } from "../../base/abort.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Engine, EngineSession, Fingerprint, RunOptions } from "../../ports/engine.ts";
import type { LogPosition } from "../../ports/log.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { CallContext, RowsContext } from "../../protocol/handlers.ts";
import type { Answer, Request } from "../../protocol/messages.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { quoteName } from "../../sql/names.ts";
import { readApplied, sessionsSql } from "../books.ts";
import { Gate } from "../gate.ts";
import type { CopyLimits } from "./limits.ts";
import { TableRows } from "./table_rows.ts";

export interface OpenCopyDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly limits: CopyLimits;
}

interface CopiedTable {
  readonly rows: TableRows;
  readonly fingerprint: Fingerprint;
}

type ViewOptions = RunOptions & { readonly signal: AbortSignal; readonly batchRows: number };

interface Instead {
  readonly columns: readonly Column[];
  readonly row: (row: Row) => Row;
}

const CHECKSUM: Column = { name: "checksum", kind: "integer" };

export class OpenCopy {
  readonly region: string;
  readonly position: LogPosition;
  readonly #deps: OpenCopyDeps;
  readonly #session: EngineSession;
  readonly #tables: ReadonlyMap<string, CopiedTable>;
  /** An engine session does one thing at a time. */
  readonly #gate = new Gate();
  readonly #ended = new AbortController();

  private constructor(
    deps: OpenCopyDeps,
    session: EngineSession,
    of: {
      readonly region: string;
      readonly position: LogPosition;
      readonly tables: ReadonlyMap<string, CopiedTable>;
    },
  ) {
    this.#deps = deps;
    this.#session = session;
    this.region = of.region;
    this.position = of.position;
    this.#tables = of.tables;
  }

  /** Raises `UNAVAILABLE` while the region cannot be copied from here. */
  static async open(
    deps: OpenCopyDeps,
    region: string,
    tables: readonly string[],
  ): Promise<OpenCopy> {
    const session = await deps.engine.session();
    try {
      await session.begin("snapshot");
      const applied = await readApplied(session, region);
      if (applied?.state !== "sound") {
        throw unavailable(region, "this server has no sound copy of it");
      }
      const { epoch, seq } = applied;
      const found = new Map<string, CopiedTable>();
      for (const table of tables) found.set(table, await look(deps, session, region, table));
      return new OpenCopy(deps, session, { region, position: { epoch, seq }, tables: found });
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get tables(): Answer<"openCopy">["tables"] {
    return [...this.#tables].map(([table, { rows, fingerprint }]) => ({
      table,
      ddl: rows.schema.createSql,
      fingerprint,
    }));
  }

  async chunk(
    { table, after, rows }: Request<"copyChunk">,
    context: CallContext,
  ): Promise<Answer<"copyChunk">> {
    const { rows: of } = this.#table(table);
    return await this.#alone(context, async (options) => {
      const started = this.#deps.clock.now();
      const from = after === null ? null : of.cellKey(after);
      const upTo = of.key === null
        ? null
        : (await this.#session.run(of.chunkEndSql(from, rows), options)).rows[0] ?? null;
      const range = from === null && upTo === null ? {} : { range: { after: from, upTo } };
      const fingerprint = await this.#session.recompute(table, { ...options, ...range });
      return {
        upTo: upTo === null ? null : of.wireKey(upTo),
        fingerprint,
        ms: this.#deps.clock.now() - started,
      };
    });
  }

  async rows(
    { table, after, upTo, checksums = false }: Request<"copyRows">,
    context: RowsContext,
  ): Promise<void> {
    const { rows: of } = this.#table(table);
    const range = {
      after: after === null ? null : of.cellKey(after),
      upTo: upTo === null ? null : of.cellKey(upTo),
    };
    if (!checksums) return await this.#send(of.selectSql(range), context);
    const columns = [...of.key ?? [], CHECKSUM];
    const told = (row: Row) => [...of.keyOf(row), of.checksumOf(row)];
    await this.#send(of.selectSql(range), context, { columns, row: told });
  }

  async sessions(context: RowsContext): Promise<void> {
    await this.#send(sessionsSql(this.region), context);
  }

  /** Ends what is under way, and then the view. */
  async end(reason: MinisqlError): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(reason);
    // What is under way has its own limits, and ends soon now that it was told to.
    await this.#gate.enter(new AbortController().signal, true);
    await this.#session.close();
  }

  /** Sends what a query gives, or something in its stead, as fast as the reader takes it. */
  async #send(sql: string, context: RowsContext, instead?: Instead): Promise<void> {
    await this.#alone(context, async (options) => {
      const stream = this.#session.stream(sql, options);
      for await (const batch of stream) {
        const columns = instead?.columns ?? await stream.columns;
        const rows = instead === undefined ? batch : batch.map(instead.row);
        // A reader that takes nothing must not keep the view open.
        await orAborted(context.rows(columns, rows), options.signal);
      }
    });
  }

  #table(name: string): CopiedTable {
    const table = this.#tables.get(name);
    if (table !== undefined) return table;
    throw new MinisqlError("BAD_REQUEST", `Cannot copy ${name}: it is not in ${this.region}`);
  }

  async #alone<T>(
    { signal, within }: CallContext,
    work: (options: ViewOptions) => Promise<T>,
  ): Promise<T> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    const leave = await this.#gate.enter(either, true);
    const { tableMs, batchRows } = this.#deps.limits;
    const options = { timeoutMs: within ?? tableMs, signal: either, copying: true, batchRows };
    try {
      either.throwIfAborted();
      return await work(options);
    } catch (error) {
      // Why it was ended says more than how.
      either.throwIfAborted();
      throw error;
    } finally {
      leave();
    }
  }
}

/** From the first look at a table on, its schema cannot change under the snapshot. */
async function look(
  { engine, limits }: OpenCopyDeps,
  session: EngineSession,
  region: string,
  table: string,
): Promise<CopiedTable> {
  await session.run(`SELECT 1 FROM ${quoteName(table)} LIMIT 1`, { timeoutMs: limits.callMs });
  const schema = await engine.schema(table);
  const fingerprint = await session.fingerprint(table);
  if (schema === null || fingerprint === null || fingerprint.schema !== schema.hash) {
    throw unavailable(region, `table ${table} is being changed`);
  }
  return { rows: new TableRows(schema), fingerprint };
}

function unavailable(region: string, why: string): MinisqlError {
  return new MinisqlError("UNAVAILABLE", `Cannot copy region ${region} from here: ${why}`);
}
