/** How far work is, for people and for logs. */
import assert from "node:assert/strict";
import { MemoryShell } from "../../tests/support/memory_shell.ts";
import { bytesWords, Progress } from "./progress.ts";

Deno.test("progress: people see a bar with the time left, and it goes when all is done", async () => {
  const shell = new MemoryShell({ terminal: true });
  const progress = new Progress(shell.port, "import t", { total: 2000, unit: "rows" });
  await progress.add(10);
  assert.equal(shell.err, "", "nothing is shown of what may be over at once");
  shell.ms = 1000;
  await progress.add(490);
  assert.equal(
    shell.err,
    "\r\x1b[K" + "█".repeat(5) + "░".repeat(14) +
      " import t  25%  500 rows of 2000 rows  500 rows/s  ETA 00:03",
  );
  shell.err = "";
  await progress.add(1);
  assert.equal(shell.err, "", "not drawn at every step");
  await progress.end();
  assert.equal(shell.err, "\r\x1b[K");
});

Deno.test("progress: logs get a line every ten seconds", async () => {
  const shell = new MemoryShell();
  const progress = new Progress(shell.port, "import t", { total: null, unit: "bytes" });
  for (shell.ms = 0; shell.ms <= 25_000; shell.ms += 500) await progress.add(1_000_000);
  await progress.end();
  const lines = shell.err.trimEnd().split("\n");
  assert.deepEqual(lines, [
    "import t  21.0 MB  2.1 MB/s",
    "import t  41.0 MB  2.0 MB/s",
  ]);
});

Deno.test("progress: what was done by an earlier run says nothing of how fast this one is", async () => {
  const shell = new MemoryShell();
  const progress = new Progress(shell.port, "x", { total: 100, unit: "rows" });
  progress.startAt(50);
  shell.ms = 10_000;
  await progress.add(10);
  assert.match(shell.err, /60%.* 1 rows\/s {2}ETA 00:40/);
});

Deno.test("progress: amounts of bytes are told in the unit that fits", () => {
  const words = [999, 1500, 2_500_000, 3_000_000_000].map(bytesWords);
  assert.deepEqual(words, ["999 B", "1.5 kB", "2.5 MB", "3.00 GB"]);
});
