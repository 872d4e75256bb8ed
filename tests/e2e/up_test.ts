/** A whole cluster by one command of the built program, used from other processes. */
import assert from "node:assert/strict";
import { Binary, finished } from "../support/binary.ts";
import { freeOffset, UpProcess } from "../support/up.ts";
import { until } from "../support/wait.ts";

/** Twice what it is to take, for a machine with other work. */
const READY_S_MAX = 3;

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("up: one command, and other processes create, write and read", async () => {
  await using binary = await Binary.build("archive");
  const up = await UpProcess.start(binary);
  const { ready } = up;
  assert.equal(ready.masters.length, 1);
  assert.equal(ready.regions.length, 3);
  assert.equal(
    await up.sql(
      "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); " +
        "INSERT INTO t VALUES (1, 'eins'), (2, '二'); SELECT * FROM t ORDER BY id",
    ),
    "1\teins\n2\t二",
  );
  const status = await up.run("status", "--exit-code");
  assert.equal(status.code, 0, status.out);
  assert.match(status.out, /^OK {2}1 table on 3 servers; each survives the loss of any 2 servers/);
  assert.ok(await exists(ready.data));
  const { code, out } = await up.stop();
  assert.equal(code, 0);
  assert.match(out, /^m1 {2}master at 127\.0\.0\.1:\d+, ready after \d+ ms$/m);
  for (const name of ["r1", "r2", "r3"]) {
    assert.match(
      out,
      new RegExp(`^${name}  region server at 127\\.0\\.0\\.1:\\d+, ready after`, "m"),
    );
  }
  const seconds = Number(/^The cluster is ready after ([\d.]+) s\./m.exec(out)?.[1]);
  assert.ok(seconds < READY_S_MAX, `${seconds} s`);
  assert.match(out, /Its data, in .*, is gone when it ends; --data DIR keeps it\./);
  assert.match(out, new RegExp(`shell --masters ${up.masters}$`, "m"));
  assert.ok(!await exists(ready.data), "temporary data stays behind");
});

Deno.test("up: with --data everything is there again, also after kill -9", async () => {
  await using binary = await Binary.build("archive");
  const data = `${binary.folder}/data`;
  const args = ["--data", data, "--sample", "shop"];
  const first = await UpProcess.start(binary, args);
  assert.equal(await first.sql("SELECT COUNT(*) FROM orders"), "40");
  await first.sql("UPDATE products SET stock = 4711 WHERE id = 1");
  assert.equal((await first.stop()).code, 0);
  const second = await UpProcess.start(binary, args);
  await second.sql(
    "INSERT INTO customers (name, city, since) VALUES ('New', 'Here', '2026-01-01')",
  );
  second.child.kill("SIGKILL");
  await finished(second.child);
  const third = await UpProcess.start(binary, args);
  assert.equal(await third.sql("SELECT stock FROM products WHERE id = 1"), "4711");
  assert.equal(await third.sql("SELECT COUNT(*) FROM customers"), "9");
  await until("all copies are in sync", async () => {
    const { code } = await third.run("status", "--exit-code");
    return code === 0;
  }, 20_000);
  assert.equal((await third.stop()).code, 0);
});

Deno.test("up: in the background it is listed, stopped, and cleaned up after", async () => {
  await using binary = await Binary.build("archive");
  const minisql = async (...args: string[]) => {
    const { code, out, err } = await binary.run(args);
    assert.equal(code, 0, err);
    return out;
  };
  const start = async (offset: string) => {
    const out = await minisql("up", "--detach", "--port-offset", offset, "--masters", "2");
    const [, pid, data] =
      /^The cluster is ready: pid (\d+), masters \S+, data in (\S+)$/m.exec(out) ??
        [];
    assert.ok(data !== undefined, out);
    return { pid: Number(pid), data, port: Number(offset) + 9090 };
  };
  const [first, second] = [await start(freeOffset()), await start(freeOffset())];
  const masters = `127.0.0.1:${first.port}`;
  assert.match(await minisql("status", "--masters", masters), /m1 leads .* 2 masters · 3 of 3/);
  const listed = await minisql("up", "ls");
  for (const { pid, port } of [first, second]) {
    assert.match(listed, new RegExp(`^${port} +running +${pid} `, "m"));
  }
  const unclear = await binary.run(["up", "stop"]);
  assert.equal(unclear.code, 1);
  assert.match(unclear.err, /Cannot tell which cluster to stop: say minisql up stop PORT/);
  assert.match(await minisql("up", "stop", String(first.port)), /^Stopped the cluster/);
  assert.ok(!await exists(first.data));
  Deno.kill(second.pid, "SIGKILL");
  const isDead = async () => / dead /.test(await minisql("up", "ls"));
  await until("it is seen to be dead", isDead, 10_000);
  assert.ok(await exists(second.data));
  assert.match(await minisql("up", "clean"), new RegExp(`removed ${second.data}`));
  assert.ok(!await exists(second.data));
  assert.equal(await minisql("up", "ls"), "No cluster runs here\n");
});

Deno.test("up: what keeps it from starting is told, in the background too", async () => {
  await using binary = await Binary.build("archive");
  const offset = freeOffset();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 9092 + Number(offset) });
  for (const more of [[], ["--detach"]]) {
    const { code, err } = await binary.run(["up", "--port-offset", offset, ...more]);
    assert.equal(code, 3, err);
    assert.match(err, /Cannot listen on 127\.0\.0\.1:\d+: the address is in use/);
    assert.match(err, /--port-offset 1000 gives this one other ports/);
  }
  taken.close();
  const data = `${binary.folder}/data`;
  const up = await UpProcess.start(binary, ["--data", data]);
  const second = await binary.run(["up", "--data", data, "--port-offset", freeOffset()]);
  assert.equal(second.code, 1);
  assert.match(second.err, /Cannot use the data folder .*: another process has it/);
  await up.stop();
  const other = await binary.run(
    ["up", "--data", data, "--cluster", "bank", "--port-offset", freeOffset()],
  );
  assert.equal(other.code, 1);
  assert.match(other.err, /it is of a server of cluster minisql, not of bank/);
  const mysql = await binary.run(["up", "--engine", "mysql"]);
  assert.equal(mysql.code, 2);
  assert.match(mysql.err, /Run scripts\/up --engine mysql --coordinator zookeeper/);
});

Deno.test("up: a second signal ends it at once, and nothing is left behind", async () => {
  await using binary = await Binary.build("archive");
  const up = await UpProcess.start(binary);
  up.child.kill("SIGINT");
  up.child.kill("SIGINT");
  const { code } = await finished(up.child);
  assert.ok([0, 130].includes(code), String(code));
  assert.ok(!await exists(up.ready.data));
});
