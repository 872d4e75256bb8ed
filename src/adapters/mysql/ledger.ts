/**
 * What a session's transaction has changed in fingerprints: counted by triggers in session
 * variables, written to `_minisql_fingerprint` at a flush. Variables know nothing of failed
 * statements and savepoints, so going back is done here. Nothing of it costs a round trip as long
 * as statements go well.
 */
import type { Fingerprint } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Cell, Row } from "../../protocol/values.ts";
import type { Channel } from "./channel.ts";
import { Counter } from "./counter.ts";
import {
  addTouchedSql,
  flushesInOne,
  flushSql,
  type KeptRow,
  keptRow,
  rowByNameSql,
  rowsByIdSql,
  touchedEntry,
  touchedIds,
  touchedSql,
} from "./fingerprint_rows.ts";
import type { Answer } from "./results.ts";
import { ContentSum } from "../../sql/fingerprint.ts";
import { variables } from "./triggers.ts";
import type { Dialect } from "./server_facts.ts";

/** Counted and not yet written, for one table. */
interface Pending {
  readonly id: number;
  readonly rows: number;
  readonly sum: bigint;
}

interface Mark {
  readonly name: string;
  readonly pending: readonly Pending[];
  readonly written: ReadonlyMap<string, Fingerprint>;
}

export class Ledger {
  readonly #channel: Channel;
  readonly #dialect: Dialect;
  readonly #counter = new Counter();
  /** Fingerprints of the tables written in this transaction; their rows are locked until its end. */
  #written = new Map<string, Fingerprint>();
  #marks: Mark[] = [];

  constructor(channel: Channel, dialect: Dialect) {
    this.#channel = channel;
    this.#dialect = dialect;
  }

  /** Something may be counted that is not written. */
  get isDirty(): boolean {
    return this.#counter.isUsed;
  }

  /** Call it before so many statements are given numbers. */
  async makeRoom(statements: number): Promise<void> {
    if (this.#counter.room < statements) await this.flush();
  }

  /** The number that the next statement carries. */
  nextStatement(): bigint {
    return this.#counter.nextStatement();
  }

  /** The transaction is over, one way or the other. */
  reset(): void {
    this.#counter.nextPart();
    this.#written = new Map();
    this.#marks = [];
  }

  /** Writes what was counted; answers with all the tables written in this transaction. */
  async flush(): Promise<ReadonlyMap<string, Fingerprint>> {
    if (!this.isDirty) return new Map(this.#written);
    const { flushText } = this;
    if (flushText !== null) return this.flushed(await this.#channel.command(flushText));
    this.#remember(await this.#write());
    return new Map(this.#written);
  }

  /** The statement that writes what will have been counted; null where it takes more than one. */
  get flushText(): string | null {
    return flushesInOne(this.#dialect) ? flushSql(this.#counter.part) : null;
  }

  /** It has been run, and this is its answer. */
  flushed({ rows }: Answer): ReadonlyMap<string, Fingerprint> {
    this.#counter.nextPart();
    this.#remember(rows.map(keptRow));
    return new Map(this.#written);
  }

  /** A statement failed and the server has undone it: so are its counts. */
  async undoStatement(number: bigint): Promise<void> {
    const touched = await this.#touched();
    const ids = touchedIds(touched);
    if (ids.length === 0) return;
    const names = ids.map((id) => variables(id));
    const wanted = names.flatMap(({ last, first }) => [last, first]);
    const [values = []] = (await this.#channel.command(`SELECT ${wanted.join()}`)).rows;
    const isOf = (at: number) => values[at] !== null && BigInt(values[at] as string) === number;
    const kept = ids.filter((_, at) => !isOf(2 * at + 1));
    const changes = [`@_minisql_touched='${kept.map(entryOf).join()}'`];
    for (const [at, { rows, sum, rowsBefore, sumBefore, last }] of names.entries()) {
      if (isOf(2 * at + 1)) changes.push(`${last}=NULL`);
      else if (isOf(2 * at)) changes.push(`${rows}=${rowsBefore}`, `${sum}=${sumBefore}`);
    }
    if (kept.length === 0) changes.push("@_minisql_part=NULL");
    await this.#channel.command(`SET ${changes.join()}`);
  }

  /** Call it right before the savepoint is set. */
  async mark(name: string): Promise<void> {
    const pending = await this.#pending();
    const key = name.toLowerCase();
    this.#marks = this.#marks.filter((mark) => mark.name !== key);
    this.#marks.push({ name: key, pending, written: new Map(this.#written) });
  }

  /** The transaction has gone back to a savepoint. */
  async backTo(name: string): Promise<void> {
    const at = this.#find(name);
    const mark = this.#marks[at];
    if (mark === undefined) return;
    this.#marks.length = at + 1;
    this.#written = new Map(mark.written);
    this.#counter.nextPart();
    if (mark.pending.length > 0) await this.#restore(mark.pending);
  }

  /** The savepoint and those set after it are no more. */
  release(name: string): void {
    const at = this.#find(name);
    if (at >= 0) this.#marks.length = at;
  }

  /** A table's fingerprint as the transaction sees it; null for one that is not kept. */
  async fingerprint(table: string): Promise<Fingerprint | null> {
    const [row] = (await this.#channel.command(rowByNameSql(table))).rows;
    if (row === undefined) return null;
    const { id, fingerprint } = keptRow(row);
    const mine = (await this.#pending()).find((pending) => pending.id === id);
    if (mine === undefined) return fingerprint;
    const content = new ContentSum(fingerprint.rows, fingerprint.sum);
    content.merge(mine.rows, mine.sum);
    return { ...fingerprint, rows: content.rows, sum: content.sum };
  }

  /** Call it before a statement whose triggers write directly, when nothing is pending. */
  async beginDirect(): Promise<void> {
    await this.#channel.command("SET @_minisql_direct=''");
  }

  /** Takes note of what such a statement has written. */
  async endDirect(): Promise<void> {
    const sql = "SELECT CONVERT(@_minisql_direct USING utf8mb4)";
    const [row] = (await this.#channel.command(sql)).rows;
    const ids = String(row?.[0] ?? "").split(",").filter((id) => id !== "").map(Number);
    if (ids.length === 0) return;
    this.#remember((await this.#channel.command(rowsByIdSql(ids))).rows.map(keptRow));
  }

  #find(name: string): number {
    return this.#marks.findIndex((mark) => mark.name === name.toLowerCase());
  }

  #remember(rows: readonly KeptRow[]): void {
    for (const { id, table, fingerprint } of rows) {
      if (table === "") throw rowMissing(id);
      this.#written.set(table, fingerprint);
    }
  }

  async #write(): Promise<readonly KeptRow[]> {
    const touched = await this.#touched();
    if (touched === "") {
      this.#counter.nextPart();
      return [];
    }
    await this.#channel.command(addTouchedSql(touched));
    this.#counter.nextPart();
    return (await this.#channel.command(rowsByIdSql(touchedIds(touched)))).rows.map(keptRow);
  }

  async #touched(): Promise<string> {
    if (!this.isDirty) return "";
    const [row] = (await this.#channel.command(touchedSql(this.#counter.part))).rows;
    return String(row?.[0] ?? "");
  }

  async #pending(): Promise<readonly Pending[]> {
    const ids = touchedIds(await this.#touched());
    if (ids.length === 0) return [];
    const wanted = ids.map((id) => variables(id)).flatMap(({ rows, sum }) => [rows, sum]);
    const [values = []] = (await this.#channel.command(`SELECT ${wanted.join()}`)).rows;
    return ids.map((id, at) => pendingOf(id, values, 2 * at));
  }

  /** Puts counts into a part that has just begun, as if its first statement had made them. */
  async #restore(pending: readonly Pending[]): Promise<void> {
    const number = this.#counter.nextStatement();
    const changes = [
      `@_minisql_touched='${pending.map(({ id }) => entryOf(id)).join()}'`,
      `@_minisql_part=${this.#counter.part}`,
    ];
    for (const { id, rows, sum } of pending) {
      const names = variables(id);
      changes.push(`${names.rows}=${rows}`, `${names.sum}=${sum}`);
      changes.push(`${names.last}=${number}`, `${names.first}=${number}`);
    }
    await this.#channel.command(`SET ${changes.join()}`);
  }
}

function entryOf(id: number): string {
  return touchedEntry(id, variables(id));
}

function pendingOf(id: number, values: Row, at: number): Pending {
  const number = (cell: Cell | undefined) => BigInt(cell as number | string);
  return { id, rows: Number(number(values[at])), sum: number(values[at + 1]) };
}

function rowMissing(id: number): MinisqlError {
  return new MinisqlError(
    "INTERNAL",
    `Cannot write fingerprint ${id}: its row in _minisql_fingerprint is gone while its triggers ` +
      "are there; maintain the table's fingerprint again",
  );
}
