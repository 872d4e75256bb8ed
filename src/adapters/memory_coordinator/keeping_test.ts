/** A coordinator in memory that goes on where an earlier one ended. */
import assert from "node:assert/strict";
import { SystemClock } from "../system_clock.ts";
import { MemoryCoordinator } from "./coordinator.ts";
import type { SavedTree } from "./node_tree.ts";

const clock = new SystemClock();
const signal = new AbortController().signal;

Deno.test("keeping: persistent nodes, versions and counted children go on; sessions do not", async () => {
  const kept: { tree: SavedTree | null } = { tree: null };
  const open = () => {
    const keeping = {
      saved: kept.tree,
      // As a file would hold it.
      save: (tree: SavedTree) => void (kept.tree = JSON.parse(JSON.stringify(tree))),
    };
    return new MemoryCoordinator({ clock }, { keeping }).client().open(signal);
  };
  const first = await open();
  await first.create("/regions", "", "persistent");
  await first.create("/regions/r", "one", "persistent");
  await first.set("/regions/r", "two", 0);
  await first.create("/servers", "", "persistent");
  await first.create("/servers/1", "lives", "ephemeral");
  assert.equal(
    await first.create("/servers/c_", "", "ephemeral_sequential"),
    "/servers/c_0000000001",
  );
  const { created } = await first.get("/regions/r");
  // Ended as by kill -9: nobody has closed the session.
  const second = await open();
  const node = await second.get("/regions/r");
  assert.deepEqual([node.data, node.version, node.created], ["two", 1, created]);
  assert.deepEqual(await second.children("/servers"), []);
  assert.equal(
    await second.create("/servers/c_", "", "ephemeral_sequential"),
    "/servers/c_0000000002",
  );
  await second.create("/regions/s", "", "persistent");
  assert.notEqual((await second.get("/regions/s")).created, created);
  assert.deepEqual([...await second.children("/regions")].sort(), ["r", "s"]);
  await first.close();
  await second.close();
});
