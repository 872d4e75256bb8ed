import assert from "node:assert/strict";
import { Deferred } from "../../base/deferred.ts";
import type { Fingerprint } from "../../ports/engine.ts";
import type { Row } from "../../protocol/values.ts";
import type { Sink } from "./results.ts";
import { MysqlRowStream } from "./row_stream.ts";

/** A server that sends rows as long as the valve is open. */
class Source {
  readonly ended = new Deferred<readonly Fingerprint[]>();
  isPaused = false;
  pauses = 0;
  left: AbortSignal | null = null;
  sink: Sink | null = null;

  stream(batchRows: number): MysqlRowStream {
    return new MysqlRowStream(this, batchRows, (sink, left) => {
      this.sink = sink;
      this.left = left;
      left.addEventListener("abort", () => this.ended.reject(new Error("ended early")));
      return this.ended.promise;
    });
  }

  pause(): void {
    this.isPaused = true;
    this.pauses++;
  }

  resume(): void {
    this.isPaused = false;
  }

  send(...numbers: number[]): void {
    for (const number of numbers) this.sink?.row([number]);
  }
}

async function collect(stream: AsyncIterable<readonly Row[]>): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const rows of stream) batches.push(rows.map(([number]) => number as number));
  return batches;
}

Deno.test("row stream: rows come in batches, the last one smaller", async () => {
  const source = new Source();
  const stream = source.stream(2);
  source.sink?.columns([{ name: "n", kind: "integer" }]);
  source.send(1, 2, 3);
  source.ended.resolve([]);
  assert.deepEqual(await collect(stream), [[1, 2], [3]]);
  assert.deepEqual(await stream.columns, [{ name: "n", kind: "integer" }]);
});

Deno.test("row stream: the server waits while batches are not read", async () => {
  const source = new Source();
  const batches = source.stream(2)[Symbol.asyncIterator]();
  source.send(1, 2, 3);
  assert.equal(source.isPaused, false);
  source.send(4, 5);
  assert.deepEqual([source.isPaused, source.pauses], [true, 1]);
  assert.deepEqual((await batches.next()).value, [[1], [2]]);
  assert.equal(source.isPaused, false);
  source.send(6, 7, 8);
  assert.equal(source.isPaused, true);
  await batches.return?.();
});

Deno.test("row stream: leaving ends the statement and waits until it has ended", async () => {
  const source = new Source();
  const stream = source.stream(1);
  source.send(1, 2, 3);
  for await (const rows of stream) {
    assert.deepEqual(rows, [[1]]);
    break;
  }
  assert.equal(source.left?.aborted, true);
  assert.equal(source.ended.settled, true);
});

Deno.test("row stream: a failure reaches both the columns and the loop", async () => {
  const source = new Source();
  const stream = source.stream(10);
  source.ended.reject(new Error("no such table"));
  await assert.rejects(stream.columns, /no such table/);
  await assert.rejects(collect(stream), /no such table/);
});

Deno.test("row stream: a failure behind the first rows drops those not read", async () => {
  const source = new Source();
  const stream = source.stream(1);
  source.sink?.columns([]);
  source.send(1, 2);
  source.sink?.discard?.();
  source.send(3);
  source.ended.reject(new Error("deadline"));
  await assert.rejects(collect(stream), /deadline/);
});

Deno.test("row stream: one that nobody reads leaves no rejection unheard", async () => {
  const source = new Source();
  source.stream(1);
  source.ended.reject(new Error("lost"));
  await new Promise((resolve) => setTimeout(resolve, 0));
});
