/** The Coordinator contract: nodes, their data, versions and children. */
import assert from "node:assert/strict";
import type { BenchTest } from "../coordinator_contract.ts";
import { fails } from "../coordinator_contract.ts";

const NODE_BYTES_MAX = 64 * 1024;

export function coordinatorNodes(test: BenchTest): void {
  creation(test);
  refusedCreation(test);
  versions(test);
  deletion(test);
  sizes(test);
  listing(test);
}

function creation(test: BenchTest): void {
  test("a created node is read with its data, version 0 and no owner", async (bench) => {
    const session = await bench.open();
    assert.equal(await session.create("/a", "hello", "persistent"), "/a");
    const { created, ...rest } = await session.get("/a");
    assert.deepEqual(rest, { data: "hello", version: 0, owner: null });
    assert.notEqual(created, "");
    assert.equal((await (await bench.open()).get("/a")).data, "hello");
  });

  test("an ephemeral node is owned by its session", async (bench) => {
    const session = await bench.open();
    await session.create("/e", "", "ephemeral");
    assert.equal((await session.get("/e")).owner, session.id);
  });

  test("sequential nodes get ten rising digits within their parent", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    await session.create("/b", "", "persistent");
    const paths = [
      await session.create("/a/c_", "1", "ephemeral_sequential"),
      await session.create("/a/c_", "2", "persistent_sequential"),
      await session.create("/a/d_", "3", "ephemeral_sequential"),
    ];
    for (const path of paths) assert.match(path, /^\/a\/[cd]_[0-9]{10}$/);
    const digits = paths.map((path) => path.slice(-10));
    assert.deepEqual([...digits].sort(), digits);
    assert.equal(new Set(digits).size, 3);
    assert.equal((await session.get(paths[1] ?? "")).data, "2");
    assert.equal(await session.create("/b/c_", "", "ephemeral_sequential"), "/b/c_0000000000");
  });

  test("the digits of sequential nodes rise although the last one was deleted", async (bench) => {
    const session = await bench.open();
    await session.create("/q", "", "persistent");
    const first = await session.create("/q/n_", "", "ephemeral_sequential");
    await session.delete(first, null);
    assert.ok(await session.create("/q/n_", "", "ephemeral_sequential") > first);
  });

  test("a node made again has a new, higher id of creation", async (bench) => {
    const session = await bench.open();
    const seen: string[] = [];
    for (let round = 0; round < 20; round++) {
      await session.create("/a", "", "persistent");
      seen.push((await session.get("/a")).created);
      await session.delete("/a", 0);
      await session.create(`/b${round}`, "", "persistent");
      seen.push((await session.get(`/b${round}`)).created);
    }
    assert.deepEqual([...seen].sort(), seen);
    assert.equal(new Set(seen).size, seen.length);
  });
}

function refusedCreation(test: BenchTest): void {
  test("a node needs a parent, and a name that is free", async (bench) => {
    const session = await bench.open();
    assert.equal((await fails("no_node", session.create("/a/b", "", "persistent"))).applied, "no");
    await session.create("/a", "first", "persistent");
    await fails("node_exists", session.create("/a", "second", "persistent"));
    assert.equal((await session.get("/a")).data, "first");
  });

  test("ephemeral nodes have no children", async (bench) => {
    const session = await bench.open();
    await session.create("/e", "", "ephemeral");
    await fails("ephemeral_parent", session.create("/e/child", "", "persistent"));
  });

  test("a path that no node may have is refused", async (bench) => {
    const session = await bench.open();
    for (const path of ["", "a", "/a/", "//a", "/a/../b", "/.", "/a\u0000b", "/\u{1f600}"]) {
      await fails("refused", session.create(path, "", "persistent"));
    }
    assert.equal(session.state, "connected");
  });
}

function versions(test: BenchTest): void {
  test("each set raises the version by one, from 0", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "0", "persistent");
    assert.equal(await session.set("/a", "1", 0), 1);
    assert.equal(await session.set("/a", "2", 1), 2);
    const node = await session.get("/a");
    assert.deepEqual([node.data, node.version], ["2", 2]);
  });

  test("a set with another version than the node's changes nothing", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "0", "persistent");
    await fails("bad_version", session.set("/a", "x", 1));
    await session.set("/a", "1", 0);
    assert.equal((await fails("bad_version", session.set("/a", "x", 0))).applied, "no");
    assert.equal((await session.get("/a")).data, "1");
    await fails("no_node", session.set("/missing", "", 0));
  });

  test("of many who set at version 0, one succeeds", async (bench) => {
    const sessions = await Promise.all([bench.open(), bench.open(), bench.open()]);
    await sessions[0]?.create("/a", "", "persistent");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => sessions[i % 3]?.set("/a", `${i}`, 0)),
    );
    const winners = outcomes.flatMap(({ status }, i) => status === "fulfilled" ? [`${i}`] : []);
    assert.equal(winners.length, 1);
    assert.equal((await sessions[1]?.get("/a"))?.version, 1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") assert.equal(outcome.reason.code, "bad_version");
    }
  });

  test("what a session read after a failed write is not older than that", async (bench) => {
    const [one, two] = [await bench.open(), await bench.open()];
    await one.create("/a", "0", "persistent");
    for (let version = 0; version < 20; version++) {
      await one.set("/a", `${version + 1}`, version);
      await fails("bad_version", two.set("/a", "x", version));
      assert.equal((await two.get("/a")).version, version + 1);
    }
  });
}

function deletion(test: BenchTest): void {
  test("a delete takes the node's version, or null for any", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    await session.set("/a", "", 0);
    await fails("bad_version", session.delete("/a", 0));
    await session.delete("/a", 1);
    await fails("no_node", session.get("/a"));
    await session.create("/a", "", "persistent");
    await session.set("/a", "", 0);
    await session.delete("/a", null);
    await fails("no_node", session.delete("/a", null));
  });

  test("a node with children is not deleted", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    await session.create("/a/b", "", "persistent");
    await fails("not_empty", session.delete("/a", null));
    await session.delete("/a/b", null);
    await session.delete("/a", null);
  });
}

function sizes(test: BenchTest): void {
  test("data of any length up to 64 KiB comes back as it was", async (bench) => {
    const session = await bench.open();
    const texts = ["", "zwölf – 日本語 🙂 \u0000 end", "x".repeat(NODE_BYTES_MAX)];
    for (const [i, data] of texts.entries()) {
      await session.create(`/a${i}`, data, "persistent");
      assert.equal((await session.get(`/a${i}`)).data, data);
      await session.set(`/a${i}`, data + "", 0);
      assert.equal((await session.observe(`/a${i}`)).value?.data, data);
    }
  });

  test("larger data and longer paths are too large, and cost nothing else", async (bench) => {
    const session = await bench.open();
    const large = "ä".repeat(NODE_BYTES_MAX / 2) + "x";
    assert.equal(
      (await fails("too_large", session.create("/a", large, "persistent"))).applied,
      "no",
    );
    await session.create("/a", "small", "persistent");
    await fails("too_large", session.set("/a", large, 0));
    await fails("too_large", session.get(`/${"a".repeat(2000)}`));
    assert.deepEqual([session.state, (await session.get("/a")).version], ["connected", 0]);
  });
}

function listing(test: BenchTest): void {
  test("children are listed by name, sorted, without their children", async (bench) => {
    const session = await bench.open();
    await session.create("/a", "", "persistent");
    assert.deepEqual(await session.children("/a"), []);
    for (const name of ["c", "b", "B", "b10", "b9", "ä"]) {
      await session.create(`/a/${name}`, "", "persistent");
    }
    await session.create("/a/b/inner", "", "persistent");
    assert.deepEqual(await session.children("/a"), ["B", "b", "b10", "b9", "c", "ä"]);
    assert.deepEqual((await session.observeChildren("/a")).value, [
      "B",
      "b",
      "b10",
      "b9",
      "c",
      "ä",
    ]);
    assert.deepEqual(await session.children("/"), ["a"]);
    await fails("no_node", session.children("/missing"));
    await fails("no_node", session.observeChildren("/missing"));
  });

  test("two thousand children are listed", async (bench) => {
    const session = await bench.open();
    await session.create("/many", "", "persistent");
    const names = Array.from({ length: 2000 }, (_, i) => `child-${String(i).padStart(6, "0")}`);
    for (let from = 0; from < names.length; from += 100) {
      const some = names.slice(from, from + 100);
      await Promise.all(some.map((name) => session.create(`/many/${name}`, "", "persistent")));
    }
    assert.deepEqual(await session.children("/many"), names);
  });
}
