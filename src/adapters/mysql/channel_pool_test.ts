import assert from "node:assert/strict";
import { Deferred } from "../../base/deferred.ts";
import { VirtualClock } from "../virtual_clock.ts";
import type { Channel } from "./channel.ts";
import { ChannelPool } from "./channel_pool.ts";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Counts connections instead of opening any. */
function setUp(poolMax: number) {
  const clock = new VirtualClock();
  const counts = { opened: 0, closed: 0 };
  const lost = new Set<unknown>();
  const pool = new ChannelPool(clock, { poolMax, maintainMs: 1000 }, () => {
    counts.opened++;
    const channel = {
      get isUsable() {
        return !lost.has(channel);
      },
      close() {
        counts.closed++;
        return Promise.resolve();
      },
    };
    return Promise.resolve(channel as unknown as Channel);
  });
  return { clock, counts, lost, pool };
}

Deno.test("channel pool: a free connection is used again, a lost one is not", async () => {
  const { pool, counts, lost } = setUp(2);
  for (let turn = 0; turn < 5; turn++) await pool.use(() => Promise.resolve());
  assert.deepEqual(counts, { opened: 1, closed: 0 });
  await pool.use((channel) => Promise.resolve(void lost.add(channel)));
  await pool.use(() => Promise.resolve());
  assert.deepEqual(counts, { opened: 2, closed: 1 });
  await pool.close();
  assert.deepEqual(counts, { opened: 2, closed: 2 });
});

Deno.test("channel pool: no more are open than may be; who waits comes in order", async () => {
  const { pool, counts } = setUp(2);
  const gates = Array.from({ length: 4 }, () => new Deferred<void>());
  const order: number[] = [];
  const uses = gates.map((gate, at) =>
    pool.use(async () => {
      order.push(at);
      await gate.promise;
    })
  );
  await settle();
  assert.deepEqual(order, [0, 1]);
  gates[1]?.resolve();
  await settle();
  assert.deepEqual(order, [0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all(uses);
  assert.deepEqual([order, counts.opened], [[0, 1, 2, 3], 2]);
});

Deno.test("channel pool: waiting has a limit, and ends when the pool is closed", async () => {
  const { clock, pool } = setUp(1);
  const gate = new Deferred<void>();
  const holder = pool.use(() => gate.promise);
  const late = assert.rejects(pool.use(() => Promise.resolve()), { code: "UNAVAILABLE" });
  await clock.advance(1000, settle);
  await late;
  const waiting = assert.rejects(pool.use(() => Promise.resolve()), { code: "UNAVAILABLE" });
  await settle();
  await pool.close();
  await waiting;
  gate.resolve();
  await holder;
  await assert.rejects(pool.use(() => Promise.resolve()), { code: "UNAVAILABLE" });
});

Deno.test("channel pool: an action that fails gives its connection back", async () => {
  const { pool, counts } = setUp(1);
  await assert.rejects(pool.use(() => Promise.reject(new Error("no"))), /no/);
  await pool.use(() => Promise.resolve());
  assert.equal(counts.opened, 1);
});
