/** The bounded queue: order, limit, waking, ending. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BoundedQueue } from "./queue.ts";

/** Whether the promise is settled once everything that can run has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(() => done = true, () => done = true);
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

async function drain<T>(queue: BoundedQueue<T>): Promise<readonly T[]> {
  return await Array.fromAsync(queue);
}

Deno.test("queue: items come out in the order they went in", async () => {
  const queue = new BoundedQueue<number>(10);
  for (const item of [1, 2, 3]) assert.equal(queue.push(item), true);
  assert.equal(queue.shift(), 1);
  queue.push(4);
  queue.end();
  assert.deepEqual(await drain(queue), [2, 3, 4]);
});

Deno.test("queue: a full one refuses and stays as it is, until one is taken", () => {
  const queue = new BoundedQueue<number>(2);
  assert.deepEqual([queue.push(1), queue.push(2), queue.push(3)], [true, true, false]);
  assert.equal(queue.size, 2);
  assert.equal(queue.shift(), 1);
  assert.equal(queue.push(3), true);
  assert.deepEqual([queue.shift(), queue.shift(), queue.shift()], [2, 3, undefined]);
  assert.equal(queue.size, 0);
});

Deno.test("queue: ready waits for room, and no longer", async () => {
  const queue = new BoundedQueue<number>(1);
  assert.equal(await settled(queue.ready()), true);
  queue.push(1);
  const ready = queue.ready();
  assert.equal(await settled(ready), false);
  queue.shift();
  assert.equal(await settled(ready), true);
});

Deno.test("queue: room that was taken again meanwhile is no room", async () => {
  const queue = new BoundedQueue<number>(1);
  queue.push(1);
  const ready = queue.ready();
  queue.shift();
  queue.push(2);
  assert.equal(await settled(ready), false);
  queue.shift();
  assert.equal(await settled(ready), true);
});

Deno.test("queue: when one is taken, one of the waiting producers gets the room", async () => {
  const queue = new BoundedQueue<string>(1);
  queue.push("first");
  const produce = async (item: string) => {
    do await queue.ready(); while (!queue.push(item));
  };
  const producers = [produce("a"), produce("b"), produce("c")];
  const taken: (string | undefined)[] = [];
  for (let n = 0; n < 4; n++) taken.push(await queue.next());
  await Promise.all(producers);
  assert.deepEqual(taken, ["first", "a", "b", "c"]);
});

Deno.test("queue: next waits for an item, and gets the one that comes", async () => {
  const queue = new BoundedQueue<number>(1);
  const next = queue.next();
  assert.equal(await settled(next), false);
  queue.push(7);
  assert.equal(await next, 7);
});

Deno.test("queue: an ended one gives what it holds, and takes no more", async () => {
  const queue = new BoundedQueue<number>(2);
  queue.push(1);
  queue.end();
  queue.end();
  assert.equal(queue.push(2), false);
  assert.deepEqual([await queue.next(), await queue.next(), queue.shift()], [
    1,
    undefined,
    undefined,
  ]);
});

Deno.test("queue: ending wakes everybody who waits", async () => {
  const empty = new BoundedQueue<number>(1);
  const next = empty.next();
  const full = new BoundedQueue<number>(1);
  full.push(1);
  const ready = full.ready();
  empty.end();
  full.end();
  assert.equal(await next, undefined);
  assert.equal(await settled(ready), true);
});

Deno.test("queue: a loop left early leaves the rest in the queue", async () => {
  const queue = new BoundedQueue<number>(3);
  for (const item of [1, 2, 3]) queue.push(item);
  for await (const item of queue) if (item === 1) break;
  assert.deepEqual([queue.size, queue.shift()], [2, 2]);
});

Deno.test("queue: it lets go of what was taken, however long it runs", () => {
  const queue = new BoundedQueue<number>(5);
  for (let n = 0; n < 5; n++) queue.push(n);
  for (let n = 5; n < 100_000; n++) {
    assert.equal(queue.shift(), n - 5);
    assert.equal(queue.push(n), true);
  }
  assert.equal(queue.size, 5);
});

Deno.test("queue: any pushes and takes behave as on a list of limited length", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean()), (limit, steps) => {
    const queue = new BoundedQueue<number>(limit);
    const model: number[] = [];
    steps.forEach((isPush, n) => {
      if (!isPush) return assert.equal(queue.shift(), model.shift());
      assert.equal(queue.push(n), model.length < limit);
      if (model.length < limit) model.push(n);
    });
    assert.equal(queue.size, model.length);
  }));
});
