/** Channels: greeted, shared, made again with growing pauses. */
import assert from "node:assert/strict";
import { greeting, startBench } from "../../tests/support/rpc.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { Pool } from "./pool.ts";

function code(expected: string) {
  return (error: unknown) => {
    assert.ok(error instanceof MinisqlError, String(error));
    assert.equal(error.code, expected, error.message);
    return true;
  };
}

Deno.test("channel: all who ask share one connection", async () => {
  const bench = await startBench({});
  const channel = bench.channel();
  const all = await bench.outcome(Promise.all([1, 2, 3].map(() => channel.connect())));
  assert.equal(new Set(all.map(({ caller }) => caller)).size, 1);
  assert.equal(bench.server.callers().length, 1);
  assert.equal(bench.server.callers()[0]?.name, "test");
});

Deno.test("channel: a broken connection is replaced at the next use", async () => {
  const bench = await startBench({ jobs: () => Promise.resolve({ jobs: [] }) });
  const channel = bench.channel();
  const first = await bench.outcome(channel.connect());
  bench.network.cut("client", "server");
  await bench.outcome(first.caller.closed);
  assert.equal(channel.current, null);
  const second = await bench.outcome(channel.connect());
  assert.notEqual(second.caller, first.caller);
  assert.deepEqual(await bench.outcome(second.caller.call("jobs", {})), { jobs: [] });
});

Deno.test("channel: a dead peer is tried with growing pauses, and found when it is back", async () => {
  const bench = await startBench({});
  await bench.outcome(bench.server.close(0));
  const channel = bench.channel({ backoff: { initialMs: 100, limitMs: 1000 } });
  const gaps: number[] = [];
  for (let i = 0; i < 6; i++) {
    const started = bench.clock.now();
    await assert.rejects(bench.outcome(channel.connect()), code("UNAVAILABLE"));
    gaps.push(bench.clock.now() - started);
  }
  assert.ok((gaps[0] as number) < 10, `the first attempt waits for nothing: ${gaps}`);
  assert.ok((gaps[5] as number) >= 500 && (gaps[5] as number) <= 1010, `pauses grow: ${gaps}`);
});

Deno.test("channel: whoever waits too long gives up, and the attempt goes on for others", async () => {
  const bench = await startBench({});
  bench.network.slow("client", "server", 300);
  const channel = bench.channel();
  const patient = channel.connect(5000);
  await assert.rejects(bench.outcome(channel.connect(50)), code("UNAVAILABLE"));
  assert.ok((await bench.outcome(patient)).caller.usable);
});

Deno.test("channel: being turned away is UNAUTHENTICATED, with the server's reason", async () => {
  const bench = await startBench({});
  const channel = bench.channel({ greeting: { ...greeting, cluster: "other" } });
  await assert.rejects(bench.outcome(channel.connect()), (error) => {
    assert.ok(error instanceof MinisqlError);
    assert.equal(error.code, "UNAUTHENTICATED");
    assert.equal(error.message, "Cannot join: this is cluster test, not other");
    return true;
  });
  await bench.advance(2000);
  assert.deepEqual(bench.server.callers(), []);
});

Deno.test("channel: a peer that accepts and says nothing is given up in time", async () => {
  const bench = await startBench({});
  await bench.network.host("mute").listen({ host: "mute", port: 1 }, () => {});
  const channel = bench.channel({ address: { host: "mute", port: 1 }, connectMs: 400 });
  const started = bench.clock.now();
  await assert.rejects(bench.outcome(channel.connect()), code("UNAVAILABLE"));
  assert.ok(bench.clock.now() - started <= 402);
});

Deno.test("channel: closing refuses further use and ends a connection being made", async () => {
  const bench = await startBench({});
  const channel = bench.channel();
  const connecting = channel.connect();
  channel.close();
  await assert.rejects(bench.outcome(connecting), code("UNAVAILABLE"));
  await assert.rejects(bench.outcome(channel.connect()), code("UNAVAILABLE"));
  await bench.advance(2000);
  assert.deepEqual(bench.server.callers(), []);
});

Deno.test("channel: closing ends the wait before the next attempt", async () => {
  const bench = await startBench({});
  await bench.outcome(bench.server.close(0));
  const channel = bench.channel({ backoff: { initialMs: 60_000, limitMs: 60_000 } });
  await assert.rejects(bench.outcome(channel.connect()), code("UNAVAILABLE"));
  const waiting = channel.connect(50_000);
  await bench.advance(10);
  channel.close();
  await assert.rejects(bench.outcome(waiting, 100), code("UNAVAILABLE"));
});

Deno.test("channel: whoever has given up before asking makes no connection", async () => {
  const bench = await startBench({});
  const abort = new AbortController();
  abort.abort(new MinisqlError("CANCELLED", "Cannot go on"));
  const connecting = bench.channel().connect(1000, abort.signal);
  await assert.rejects(bench.outcome(connecting), code("CANCELLED"));
  await bench.advance(100);
  assert.deepEqual(bench.server.callers(), []);
});

Deno.test("pool: one that has been closed makes no connection", async () => {
  const bench = await startBench({});
  const random = { next: () => 0.5, id: () => "", bytes: () => new Uint8Array() };
  const deps = { clock: bench.clock, random, network: bench.network.host("client") };
  const pool = new Pool(deps, { greeting });
  assert.ok((await bench.outcome(pool.to(bench.address).connect())).caller.usable);
  pool.close();
  await assert.rejects(bench.outcome(pool.to(bench.address).connect()), code("UNAVAILABLE"));
  await bench.advance(100);
  assert.deepEqual(bench.server.callers(), []);
});
