/** A script or dump into the cluster: statements in order, rows for one table stored together. */
import type { Client, Session } from "../../client/api.ts";
import { ScriptSplitter } from "../../client/sql_text.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { errorLine } from "../output/error_words.ts";
import type { ShellPort } from "../port.ts";
import { Progress } from "../progress.ts";
import { ShellError } from "../shell_error.ts";
import { HEX_ADVICE, Utf8Text } from "../utf8.ts";
import { Checkpoint } from "./checkpoint.ts";
import { dumpStep } from "./dump.ts";
import { type Imported, type ImportOptions, ImportStopped } from "./import_csv.ts";
import { type Step, TableOrder } from "./table_order.ts";

/** Rows that are stored in one transaction. */
const BATCH_LENGTH_MAX = 1024 * 1024;

export async function importSql(
  client: Client,
  port: ShellPort,
  options: ImportOptions,
): Promise<Imported> {
  const { path, how } = options;
  // A pipe cannot be looked through beforehand.
  const order = path === "-"
    ? TableOrder.asItIs()
    : await TableOrder.of(await port.files.open(path), path);
  const file = await port.files.open(path);
  const begin = { table: null, columns: [], done: 0, sent: 0 };
  const checkpoint = await Checkpoint.open(port.files, path, begin, how);
  const progress = new Progress(port, `import ${path}`, { total: file.size, unit: "bytes" });
  const session = client.session();
  const run = new SqlImport({ session, port, options, checkpoint, progress, order });
  const splitter = new ScriptSplitter();
  const text = new Utf8Text(path, HEX_ADVICE);
  try {
    for await (const piece of file.pieces) {
      for (const { sql, line } of splitter.push(text.push(piece))) {
        await run.take({ sql, line });
      }
      await progress.add(piece.length, `${run.done} statements`);
    }
    for (const { sql, line } of [...splitter.push(text.end()), ...splitter.end()]) {
      await run.take({ sql, line });
    }
    return await run.finish();
  } finally {
    await progress.end();
    if (!port.stop.aborted) await session.close();
  }
}

interface SqlImportParts {
  readonly session: Session;
  readonly port: ShellPort;
  readonly options: ImportOptions;
  readonly checkpoint: Checkpoint;
  readonly progress: Progress;
  readonly order: TableOrder;
}

class SqlImport {
  readonly #parts: SqlImportParts;
  #seen = 0;
  #done = 0;
  #failed = 0;
  #table = "";
  #batch: Step[] = [];
  #length = 0;

  constructor(parts: SqlImportParts) {
    this.#parts = parts;
  }

  get done(): number {
    return this.#done;
  }

  async take({ sql, line }: Step): Promise<void> {
    const { checkpoint, options, port, order } = this.#parts;
    port.stop.throwIfAborted();
    const step = dumpStep(sql);
    const { ahead, isDone } = order.turn(sql);
    const at = this.#seen++;
    const { done, sent } = checkpoint.state;
    if (at < done + this.#decided(done, sent)) {
      this.#done++;
      if (step.kind === "set") await this.#run({ sql: step.sql, line });
      return;
    }
    if (step.kind !== "rows") {
      await this.#send();
      for (const each of ahead) await this.#run(each);
      if (step.kind === "nothing" || isDone) this.#done++;
      else await this.#alone({ sql: step.sql, line });
      return;
    }
    if (step.table !== this.#table) await this.#send();
    this.#table = step.table;
    this.#batch.push({ sql: step.sql, line });
    this.#length += step.sql.length;
    if (this.#batch.length >= options.batchRows || this.#length >= BATCH_LENGTH_MAX) {
      await this.#send();
    }
  }

  async finish(): Promise<Imported> {
    await this.#send();
    await this.#parts.checkpoint.finished();
    return { done: this.#done - this.#failed, failed: this.#failed };
  }

  /** How many of those in doubt count as done. */
  #decided(done: number, sent: number): number {
    const { inDoubt, path } = this.#parts.options;
    if (sent === 0 || this.#done > done) return 0;
    if (inDoubt === "stored") return sent;
    if (inDoubt === "lost" || this.#done < done) return 0;
    throw new ShellError(
      `Cannot go on with ${path}: statements ${done + 1} to ${done + sent} may have been done or ` +
        "not. Look, and say --in-doubt stored or --in-doubt lost",
    );
  }

  async #send(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#length = 0;
    if (batch.length === 1 && batch[0] !== undefined) return await this.#alone(batch[0]);
    if (batch.length > 0) await this.#together(batch);
  }

  /** All or nothing; where one is refused, each is tried alone, and that one is found. */
  async #together(batch: readonly Step[]): Promise<void> {
    const { checkpoint } = this.#parts;
    await checkpoint.sending(this.#done, batch.length);
    try {
      await this.#query("BEGIN");
      for (const { sql } of batch) await this.#query(sql);
      await this.#query("COMMIT");
      this.#done += batch.length;
    } catch (error) {
      if (!isRefusal(error)) throw await this.#noted(error);
      await this.#query("ROLLBACK");
      for (const step of batch) await this.#alone(step);
    }
  }

  async #alone(step: Step): Promise<void> {
    await this.#parts.checkpoint.sending(this.#done, 1);
    if (await this.#run(step)) return void this.#done++;
    this.#failed++;
    this.#done++;
    await this.#parts.checkpoint.sending(this.#done, 0);
  }

  /** False for an error that was told and is passed over. */
  async #run({ sql, line }: Step): Promise<boolean> {
    const { options, port, checkpoint, progress } = this.#parts;
    try {
      await this.#query(sql);
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw await this.#noted(error);
      await progress.end();
      const words = errorLine(error, { line, file: options.path });
      await port.err.write(`${port.err.style.red(words)}\n`);
      if (options.force) return false;
      await checkpoint.sending(this.#done, 0);
      throw new ImportStopped(this.#done, line);
    }
  }

  /** Where nothing was done, nothing is in doubt. */
  async #noted(error: unknown): Promise<unknown> {
    if (error instanceof MinisqlError && error.applied === "no") {
      await this.#parts.checkpoint.sending(this.#done, 0);
    }
    return error;
  }

  async #query(sql: string): Promise<void> {
    await this.#parts.session.query(sql, [], { signal: this.#parts.port.stop });
  }
}

/** Nothing was done, and asking again would not help. */
function isRefusal(error: unknown): error is MinisqlError {
  return error instanceof MinisqlError && error.applied === "no" && error.retry === "never";
}
