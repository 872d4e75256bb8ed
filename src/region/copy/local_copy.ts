/** The copy that is made right, in this server's engine. */
import type {
  Engine,
  EngineSession,
  Fingerprint,
  KeyRange,
  RunOptions,
} from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Row } from "../../protocol/values.ts";
import { quoteName } from "../../sql/names.ts";
import { Gate } from "../gate.ts";
import type { CopyLimits } from "./limits.ts";
import { bytesOf } from "./remote_copy.ts";
import { TableRows, WHOLE } from "./table_rows.ts";

export interface LocalCopyDeps {
  readonly engine: Engine;
  readonly session: EngineSession;
  readonly limits: CopyLimits;
  readonly signal: AbortSignal;
}

export class LocalCopy {
  readonly #deps: LocalCopyDeps;
  /** The session does one thing after the other. */
  readonly #gate = new Gate();

  constructor(deps: LocalCopyDeps) {
    this.#deps = deps;
  }

  /** What there is of a table; null for none. */
  async look(table: string): Promise<TableRows | null> {
    const schema = await this.#deps.engine.schema(table);
    return schema === null ? null : new TableRows(schema);
  }

  /** Foreign keys are as at the source, whichever of the tables they join is there first. */
  async define(sql: string): Promise<void> {
    const { session, limits } = this.#deps;
    await this.#alone(() => session.run(sql, this.#options(limits.tableMs)));
  }

  async drop(table: string): Promise<void> {
    await this.define(`DROP TABLE IF EXISTS ${quoteName(table)}`);
    await this.#deps.engine.forgetFingerprint(table);
  }

  /** The fingerprint that is kept. */
  async kept(table: TableRows): Promise<Fingerprint | null> {
    return await this.#alone(() => this.#deps.session.fingerprint(table.name));
  }

  /** Counts all rows, and keeps the fingerprint from now on. */
  async recount(table: TableRows): Promise<Fingerprint> {
    return await this.#deps.engine.maintainFingerprint(table.name);
  }

  /** Rows are not counted any more as they are written, until they are counted anew. */
  async uncount(table: TableRows): Promise<void> {
    await this.#deps.engine.forgetFingerprint(table.name);
  }

  async recompute(table: TableRows, range: KeyRange): Promise<Fingerprint> {
    const { session, limits } = this.#deps;
    const options = isWhole(range)
      ? this.#options(limits.tableMs)
      : { ...this.#options(limits.callMs), range };
    return await this.#alone(() => session.recompute(table.name, options));
  }

  /** The first rows of a range, as many as are well held in memory; whether there may be more. */
  async page(
    table: TableRows,
    range: KeyRange,
  ): Promise<{ readonly rows: readonly Row[]; readonly isEnd: boolean }> {
    const { leafRows, pieceBytes } = this.#deps.limits;
    return await this.#alone(async () => {
      const rows: Row[] = [];
      let bytes = 0;
      for await (const batch of this.#stream(table.selectSql(range, leafRows))) {
        rows.push(...batch);
        for (const row of batch) bytes += bytesOf(row);
        if (bytes >= pieceBytes) return { rows, isEnd: false };
      }
      return { rows, isEnd: rows.length < leafRows };
    });
  }

  /** Takes all rows of a table, a few at a time; nothing else can be done meanwhile. */
  async each(table: TableRows, take: (rows: readonly Row[]) => Promise<void>): Promise<void> {
    await this.#alone(async () => {
      for await (const rows of this.#stream(table.selectSql(WHOLE))) await take(rows);
    });
  }

  /** Runs the statements in one transaction, which also counts what they change. */
  async change(statements: Iterable<string>): Promise<void> {
    const { session, limits } = this.#deps;
    await this.#alone(async () => {
      await session.begin("write");
      try {
        for (const sql of statements) await session.run(sql, this.#options(limits.callMs));
        await session.commit();
      } catch (error) {
        if (session.usable) await session.rollback().catch(() => {});
        throw error;
      }
    });
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#deps;
    const leave = await this.#gate.enter(signal, true);
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      // Why it was ended says more than how.
      signal.throwIfAborted();
      throw error;
    } finally {
      leave();
    }
  }

  #stream(sql: string) {
    const { session, limits } = this.#deps;
    const { batchRows, tableMs } = limits;
    return session.stream(sql, { ...this.#options(tableMs), batchRows });
  }

  #options(timeoutMs: number): RunOptions {
    const { signal } = this.#deps;
    return { timeoutMs, signal, copying: true, context: { foreignKeyChecks: false } };
  }
}

function isWhole({ after, upTo }: KeyRange): boolean {
  return after === null && upTo === null;
}

/** A row has a value that another one has, and no two may have. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof MinisqlError && error.errno === DUPLICATE_ENTRY;
}

const DUPLICATE_ENTRY = 1062;
