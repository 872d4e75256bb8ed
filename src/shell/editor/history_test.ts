/** Statements of earlier are kept, but for what nobody should find. */
import assert from "node:assert/strict";
import { MemoryShell } from "../../../tests/support/memory_shell.ts";
import { EditBuffer } from "./edit_buffer.ts";
import { History } from "./history.ts";
import { HistoryWalk } from "./history_walk.ts";
import type { Key } from "./keys.ts";

Deno.test("history: entries of several lines come back as they were, in an owner's file", async () => {
  const { port, files, secrets } = new MemoryShell();
  const history = await History.load(port.files, "h");
  const entries = ["select 1;", "select\n 'a\\nb' \\\n;", "中文"];
  for (const entry of entries) await history.add(entry);
  assert.equal(files["h"]?.split("\n").length, 4);
  assert.ok(secrets.has("h"));
  assert.deepEqual((await History.load(port.files, "h")).entries, entries);
});

Deno.test("history: passwords, repetitions and lines that begin with a space are left out", async () => {
  const { port, files } = new MemoryShell();
  const history = await History.load(port.files, "h");
  for (
    const entry of [
      "CREATE USER a IDENTIFIED BY 'x'",
      "set password = 'x'",
      " select 1",
      "",
      "select 2",
      "select 2",
    ]
  ) {
    await history.add(entry);
  }
  assert.equal(files["h"], "select 2\n");
});

Deno.test("history: a file that has grown is cut to its newest entries", async () => {
  const lines = Array.from({ length: 10_001 }, (_, at) => `select ${at}`);
  const { port, files } = new MemoryShell({ files: { h: `${lines.join("\n")}\n` } });
  const { entries } = await History.load(port.files, "h");
  assert.deepEqual([entries.length, entries.at(-1)], [5000, "select 10000"]);
  assert.equal(files["h"]?.split("\n")[0], "select 5001");
});

const key = (name: string): Key => ({ kind: "key", name });

Deno.test("history: up and down go through it, and the draft is still there", () => {
  const walk = new HistoryWalk(["one", "two\nlines"]);
  const buffer = new EditBuffer();
  buffer.set("draft");
  const seen = ["up", "up", "up", "up", "down", "down", "down"].map((name) => {
    walk.key(name, buffer);
    return buffer.text;
  });
  // The second press goes up inside the entry of two lines.
  const entries = ["two\nlines", "two\nlines", "one", "one", "two\nlines", "draft", "draft"];
  assert.deepEqual(seen, entries);
});

Deno.test("history: a search finds the newest, then older ones; Ctrl-G gives up", () => {
  const walk = new HistoryWalk(["select a", "insert", "select b"]);
  const buffer = new EditBuffer();
  buffer.set("begun");
  walk.key("ctrl-r", buffer);
  assert.ok(walk.searchKey({ kind: "text", text: "SEL" }, buffer));
  assert.equal(buffer.text, "select b");
  walk.searchKey(key("ctrl-r"), buffer);
  assert.equal(buffer.text, "select a");
  assert.equal(walk.search, "SEL");
  walk.searchKey(key("ctrl-g"), buffer);
  assert.deepEqual([buffer.text, walk.search], ["begun", null]);
  walk.key("ctrl-r", buffer);
  walk.searchKey({ kind: "text", text: "ins" }, buffer);
  assert.equal(walk.searchKey(key("enter"), buffer), false);
  assert.deepEqual([buffer.text, walk.search], ["insert", null]);
});

Deno.test("history: Alt-. inserts the last word of the entry before, then of older ones", () => {
  const walk = new HistoryWalk(["select * from old;", "select * from new;"]);
  const buffer = new EditBuffer();
  buffer.set("describe ");
  walk.key("alt-.", buffer);
  assert.equal(buffer.text, "describe new");
  walk.key("alt-.", buffer);
  assert.equal(buffer.text, "describe old");
});
