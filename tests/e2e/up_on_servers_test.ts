/** `scripts/up` from a checkout: what it builds and runs, in one process and on private servers. */
import assert from "node:assert/strict";
import { ROOT } from "../../scripts/build/root.ts";
import { readFrom, type Ready } from "../../src/cli/up/ready_file.ts";
import { finished } from "../support/binary.ts";
import { freeOffset } from "../support/up.ts";
import { until } from "../support/wait.ts";

const READY_MS = 120_000;

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-scripts-up-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs the script from another folder, until it has said that it is ready. */
async function start(folder: string, ...args: readonly string[]) {
  const own = ["--no-shell", "--ready-file", "ready", "--port-offset", freeOffset()];
  const child = new Deno.Command(`${ROOT}scripts/up`, {
    args: [...own, ...args],
    cwd: folder,
    env: { XDG_STATE_HOME: `${folder}/state` },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isOver = false;
  void child.status.then(() => isOver = true);
  const look = async () => isOver || await readFrom(`${folder}/ready`) !== null;
  await until("the cluster is ready", look, READY_MS);
  const ready = await readFrom(`${folder}/ready`);
  if (ready === null) assert.fail((await finished(child)).err);
  return { child, ready };
}

async function minisql({ masters }: Ready, ...args: readonly string[]): Promise<string> {
  const [command = "", ...rest] = args;
  const { code, stdout, stderr } = await new Deno.Command(`${ROOT}minisql`, {
    args: [command, "--masters", masters.join(","), ...rest],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd();
}

Deno.test("scripts/up: builds ./minisql and runs a cluster, wherever it is called from", async () => {
  await inFolder(async (folder) => {
    const { child, ready } = await start(folder);
    const sql = "CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (7); SELECT id FROM t";
    assert.equal(await minisql(ready, "shell", "-NBe", sql), "7");
    child.kill("SIGTERM");
    assert.equal((await finished(child)).code, 0);
  });
});

Deno.test("scripts/up: separate processes on MariaDB and ZooKeeper, kept and taken up again", async () => {
  await inFolder(async (folder) => {
    const args = ["--engine", "mysql", "--coordinator", "zookeeper", "--data", "kept"];
    const first = await start(folder, ...args, "--sample", "shop", "--regions", "2");
    assert.match(await minisql(first.ready, "servers"), /^r1 .* mariadb [^]*^r2 .* mariadb /m);
    await minisql(first.ready, "shell", "-e", "DELETE FROM orders WHERE id > 5");
    first.child.kill("SIGTERM");
    const { code, out, err } = await finished(first.child);
    assert.equal(code, 0, err);
    assert.match(out, /^mariadb-2 at [^]*^zookeeper at |^zookeeper at [^]*^mariadb-2 at /m);
    assert.match(out, /^r2 {2}region server at \S+, pid \d+$/m);
    const second = await start(folder, ...args, "--regions", "2");
    assert.equal(await minisql(second.ready, "shell", "-NBe", "SELECT COUNT(*) FROM orders"), "5");
    second.child.kill("SIGTERM");
    assert.equal((await finished(second.child)).code, 0);
  });
});

Deno.test("scripts/up: a mistake in its options is told", async () => {
  const child = new Deno.Command(`${ROOT}scripts/up`, {
    args: ["--engine", "mysql", "--regions", "0"],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, err } = await finished(child);
  assert.equal(code, 2);
  assert.match(err, /scripts\/up: Cannot use --regions="0": it must be a number from 1 to 20/);
});
