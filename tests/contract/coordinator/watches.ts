/** The Coordinator contract: observing nodes and children. */
import assert from "node:assert/strict";
import type { Bench, BenchTest } from "../coordinator_contract.ts";
import { fails, isPending } from "../coordinator_contract.ts";

export function coordinatorWatches(test: BenchTest): void {
  nodes(test);
  children(test);
  crowds(test);
  reconnection(test);
}

/** Checks that nothing has been announced although the service has answered since. */
async function quiet(bench: Bench, changed: Promise<void>): Promise<void> {
  const session = await bench.open();
  await session.get("/");
  assert.ok(await isPending(changed));
}

function nodes(test: BenchTest): void {
  test("an observed node announces its next set, by anybody", async (bench) => {
    const [one, two] = [await bench.open(), await bench.open()];
    await one.create("/a", "0", "persistent");
    const seen = await one.observe("/a");
    assert.deepEqual([seen.value?.data, seen.value?.version], ["0", 0]);
    await quiet(bench, seen.changed);
    await two.set("/a", "1", 0);
    await bench.wait("the set is announced", seen.changed);
    const again = await one.observe("/a");
    assert.equal(again.value?.data, "1");
    await one.set("/a", "2", 1);
    await bench.wait("its own set is announced", again.changed);
  });

  test("an observed node announces its deletion, and a missing one its creation", async (bench) => {
    const [one, two] = [await bench.open(), await bench.open()];
    const missing = await one.observe("/a");
    assert.equal(missing.value, null);
    await quiet(bench, missing.changed);
    await two.create("/a", "made", "persistent");
    await bench.wait("the creation is announced", missing.changed);
    const present = await one.observe("/a");
    assert.equal(present.value?.data, "made");
    await two.delete("/a", null);
    await bench.wait("the deletion is announced", present.changed);
    assert.equal((await one.observe("/a")).value, null);
  });

  test("other nodes' changes are not announced", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    const seen = await session.observe("/a");
    await session.create("/a/child", "", "persistent");
    await session.create("/b", "", "persistent");
    await session.set("/b", "", 0);
    await quiet(bench, seen.changed);
  });

  test("changes that come fast may be merged, and the last one is read", async (bench) => {
    const [one, two] = [await bench.open(), await bench.open()];
    await one.create("/a", "0", "persistent");
    const writes = (async () => {
      for (let version = 0; version < 50; version++) await two.set("/a", `${version + 1}`, version);
    })();
    let last = "";
    while (last !== "50") {
      const { value, changed } = await one.observe("/a");
      last = value?.data ?? "";
      if (last !== "50") await bench.wait("the next change is announced", changed);
    }
    await writes;
  });
}

function children(test: BenchTest): void {
  test("observed children announce who comes and who goes", async (bench) => {
    const [one, two] = [await bench.open(), await bench.open()];
    await one.create("/a", "", "persistent");
    const empty = await one.observeChildren("/a");
    assert.deepEqual(empty.value, []);
    await two.create("/a/x", "", "ephemeral");
    await bench.wait("the child is announced", empty.changed);
    const full = await one.observeChildren("/a");
    assert.deepEqual(full.value, ["x"]);
    await two.set("/a/x", "data", 0);
    await quiet(bench, full.changed);
    await bench.wait("the other session closes", two.close());
    await bench.wait("the child's end is announced", full.changed);
    assert.deepEqual((await one.observeChildren("/a")).value, []);
  });

  test("observed children announce the deletion of the node itself", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    const seen = await session.observeChildren("/a");
    await session.delete("/a", null);
    await bench.wait("the deletion is announced", seen.changed);
    await fails("no_node", session.observeChildren("/a"));
  });
}

function crowds(test: BenchTest): void {
  test("all of many observers of one node are told", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    const seen = await Promise.all(Array.from({ length: 500 }, () => session.observe("/a")));
    const children = await Promise.all(
      Array.from({ length: 100 }, () => session.observeChildren("/a")),
    );
    await session.set("/a", "x", 0);
    await bench.wait("all are told", Promise.all(seen.map(({ changed }) => changed)));
    await session.delete("/a", null);
    await bench.wait("all are told", Promise.all(children.map(({ changed }) => changed)));
  });

  test("observers of many nodes are told of theirs only", async (bench) => {
    const session = await bench.open();
    const paths = Array.from({ length: 200 }, (_, i) => `/n${i}`);
    await Promise.all(paths.map((path) => session.create(path, "", "persistent")));
    const seen = await Promise.all(paths.map((path) => session.observe(path)));
    await session.set("/n77", "x", 0);
    await bench.wait("the one is told", seen[77]?.changed ?? Promise.reject());
    const pending = await Promise.all(seen.map(({ changed }) => isPending(changed)));
    assert.deepEqual(pending.flatMap((still, i) => still ? [] : [i]), [77]);
  });

  test("whoever releases an observation is told at once, and others are not", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    const [mine, other] = [await session.observe("/a"), await session.observe("/a")];
    mine.release();
    mine.release();
    assert.equal(await isPending(mine.changed), false);
    await quiet(bench, other.changed);
    await session.set("/a", "x", 0);
    await bench.wait("the other is told", other.changed);
    other.release();
  });
}

function reconnection(test: BenchTest): void {
  test("a reconnection counts as a change, and watches go on", async (bench) => {
    const client = bench.client();
    const [one, two] = [await bench.openOn(client), await bench.open()];
    await one.create("/a", "0", "persistent");
    const seen = await one.observe("/a");
    const missing = await one.observe("/b");
    const children = await one.observeChildren("/");
    client.cut();
    await bench.until("the session is suspended", () => one.state === "suspended");
    await two.set("/a", "1", 0);
    client.mend();
    await bench.until("the session is connected", () => one.state === "connected");
    for (const { changed } of [seen, missing, children]) {
      await bench.wait("the reconnection is announced", changed);
    }
    const again = await one.observe("/a");
    assert.equal(again.value?.data, "1");
    await two.set("/a", "2", 1);
    await bench.wait("a set after the reconnection is announced", again.changed);
  });

  test("the end of the session counts as a change", async (bench) => {
    const session = await bench.open();
    const seen = await session.observe("/a");
    await bench.wait("the session closes", session.close());
    await bench.wait("the end is announced", seen.changed);
  });
}
