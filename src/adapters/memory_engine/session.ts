/** A session of the small engine: its transaction is a reference to tables that never change. */
import { invariant } from "../../base/assert.ts";
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
  TransactionMode,
} from "../../ports/engine.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { Row } from "../../protocol/values.ts";
import { keptOf } from "../kept_of.ts";
import { flushAfter, runOneByOne } from "../run_in_turn.ts";
import { noSuchTable } from "../sqlite/schema_errors.ts";
import { cancelled, timeout } from "../sqlite/write_lock.ts";
import { DATABASE, type MemoryDatabase, type Served } from "./database.ts";
import type { Tables } from "./define.ts";
import { Runner } from "./runner.ts";
import { count, fingerprintOf, Shape, type Table } from "./table.ts";
import { order } from "./values.ts";

interface Open {
  readonly mode: TransactionMode;
  /** Where it started from; null until its first statement. */
  base: Tables | null;
  tables: Tables;
  savepoints: { readonly name: string; readonly tables: Tables }[];
}

const BATCH_ROWS = 1000;
/** How long a session waits for what is no statement. */
const CONTROL_MS = 60_000;
const CLOSED = closed();

export class MemorySession implements EngineSession, Served {
  readonly ended: Promise<unknown>;
  readonly #database: MemoryDatabase;
  readonly #servers: readonly MemoryDatabase[];
  readonly #runner: Runner;
  #open: Open | null = null;
  #over: MinisqlError | null = null;
  readonly #ended = new AbortController();

  /** `servers` end it when they go down; its own database where nothing is said. */
  constructor(database: MemoryDatabase, servers: readonly MemoryDatabase[] = [database]) {
    this.#database = database;
    this.#servers = servers;
    this.#runner = new Runner(database);
    for (const { sessions } of servers) sessions.add(this);
    const { signal } = this.#ended;
    this.ended = new Promise((resolve) =>
      signal.addEventListener("abort", resolve, { once: true })
    );
  }

  get usable(): boolean {
    return this.#over === null;
  }

  /** There are no deadlocks: whoever writes has the whole database. */
  get undone(): boolean {
    return false;
  }

  async run(sql: string, options: RunOptions): Promise<Rows> {
    const deadline = this.#database.clock.now() + options.timeoutMs;
    await this.#turn();
    this.#checkTime(deadline, options);
    const statement = this.#runner.parse(sql);
    if (this.#open?.mode === "write") await this.#begin(deadline, options.signal);
    if (statement.kind === "query") {
      return this.#runner.query(statement, this.#seen(), options);
    }
    if (statement.kind === "show") return this.#runner.show(statement, this.#seen());
    if (this.#open?.mode === "snapshot") {
      throw sqlError(1792, "25006", "Cannot execute statement in a READ ONLY transaction");
    }
    if (statement.kind === "change") {
      return await this.#changing(
        deadline,
        options,
        (tables) => this.#runner.change(statement, tables, options),
      );
    }
    if (this.#open !== null) this.#end(this.#open.tables);
    return await this.#changing(
      deadline,
      options,
      (tables) => this.#runner.define(statement, tables, options),
      true,
    );
  }

  async runAll(
    statements: readonly Statement[],
    options: RunAllOptions,
  ): Promise<readonly Outcome[]> {
    return await runOneByOne(this, this.#database.clock, statements, options);
  }

  async runAllAndFlush(
    statements: readonly Statement[],
    options: RunAllOptions,
  ): Promise<Flushed> {
    const outcomes = await this.runAll(statements, options);
    return await flushAfter(this, statements.length, outcomes, () => this.flushFingerprints());
  }

  /** Does it in the transaction that is open, or in one of its own. */
  async #changing(
    deadline: number,
    options: RunOptions,
    work: (tables: Tables) => { readonly tables: Tables; readonly rows: Rows },
    durable = false,
  ): Promise<Rows> {
    if (this.#open !== null) {
      const { tables, rows } = work(this.#open.tables);
      this.#checkRoom(this.#open.tables, tables);
      this.#open.tables = tables;
      return rows;
    }
    await this.#lock(deadline, options.signal);
    try {
      const { tables, rows } = work(this.#database.tables);
      this.#checkRoom(this.#database.tables, tables);
      this.#database.commit(tables, durable);
      return rows;
    } finally {
      this.#database.lock.release();
    }
  }

  /** For the engine's own work, in a transaction of its own, durable at once. */
  async alone<T>(
    work: (tables: Tables) => { readonly tables: Tables; readonly value: T },
  ): Promise<T> {
    await this.#turn();
    await this.#lock(this.#database.clock.now() + CONTROL_MS, undefined);
    try {
      const { tables, value } = work(this.#database.tables);
      this.#database.commit(tables, true);
      return value;
    } finally {
      this.#database.lock.release();
    }
  }

  async #begin(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const open = this.#open;
    if (open === null || open.base !== null) return;
    await this.#lock(deadline, signal);
    open.base = open.tables = this.#database.tables;
  }

  async #lock(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const { lock } = this.#database;
    if (lock.take()) return;
    const signals = [this.#ended.signal, ...(signal === undefined ? [] : [signal])];
    try {
      await lock.acquire({ deadline, signal: AbortSignal.any(signals) });
    } catch (error) {
      throw this.#over ?? error;
    }
    if (this.#over === null) return;
    if (lock === this.#database.lock) lock.release();
    throw this.#over;
  }

  #seen(): Tables {
    return this.#open?.tables ?? this.#database.tables;
  }

  /** What changes nothing needs no room. */
  #checkRoom(before: Tables, after: Tables): void {
    if (this.#database.full && before !== after) {
      throw sqlError(1114, "HY000", "The table is full");
    }
  }

  #checkTime(deadline: number, { signal }: RunOptions): void {
    if (signal?.aborted) throw cancelled();
    if (this.#database.clock.now() > deadline) throw timeout();
  }

  /** The request reaches the server, which takes its time. */
  async #turn(): Promise<void> {
    this.#check();
    await this.#database.pause();
    if (this.#over !== null) throw this.#over;
  }

  #check(): void {
    if (this.#over !== null) throw closed();
  }

  stream(sql: string, options: StreamOptions): RowStream {
    const found = this.run(sql, options);
    const deadline = this.#database.clock.now() + options.timeoutMs;
    const columns = found.then(({ columns, rows: _ }) => columns);
    columns.catch(() => {});
    return {
      columns,
      kept: () => keptOf(this, options.kept ?? []),
      [Symbol.asyncIterator]: () =>
        batches(found, options.batchRows ?? BATCH_ROWS, () => {
          if (this.#over !== null) throw this.#over;
          this.#checkTime(deadline, options);
        }),
    };
  }

  async begin(mode: TransactionMode): Promise<void> {
    await this.#turn();
    invariant(this.#open === null, "A transaction is open already");
    const { tables } = this.#database;
    this.#open = { mode, tables, base: mode === "snapshot" ? tables : null, savepoints: [] };
  }

  async flushFingerprints(): Promise<ReadonlyMap<string, Fingerprint>> {
    await this.#turn();
    const { base = null, tables = new Map<string, Table>() } = this.#open ?? {};
    const changed = new Map<string, Fingerprint>();
    if (base === null) return changed;
    for (const [name, table] of tables) {
      const fingerprint = fingerprintOf(table);
      if (table.rows !== base.get(name)?.rows && fingerprint !== null) {
        changed.set(name, fingerprint);
      }
    }
    return changed;
  }

  async commit(books: readonly string[] = []): Promise<void> {
    this.#check();
    for (const sql of books) await this.run(sql, { timeoutMs: CONTROL_MS });
    const lost = this.#open?.mode === "write" ? this.#database.lostCommits.shift() : undefined;
    await this.#turn();
    if (lost === "not applied") this.#break();
    if (this.#open !== null) this.#end(this.#open.tables);
    if (lost === "applied") this.#break();
  }

  #break(): never {
    const error = new MinisqlError(
      "OUTCOME_UNKNOWN",
      "Cannot tell whether it was committed: the connection to the database broke",
    );
    this.end(error);
    throw error;
  }

  async rollback(): Promise<void> {
    await this.#turn();
    this.#end(null);
  }

  /** Ends the transaction, committing the tables given. */
  #end(tables: Tables | null): void {
    const open = this.#open;
    this.#open = null;
    if (open?.mode !== "write" || open.base === null) return;
    if (tables !== null && tables !== open.base) this.#database.commit(tables);
    this.#database.lock.release();
  }

  async savepoint(name: string): Promise<void> {
    const open = await this.#writing();
    open.savepoints = open.savepoints.filter((each) => !same(each.name, name));
    open.savepoints.push({ name, tables: open.tables });
  }

  async rollbackTo(name: string): Promise<void> {
    const open = await this.#writing();
    const at = find(open, name);
    open.tables = open.savepoints[at]?.tables ?? open.tables;
    open.savepoints.length = at + 1;
  }

  async release(name: string): Promise<void> {
    const open = await this.#writing();
    open.savepoints.length = find(open, name);
  }

  /** Savepoints stand in a transaction that has begun to write. */
  async #writing(): Promise<Open> {
    await this.#turn();
    if (this.#open?.mode !== "write") throw noSavepoint("");
    await this.#begin(this.#database.clock.now() + CONTROL_MS, undefined);
    return this.#open;
  }

  async fingerprint(table: string): Promise<Fingerprint | null> {
    await this.#turn();
    const found = this.#seen().get(table);
    return found === undefined ? null : fingerprintOf(found);
  }

  async recompute(
    table: string,
    options: RunOptions & { readonly range?: KeyRange },
  ): Promise<Fingerprint> {
    const deadline = this.#database.clock.now() + options.timeoutMs;
    await this.#turn();
    this.#checkTime(deadline, options);
    const found = this.#seen().get(table);
    if (found === undefined) throw noSuchTable(DATABASE, table);
    const { model, rows } = found;
    const { hash } = Shape.of(model);
    const content = count(model, options.range ? within(found, options.range) : rows);
    return { rows: content.rows, sum: content.sum.toString(), schema: hash };
  }

  async close(): Promise<void> {
    this.end(CLOSED);
    await null;
  }

  end(error: MinisqlError): void {
    if (this.#over !== null) return;
    this.#over = error;
    for (const { sessions } of this.#servers) sessions.delete(this);
    this.#end(null);
    this.#ended.abort(error);
  }
}

async function* batches(
  found: Promise<Rows>,
  size: number,
  check: () => void,
): AsyncGenerator<readonly Row[], void, void> {
  const { rows } = await found;
  for (let from = 0; from < rows.length; from += size) {
    check();
    yield rows.slice(from, from + size);
  }
}

function within({ model, rows }: Table, { after, upTo }: KeyRange): Table["rows"] {
  const shape = Shape.of(model);
  const side = (cells: Table["rows"][number]["cells"], bound: KeyRange["after"]) => {
    for (const [at, value] of shape.keyOf(cells).entries()) {
      const found = order(value, (bound?.[at] ?? null) as typeof value);
      if (found !== 0) return found;
    }
    return 0;
  };
  return rows.filter(({ cells }) =>
    (after === null || side(cells, after) > 0) && (upTo === null || side(cells, upTo) <= 0)
  );
}

function find({ savepoints }: Open, name: string): number {
  const at = savepoints.findIndex((each) => same(each.name, name));
  if (at < 0) throw noSavepoint(name);
  return at;
}

/** Names of savepoints do not differ by case. */
function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function noSavepoint(name: string): MinisqlError {
  return sqlError(1305, "42000", `SAVEPOINT ${name} does not exist`);
}

function closed(): MinisqlError {
  return new MinisqlError("UNAVAILABLE", "Cannot use the session: it is closed");
}
