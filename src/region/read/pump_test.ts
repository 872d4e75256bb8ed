/** Rows between the database and the client: held back, let go, and never too many at once. */
import assert from "node:assert/strict";
import { settle } from "../../../tests/support/wait.ts";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { pump } from "./pump.ts";
import { RowsOut } from "./rows_out.ts";
import type { Reading } from "./statement.ts";

const COLUMNS: readonly Column[] = [{ name: "a", kind: "integer" }];
const LIMITS = { heldRows: 10, heldBytes: 1_000_000 };

/** A query that gives so many rows one by one, and tells how far it was read and how it ended. */
class Source implements Reading {
  readonly columns = Promise.resolve(COLUMNS);
  readonly result = { affected: 0 };
  readonly kept = null;
  read = 0;
  before: Promise<void> = Promise.resolve();
  isLeft = false;
  readonly #rows: number;
  readonly #failure: Error | null;

  constructor(rows: number, failure: Error | null = null) {
    this.#rows = rows;
    this.#failure = failure;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Row[], void, void> {
    try {
      for (; this.read < this.#rows; this.read++) {
        await this.before;
        yield [[this.read]];
      }
      if (this.#failure !== null) throw this.#failure;
    } finally {
      this.isLeft = true;
    }
  }
}

/** A client that takes rows only when it is let. */
class Client {
  readonly got: Row[] = [];
  columns: readonly Column[] | null = null;
  gate: Promise<void> = Promise.resolve();

  async rows(columns: readonly Column[], rows: readonly Row[]): Promise<void> {
    this.columns = columns;
    this.got.push(...rows);
    await this.gate;
  }
}

function bench(source: Source) {
  const clock = new VirtualClock();
  const client = new Client();
  const out = new RowsOut(client, LIMITS);
  const leave = new Deferred<void>();
  const signals: AbortSignal[] = [];
  const start = (signal: AbortSignal) => {
    signals.push(signal);
    return source;
  };
  const pumping = pump(start, { clock, out, leave: leave.promise });
  pumping.catch(() => {});
  return { clock, client, out, leave, signals, pumping };
}

Deno.test("pump: nothing goes out before it may, and everything after", async () => {
  const { client, leave, pumping } = bench(new Source(5));
  await settle();
  assert.deepEqual(client.got, []);
  leave.resolve();
  await pumping;
  assert.deepEqual(client.got.flat(), [0, 1, 2, 3, 4]);
});

Deno.test("pump: holds back so many rows and no more", async () => {
  const source = new Source(1000);
  const { client, leave, pumping } = bench(source);
  await settle();
  assert.ok(source.read <= LIMITS.heldRows, String(source.read));
  leave.resolve();
  await pumping;
  assert.equal(client.got.length, 1000);
});

Deno.test("pump: holds back so many bytes and no more", async () => {
  const client = new Client();
  const out = new RowsOut(client, { heldRows: 1000, heldBytes: 5000 });
  await out.take([["x".repeat(2000)], [new Uint8Array(2000)]]);
  assert.equal(out.isFull, false);
  await out.take([["x".repeat(2000)]]);
  assert.equal(out.isFull, true);
  await out.open();
  assert.equal(out.isFull, false);
  assert.equal(client.got.length, 3);
});

Deno.test("pump: reads no faster than the client takes", async () => {
  const source = new Source(1000);
  const { client, leave, pumping } = bench(source);
  const gate = new Deferred<void>();
  client.gate = gate.promise;
  leave.resolve();
  await settle();
  assert.ok(source.read <= LIMITS.heldRows, String(source.read));
  gate.resolve();
  await pumping;
  assert.equal(client.got.length, 1000);
});

Deno.test("pump: of a vote that is lost nothing goes out, and reading ends", async () => {
  const source = new Source(1000);
  const { client, leave, pumping } = bench(source);
  await settle();
  leave.reject(new Error("outvoted"));
  await assert.rejects(pumping, /outvoted/);
  assert.deepEqual(client.got, []);
  assert.ok(source.isLeft);
});

Deno.test("pump: a query that gives nothing is ended a moment after its vote is lost", async () => {
  const never = new Deferred<void>();
  const source = new Source(1);
  source.before = never.promise;
  const { clock, leave, pumping, signals } = bench(source);
  leave.reject(new Error("outvoted"));
  await settle();
  assert.equal(signals[0]?.aborted, false);
  await clock.advance(300, settle);
  assert.equal(signals[0]?.aborted, true);
  // As an engine does it.
  never.reject(new Error("cancelled"));
  await assert.rejects(pumping, /outvoted/);
});

Deno.test("pump: a failure of the query is not told before it may be", async () => {
  const lost = bench(new Source(3, new Error("out of range")));
  await settle();
  lost.leave.reject(new Error("outvoted"));
  await assert.rejects(lost.pumping, /outvoted/);
  const won = bench(new Source(3, new Error("out of range")));
  won.leave.resolve();
  await assert.rejects(won.pumping, /out of range/);
});

Deno.test("pump: columns are told where there are no rows", async () => {
  const { client, leave, pumping } = bench(new Source(0));
  leave.resolve();
  await pumping;
  assert.deepEqual(client.columns, COLUMNS);
});
