/** The view of a region that is open at the source, as the server that copies sees it. */
import type { Clock } from "../../ports/clock.ts";
import type { Fingerprint, KeyRange } from "../../ports/engine.ts";
import type { LogPosition } from "../../ports/log.ts";
import type { Answer } from "../../protocol/messages.ts";
import type { Cell, Row, WireCell } from "../../protocol/values.ts";
import type { Caller } from "../../rpc/caller.ts";
import { type SessionBook, sessionBook } from "../books.ts";
import type { CopyLimits } from "./limits.ts";
import { identity, type TableRows } from "./table_rows.ts";

export interface RemoteCopyDeps {
  /** To the source. */
  readonly call: Pick<Caller, "call" | "rows">;
  readonly clock: Clock;
  readonly limits: CopyLimits;
  readonly signal: AbortSignal;
}

export type RemoteTable = Answer<"openCopy">["tables"][number];

export interface RemoteChunk {
  readonly range: KeyRange;
  readonly fingerprint: Fingerprint;
  /** What the source took to find it. */
  readonly ms: number;
}

/** A row as far as it is needed to tell whether it is here too. */
export interface RowSign {
  readonly key: readonly Cell[];
  readonly identity: string;
}

/** What has come from the source so far. */
export interface Travelled {
  rows: number;
  bytes: number;
}

export class RemoteCopy {
  readonly position: LogPosition;
  readonly tables: readonly RemoteTable[];
  readonly travelled: Travelled = { rows: 0, bytes: 0 };
  readonly #deps: RemoteCopyDeps;
  readonly #copy: string;
  #stopKeeping = () => {};

  private constructor(deps: RemoteCopyDeps, { copy, position, tables }: Answer<"openCopy">) {
    this.#deps = deps;
    this.#copy = copy;
    this.position = position;
    this.tables = tables;
    this.#keep();
  }

  static async open(
    deps: RemoteCopyDeps,
    of: { readonly region: string; readonly epoch: number },
  ): Promise<RemoteCopy> {
    const options = { timeoutMs: deps.limits.callMs, signal: deps.signal };
    return new RemoteCopy(deps, await deps.call.call("openCopy", of, options));
  }

  /** The next so many rows; all of them where the table has no key. */
  async chunk(
    table: TableRows,
    after: readonly Cell[] | null,
    rows: number,
  ): Promise<RemoteChunk> {
    const { call, limits, signal } = this.#deps;
    const of = { copy: this.#copy, table: table.name, after: wire(table, after), rows };
    const options = { timeoutMs: table.key === null ? limits.tableMs : limits.callMs, signal };
    const { upTo, fingerprint, ms } = await call.call("copyChunk", of, options);
    const range = { after, upTo: upTo === null ? null : table.cellKey(upTo) };
    return { range, fingerprint, ms };
  }

  /** Whole rows, in key order, a few at a time. */
  async *rows(table: TableRows, range: KeyRange): AsyncGenerator<readonly Row[], void, void> {
    const stream = this.#deps.call.rows("copyRows", this.#request(table, range), this.#options);
    for await (const rows of stream) {
      this.travelled.rows += rows.length;
      for (const row of rows) this.travelled.bytes += bytesOf(row);
      yield rows;
    }
  }

  /** What tells rows apart, for all rows of a range. Only for what is known to be small. */
  async signs(table: TableRows, range: KeyRange): Promise<readonly RowSign[]> {
    const request = { ...this.#request(table, range), checksums: true };
    const { items } = await this.#deps.call.rows("copyRows", request, this.#options).collect();
    return items.flat().map((row) => {
      this.travelled.bytes += bytesOf(row);
      const key = row.slice(0, -1);
      return { key, identity: identity(table.wireKey(key), Number(row.at(-1))) };
    });
  }

  async *sessions(): AsyncGenerator<readonly SessionBook[], void, void> {
    const request = { copy: this.#copy };
    for await (const rows of this.#deps.call.rows("copySessions", request, this.#options)) {
      yield rows.map(sessionBook);
    }
  }

  /** Lets the source close the view. It would by itself, after a while. */
  async close(): Promise<void> {
    this.#stopKeeping();
    const { call, limits } = this.#deps;
    const options = { timeoutMs: limits.closeMs };
    await call.call("closeCopy", { copy: this.#copy }, options).catch(() => {});
  }

  get #options() {
    return { timeoutMs: this.#deps.limits.tableMs, signal: this.#deps.signal };
  }

  #request(table: TableRows, { after, upTo }: KeyRange) {
    const range = { after: wire(table, after), upTo: wire(table, upTo) };
    return { copy: this.#copy, table: table.name, ...range };
  }

  /** Work here may take longer than the source holds an idle view. */
  #keep(): void {
    const { call, clock, limits, signal } = this.#deps;
    this.#stopKeeping = clock.after(limits.keepMs, () => {
      if (signal.aborted) return;
      const options = { timeoutMs: limits.callMs, signal };
      // If the view is lost, the next call that needs it will say so.
      void call.call("keepCopy", { copy: this.#copy }, options).catch(() => {});
      this.#keep();
    });
  }
}

function wire(table: TableRows, key: readonly Cell[] | null): readonly WireCell[] | null {
  return key === null ? null : table.wireKey(key);
}

const NUMBER_BYTES = 8;

/** About as many as the cells take. */
export function bytesOf(row: Row): number {
  let bytes = 0;
  for (const cell of row) {
    bytes += typeof cell === "string" || cell instanceof Uint8Array ? cell.length : NUMBER_BYTES;
  }
  return bytes;
}
