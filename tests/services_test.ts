/** The private servers of scripts/services: they start, die as told, and leave nothing behind. */
import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import { ask, modeOf } from "../scripts/services/four_letter.ts";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import { startTimesOf } from "../scripts/services/run_folder.ts";
import { waitUntil } from "../scripts/services/wait.ts";
import { startZookeeper } from "../scripts/services/zookeeper.ts";
import type { HeldServices } from "./fixtures/hold_services.ts";

const LIMIT_MS = 30_000;

async function query(server: MariadbServer, sql: string): Promise<unknown> {
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password, database: "minisql" });
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return rows;
  } finally {
    await connection.end();
  }
}

async function isRunning(pid: number): Promise<boolean> {
  return (await startTimesOf([pid])).has(pid);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function folderOf(server: { readonly socket: string }): string {
  return server.socket.slice(0, server.socket.lastIndexOf("/"));
}

Deno.test("MariaDB: serves its user's queries once started, and is gone once stopped", async () => {
  const server = await startMariadb();
  assert.deepEqual(await query(server, "SELECT DATABASE(), @@skip_name_resolve"), [["minisql", 1]]);
  await server.stop();
  assert.equal(await isRunning(server.pid), false);
  assert.equal(await exists(folderOf(server)), false);
});

Deno.test("MariaDB: keeps port and data, when it is killed and restarted", async () => {
  await using server = await startMariadb();
  const { port, pid } = server;
  await query(server, "CREATE TABLE t (id INT PRIMARY KEY)");
  await query(server, "INSERT INTO t VALUES (1), (2)");
  await server.kill();
  await assert.rejects(query(server, "SELECT 1"), { code: "ECONNREFUSED" });
  await server.restart();
  assert.equal(server.port, port);
  assert.notEqual(server.pid, pid);
  assert.deepEqual(await query(server, "SELECT COUNT(*) FROM t"), [[2]]);
});

Deno.test("MariaDB: answers nothing while paused, and goes on where it was", async () => {
  await using server = await startMariadb();
  server.pause();
  let answered = false;
  const answer = query(server, "SELECT 7").finally(() => answered = true);
  assert.equal(await waitUntil(300, () => answered), false);
  server.resume();
  assert.deepEqual(await answer, [[7]]);
});

Deno.test("MariaDB: settings reach the server, and those it refuses come with its log", async () => {
  await using server = await startMariadb({ settings: { innodb_flush_log_at_trx_commit: "1" } });
  assert.deepEqual(await query(server, "SELECT @@innodb_flush_log_at_trx_commit"), [[1]]);
  await assert.rejects(
    startMariadb({ name: "refused", settings: { nonsense: "1" } }),
    /Cannot start MariaDB refused on .* ended with exit code[^]*unknown variable 'nonsense=1'/,
  );
});

Deno.test("MariaDB: data, port and password in a folder of one's own outlive the server", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const first = await startMariadb({ dir });
    await query(first, "CREATE TABLE kept (id INT)");
    await first.stop();
    await using second = await startMariadb({ dir });
    assert.deepEqual([second.port, second.password], [first.port, first.password]);
    assert.deepEqual(await query(second, "SHOW TABLES"), [["kept"]]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("MariaDB: many started at once have folders and ports of their own", async () => {
  const servers = await Promise.all([startMariadb(), startMariadb(), startMariadb()]);
  try {
    assert.equal(new Set(servers.map((server) => server.port)).size, 3);
    assert.equal(new Set(servers.map((server) => server.dataDir)).size, 3);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
});

Deno.test("ZooKeeper: a single server serves once started, and is gone once stopped", async () => {
  const ensemble = await startZookeeper();
  const [server] = ensemble.servers;
  assert(server);
  assert.equal(await ask(server.port, "ruok"), "imok");
  assert.equal(await modeOf(server.port), "standalone");
  await ensemble.stop();
  assert.equal(await isRunning(server.pid), false);
  assert.equal(await exists(server.logFile), false);
});

Deno.test("ZooKeeper: an ensemble of three survives its leader, which returns as a follower", async () => {
  await using ensemble = await startZookeeper({ servers: 3 });
  assert.equal(ensemble.connect.split(",").length, 3);
  const old = await ensemble.leader();
  assert(old);
  await old.kill();
  assert(await waitUntil(LIMIT_MS, async () => await ensemble.leader() !== null));
  assert.notEqual((await ensemble.leader())?.port, old.port);
  await old.restart();
  assert.equal(await modeOf(old.port), "follower");
});

Deno.test("ZooKeeper: every server can be restarted, when all were killed", async () => {
  await using ensemble = await startZookeeper({ servers: 3 });
  for (const server of ensemble.servers) await server.kill();
  for (const server of ensemble.servers) await server.restart();
  assert.equal(await ensemble.leader() !== null, true);
});

/** Lets another process start servers and kills it as no process can prevent. */
async function abandonServers(): Promise<HeldServices> {
  const fixture = new URL("./fixtures/hold_services.ts", import.meta.url).pathname;
  const permissions = ["read", "write", "net", "run", "env", "sys"].map((name) =>
    `--allow-${name}`
  );
  const starter = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, fixture],
    stdout: "piped",
  }).spawn();
  const lines = starter.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    return JSON.parse((await lines.read()).value ?? "null");
  } finally {
    starter.kill("SIGKILL");
    await starter.status;
    await lines.cancel();
  }
}

Deno.test("services: no process outlives a starter killed outright, and the next start removes what it left", async () => {
  const { pids, files } = await abandonServers();
  assert.equal(pids.length, 2);
  const running = async () => (await startTimesOf(pids)).size;
  assert(await waitUntil(LIMIT_MS, async () => await running() === 0), `still running: ${pids}`);
  await using _next = await startZookeeper();
  for (const file of files) assert.equal(await exists(file), false);
});
