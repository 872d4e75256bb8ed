/** A session of a region server on MySQL: one connection, its transaction, its fingerprints. */
import { invariant } from "../../base/assert.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  EngineSession,
  Fingerprint,
  Flushed,
  KeyRange,
  Outcome,
  Rows,
  RowStream,
  RunAllOptions,
  RunOptions,
  Statement,
  StreamOptions,
  TableSchema,
  TransactionMode,
} from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import { keptOf } from "../kept_of.ts";
import { flushAfter, outcomeOf, runInTurn } from "../run_in_turn.ts";
import type { Channel } from "./channel.ts";
import { commitOn } from "./commit.ts";
import { telling, withConditions } from "./conditions.ts";
import { noSuchTable, sessionGone } from "./faults.ts";
import { keptByNameSql, keptInOrder } from "./fingerprint_rows.ts";
import { Ledger } from "./ledger.ts";
import { isOneStatement } from "./one_statement.ts";
import { OpenTransaction } from "./open_transaction.ts";
import { requireFitting, statementBytesMax } from "./packet.ts";
import { contentOf, contentSql } from "./recompute.ts";
import { Collector, type Ending, rowsOf, type Sink } from "./results.ts";
import { type Kept, MysqlRowStream } from "./row_stream.ts";
import { Sender } from "./sender.ts";
import type { ContextSetter } from "./statement_context.ts";
import { type StatementMode, statementMode } from "./statement_mode.ts";
import { together } from "./together.ts";
import type { Dialect } from "./server_facts.ts";

const BATCH_ROWS = 500;

export interface SessionDeps {
  readonly clock: Clock;
  readonly channel: Channel;
  readonly context: ContextSetter;
  readonly dialect: Dialect;
  readonly database: string;
  /** In bytes; a longer statement would cost the connection. */
  readonly packetMax: number;
  readonly schema: (table: string) => Promise<TableSchema | null>;
  readonly onClose: () => void;
}

export class MysqlSession implements EngineSession {
  readonly ended: Promise<unknown>;
  readonly #deps: SessionDeps;
  readonly #channel: Channel;
  readonly #ledger: Ledger;
  readonly #sender: Sender;
  #transaction: OpenTransaction | null = null;
  #isAutocommit = true;
  #isBusy = false;
  #isClosed = false;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#channel = deps.channel;
    this.ended = deps.channel.lost;
    this.#ledger = new Ledger(deps.channel, deps.dialect);
    this.#sender = new Sender(deps.channel, deps.context);
  }

  get usable(): boolean {
    return !this.#isClosed && this.#channel.isUsable;
  }

  get undone(): boolean {
    return this.#transaction !== null && this.#transaction.undoneBy !== null;
  }

  async run(sql: string, options: RunOptions): Promise<Rows> {
    return await this.#alone("run the statement", () => this.#collect(sql, options));
  }

  async runAll(
    statements: readonly Statement[],
    options: RunAllOptions,
  ): Promise<readonly Outcome[]> {
    const run = async () => (await this.#runInTurn(statements, options, false)).outcomes;
    return await this.#alone("run the statements", run);
  }

  async runAllAndFlush(statements: readonly Statement[], options: RunAllOptions): Promise<Flushed> {
    return await this.#alone("run the statements", async () => {
      const { outcomes, fingerprints } = await this.#runInTurn(statements, options, true);
      if (fingerprints !== null) return { outcomes, fingerprints };
      return await flushAfter(this, statements.length, outcomes, () => this.#flush());
    });
  }

  stream(sql: string, options: StreamOptions): RowStream {
    const { batchRows = BATCH_ROWS, signal, kept = [] } = options;
    return new MysqlRowStream(this.#channel, batchRows, (sink, left) => {
      const either = signal === undefined ? left : AbortSignal.any([signal, left]);
      const limits = { ...options, signal: either };
      return this.#alone("run the statement", () => this.#read(sql, limits, sink, kept));
    });
  }

  async begin(mode: TransactionMode): Promise<void> {
    await this.#alone("begin a transaction", async () => {
      invariant(this.#transaction === null, "A transaction is open already");
      if (mode === "snapshot") {
        await this.#channel.command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
      } else {
        await this.#setAutocommit(false);
      }
      this.#transaction = new OpenTransaction(mode);
    });
  }

  async flushFingerprints(): Promise<ReadonlyMap<string, Fingerprint>> {
    return await this.#alone("write fingerprints", () => this.#flush());
  }

  async commit(books: readonly string[] = []): Promise<void> {
    await this.#alone("commit", async () => {
      invariant(this.#transaction !== null || books.length === 0, "Books go with a transaction");
      if (this.#transaction === null) return;
      if (this.#transaction.mode === "write") await this.#flush();
      await this.#watched(() => commitOn(this.#channel, books));
      this.#endTransaction();
    });
  }

  async rollback(): Promise<void> {
    this.#requireUsable("roll back");
    if (this.#transaction === null) return;
    this.#transaction.undoneBy = null;
    await this.#alone("roll back", async () => {
      await this.#channel.command("ROLLBACK");
      this.#endTransaction();
    });
  }

  async savepoint(name: string): Promise<void> {
    await this.#alone("set a savepoint", async () => {
      this.#requireTransaction("set a savepoint");
      await this.#ledger.mark(name);
      await this.#channel.command(`SAVEPOINT ${quoteName(name)}`);
    });
  }

  async rollbackTo(name: string): Promise<void> {
    await this.#alone("go back to a savepoint", async () => {
      this.#requireTransaction("go back to a savepoint");
      await this.#channel.command(`ROLLBACK TO SAVEPOINT ${quoteName(name)}`);
      await this.#ledger.backTo(name);
    });
  }

  async release(name: string): Promise<void> {
    await this.#alone("release a savepoint", async () => {
      this.#requireTransaction("release a savepoint");
      await this.#channel.command(`RELEASE SAVEPOINT ${quoteName(name)}`);
      this.#ledger.release(name);
    });
  }

  async fingerprint(table: string): Promise<Fingerprint | null> {
    return await this.#alone("read a fingerprint", async () => {
      await this.#setAutocommitOutside();
      return await this.#ledger.fingerprint(table);
    });
  }

  async recompute(
    table: string,
    options: RunOptions & { readonly range?: KeyRange },
  ): Promise<Fingerprint> {
    return await this.#alone("recompute a fingerprint", async () => {
      const schema = await this.#schema(table);
      const { rows } = await this.#collect(contentSql(schema, options.range), options);
      return contentOf(rows, schema.hash);
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      if (this.#isBusy) await this.#channel.cut("its session was closed");
      else if (this.#transaction !== null) await this.#channel.command("ROLLBACK");
    } catch {
      // The server rolls back by itself when the connection ends.
    } finally {
      await this.#channel.close();
      this.#deps.onClose();
    }
  }

  /** Only in a transaction are the counts of one that fails taken back. */
  #together(statements: readonly Statement[], from: number): readonly StatementMode[] {
    if (this.#transaction?.mode !== "write") return [];
    return together(statements, from, statementBytesMax(this.#deps.packetMax));
  }

  /** Flushed only where that can be done with the last ones. */
  async #runInTurn(
    statements: readonly Statement[],
    options: RunAllOptions,
    isFlushed: boolean,
  ): Promise<Flushed> {
    const count = statements.length;
    let fingerprints: Flushed["fingerprints"] = null;
    const turns = { session: this, clock: this.#deps.clock, count, options };
    const outcomes = await runInTurn(turns, async (at, limit) => {
      const modes = this.#together(statements, at);
      const isLast = modes.length > 0 && at + modes.length === count;
      const flush = isFlushed && isLast ? this.#ledger.flushText : null;
      if (modes.length > 1 || flush !== null) {
        const ran = await this.#runTogether(statements, at, { modes, flush }, limit);
        fingerprints = ran.fingerprints;
        return ran.outcomes;
      }
      const { sql, context } = statements[at] as Statement;
      return [await outcomeOf(this.#collect(sql, { ...limit, context }))];
    });
    return { outcomes, fingerprints };
  }

  /** In one round trip, as far as they go well; with a flush behind the last one, if that can be. */
  async #runTogether(
    statements: readonly Statement[],
    from: number,
    { modes, flush }: { readonly modes: readonly StatementMode[]; readonly flush: string | null },
    limit: RunAllOptions,
  ): Promise<Flushed> {
    await this.#ledger.makeRoom(modes.length);
    const counted = modes.map((mode, at) => ({
      ...statements[from + at] as Statement,
      counter: mode === "own" ? null : this.#ledger.nextStatement(),
    }));
    // For what one statement warns of the server is to be asked at once.
    const behind = { tells: flush !== null && statements.length === 1, flush };
    const { answers, failure, told, flushed } = await this.#sender.all(counted, behind, limit);
    for (const { ending } of answers) this.#observe(ending);
    const outcomes = answers.map((answer) => telling(rowsOf(answer), told));
    const fingerprints = flushed === null ? null : this.#ledger.flushed(flushed);
    if (failure === null) return { outcomes, fingerprints };
    await this.#afterFailure(failure, counted[answers.length]?.counter ?? null);
    if (answers.length === counted.length) throw failure;
    return { outcomes: [...outcomes, failure], fingerprints };
  }

  async #collect(sql: string, options: RunOptions): Promise<Rows> {
    const collector = new Collector();
    const ending = await this.#execute(sql, options, collector);
    const rows = rowsOf({ ...collector.collected, ending });
    return ending.warnings === 0 ? rows : await withConditions(rows, this.#channel);
  }

  async #execute(sql: string, options: RunOptions, sink: Sink): Promise<Ending> {
    const mode = statementMode(sql);
    requireFitting(sql, this.#deps.packetMax);
    if (this.#transaction?.mode !== "write") {
      await this.#setAutocommitOutside();
      return await this.#send(sql, options, sink);
    }
    if (mode === "own") return await this.#send(sql, options, sink);
    if (mode === "direct") return await this.#direct(sql, options, sink);
    await this.#ledger.makeRoom(1);
    return await this.#send(sql, options, sink, this.#ledger.nextStatement());
  }

  /** Answers with the fingerprints of these tables, looked at behind the last row. */
  async #read(sql: string, limit: RunOptions, sink: Sink, kept: readonly string[]): Promise<Kept> {
    if (kept.length === 0 || this.#transaction !== null || !isOneStatement(sql)) {
      await this.#execute(sql, limit, sink);
      return await keptOf(this.#ledger, kept);
    }
    statementMode(sql);
    requireFitting(sql, this.#deps.packetMax);
    await this.#setAutocommitOutside();
    const { rows } = await this.#sender.oneAndAsk(sql, limit, sink, keptByNameSql(kept));
    return keptInOrder(kept, rows);
  }

  /** A transaction that has read a table keeps everybody from changing its schema. */
  async #schema(table: string): Promise<TableSchema> {
    const known = this.#transaction?.schemas.get(table);
    if (known !== undefined) return known;
    const schema = await this.#deps.schema(table);
    if (schema === null) throw noSuchTable(this.#deps.database, table);
    this.#transaction?.schemas.set(table, schema);
    return schema;
  }

  /** In a transaction: whatever such a statement does, its triggers write at once. */
  async #direct(sql: string, options: RunOptions, sink: Sink): Promise<Ending> {
    await this.#flush();
    await this.#ledger.beginDirect();
    try {
      const ending = await this.#send(sql, options, sink);
      if (this.#transaction === null) return ending;
      await this.#ledger.endDirect();
      return ending;
    } catch (error) {
      if (this.usable && this.#transaction?.undoneBy === null) await this.#ledger.endDirect();
      throw error;
    }
  }

  async #send(
    sql: string,
    options: RunOptions,
    sink: Sink,
    counter: bigint | null = null,
  ): Promise<Ending> {
    const send = () => this.#sender.one(sql, options, counter, sink);
    const ending = await this.#watched(send, counter);
    this.#observe(ending);
    return ending;
  }

  #observe(ending: Ending): void {
    if (this.#transaction?.goesOn(ending) === false) this.#endTransaction();
  }

  /** Finds out what became of the transaction, and takes back what the statement had counted. */
  async #afterFailure(error: MinisqlError, counter: bigint | null): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === null || !this.#channel.isUsable) return;
    try {
      if (await transaction.isUndoneBy(error, this.#channel)) {
        transaction.undoneBy = error;
        this.#ledger.reset();
      } else if (counter !== null) {
        await this.#ledger.undoStatement(counter);
      }
    } catch {
      this.#channel.destroy("what its transaction has changed is not known any more");
    }
  }

  async #flush(): Promise<ReadonlyMap<string, Fingerprint>> {
    return await this.#watched(() => this.#ledger.flush());
  }

  /** Where it fails, what became of the transaction is found out. */
  async #watched<T>(command: () => Promise<T>, counter: bigint | null = null): Promise<T> {
    try {
      return await command();
    } catch (error) {
      if (error instanceof MinisqlError) await this.#afterFailure(error, counter);
      throw error;
    }
  }

  #endTransaction(): void {
    this.#transaction = null;
    this.#ledger.reset();
  }

  async #setAutocommitOutside(): Promise<void> {
    if (this.#transaction === null) await this.#setAutocommit(true);
  }

  /** Without it a transaction begins by itself with the first statement, at no cost. */
  async #setAutocommit(isOn: boolean): Promise<void> {
    if (this.#isAutocommit === isOn) return;
    await this.#channel.command(`SET autocommit=${isOn ? 1 : 0}`);
    this.#isAutocommit = isOn;
  }

  /** Runs an action that has the session for itself. */
  async #alone<T>(verb: string, action: () => Promise<T>): Promise<T> {
    this.#requireUsable(verb);
    invariant(!this.#isBusy, `Cannot ${verb}: another call on this session is not done yet`);
    const undoneBy = this.#transaction?.undoneBy;
    if (undoneBy) throw undoneBy;
    this.#isBusy = true;
    try {
      return await action();
    } finally {
      this.#isBusy = false;
    }
  }

  #requireUsable(verb: string): void {
    if (this.#isClosed) throw sessionGone(verb, "it was closed");
    if (!this.#channel.isUsable) throw sessionGone(verb, this.#channel.lostBecause);
  }

  #requireTransaction(verb: string): void {
    if (this.#transaction?.mode === "write") return;
    throw new MinisqlError("BAD_REQUEST", `Cannot ${verb}: no transaction that writes is open`);
  }
}
