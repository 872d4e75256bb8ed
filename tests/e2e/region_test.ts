/** Region servers of the built program beside real MariaDB servers: joining, refusing, leaving. */
import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "../../scripts/services/mariadb.ts";
import { freePorts } from "../../scripts/services/ports.ts";
import { Binary, finished } from "../support/binary.ts";
import { RealCluster } from "../support/real_cluster.ts";
import { until } from "../support/wait.ts";

const DATABASE = "minisql_data";
/** All that a region server needs to be given. */
const GRANT = `GRANT ALL ON ${DATABASE}.* TO 'keeper'@'%'`;
/** Commits are written out every other second. */
const RELAXED = { innodb_flush_log_at_trx_commit: "0", innodb_flush_log_at_timeout: "2" };
const PASSWORD = "it's a secret";

/** Runs statements as somebody who may do everything. */
async function administer(server: MariadbServer, ...statements: readonly string[]): Promise<void> {
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password });
  try {
    for (const sql of statements) await connection.query(sql);
  } finally {
    await connection.end();
  }
}

/** A database and a user of its own, as README.md says to make them. */
async function keeperOf(server: MariadbServer, grant = GRANT): Promise<string> {
  await administer(
    server,
    `CREATE DATABASE ${DATABASE}`,
    `CREATE USER 'keeper'@'%' IDENTIFIED BY '${PASSWORD.replace("'", "''")}'`,
    grant,
  );
  return `mysql://keeper@${server.host}:${server.port}/${DATABASE}`;
}

class Regions {
  readonly #binary: Binary;
  readonly #zookeeper: string;
  readonly #passwordFile: string;

  constructor(binary: Binary, zookeeper: string) {
    this.#binary = binary;
    this.#zookeeper = zookeeper;
    this.#passwordFile = `${binary.folder}/password`;
    Deno.writeTextFileSync(this.#passwordFile, `${PASSWORD}\n`);
  }

  folder(name: string): string {
    return `${this.#binary.folder}/${name}`;
  }

  spawn(name: string, mysql: string, ...more: readonly string[]): Deno.ChildProcess {
    const args = ["--listen", "127.0.0.1:0", "--advertise", "127.0.0.1", "--mysql", mysql, ...more];
    return this.#binary.spawn(["region", "--data-dir", this.folder(name), ...args], {
      env: { MINISQL_ZOOKEEPER: this.#zookeeper, MINISQL_MYSQL_PASSWORD_FILE: this.#passwordFile },
    });
  }

  /** Ends by itself; its exit code and what it says. */
  async refused(name: string, mysql: string, ...more: readonly string[]): Promise<string> {
    const { code, err } = await finished(this.spawn(name, mysql, ...more));
    assert.ok(code === 1 || code === 3, `${code}: ${err}`);
    return err;
  }
}

/** Of the table's one row, in the database itself. */
async function stored(server: MariadbServer): Promise<unknown> {
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password, database: DATABASE });
  try {
    const [rows] = await connection.query({ sql: "SELECT v FROM t", rowsAsArray: true });
    return (rows as unknown[][])[0]?.[0];
  } finally {
    await connection.end();
  }
}

async function untilStored(server: MariadbServer, value: string): Promise<void> {
  await until(`the row is ${value}`, async () => await stored(server) === value, 30_000);
}

Deno.test("region: three beside MariaDB make one database, and leave in good order", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  await using second = await startMariadb({ settings: RELAXED });
  await using third = await startMariadb({ settings: RELAXED });
  const { address } = await cluster.startMaster("m1");
  const regions = new Regions(binary, cluster.zookeeper.connect);
  const servers = [cluster.mariadb, second, third];
  const urls = await Promise.all(servers.map((server) => keeperOf(server)));
  const ports = freePorts(urls.length);
  const start = (url: string, at: number) =>
    regions.spawn(
      `r${at + 1}`,
      url,
      ...["--zone", "abc"[at] ?? "", "--listen", `127.0.0.1:${ports[at]}`],
    );
  let children = urls.map(start);
  const out = children.map((child) => readFirstLine(child.stdout));
  await cluster.online(3);
  for (const line of await Promise.all(out)) {
    assert.match(
      line,
      /^region server at 127\.0\.0\.1:\d+ keeps its copies in mariadb minisql_data at 127\.0\.0\.1:\d+ and its log in \S+\/r\d$/,
    );
  }
  const masters = `127.0.0.1:${address.port}`;
  const sql = "CREATE TABLE t (id INT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'one'); " +
    "SELECT v FROM t";
  const shell = await binary.run(["shell", "--masters", masters, "-NBe", sql]);
  assert.deepEqual([shell.code, shell.out], [0, "one\n"], shell.err);
  const status = await binary.run(["status", "--exit-code", "--masters", masters]);
  assert.match(status.out, /each survives the loss of any 2 servers/);
  // Rows are in each of the databases.
  for (const server of servers) await untilStored(server, "one");
  // A database that is killed has lost what it committed last: that comes from the log, unnoticed.
  const updates = Array.from({ length: 1000 }, (_, at) => `UPDATE t SET v = 'v${at}';`).join("");
  const writing = binary.run(["shell", "--masters", masters, "-Ne", updates]);
  await until("much is written", async () => /v.../.test(`${await stored(second)}`), 30_000);
  await second.kill();
  await second.restart();
  const written = await writing;
  assert.equal(written.code, 0, written.err);
  for (const server of servers) await untilStored(server, "v999");
  const events = await binary.run(["events", "--masters", masters]);
  assert.match(events.out, /database/);
  assert.doesNotMatch(events.out, /diverge|copied/, events.out);
  // What is done to a database while its region server is down is put right once it is up.
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(finished));
  await administer(cluster.mariadb, `UPDATE ${DATABASE}.t SET v = 'forged'`);
  await administer(third, `DELETE FROM ${DATABASE}._minisql_fingerprint`);
  children = urls.map(start);
  for (const server of servers) await untilStored(server, "v999");
  await cluster.online(3);
  const last = await binary.run([
    ...["shell", "--masters", masters, "-NBe", "UPDATE t SET v = 'last'; SELECT v FROM t"],
  ]);
  assert.deepEqual([last.code, last.out], [0, "last\n"], last.err);
  for (const server of servers) await untilStored(server, "last");
  for (const child of children) child.kill("SIGTERM");
  for (const child of children) {
    const { code } = await child.status;
    await child.stderr.cancel();
    assert.equal(code, 0);
  }
});

Deno.test("region: what it cannot work with is told, and nothing is changed", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  await cluster.startMaster("m1");
  const regions = new Regions(binary, cluster.zookeeper.connect);
  const url = await keeperOf(cluster.mariadb, `GRANT SELECT ON ${DATABASE}.* TO 'keeper'@'%'`);
  assert.match(
    await regions.refused("a", url),
    /it must be allowed to drop tables .* run: GRANT ALL ON `minisql_data`\.\* TO 'keeper'@'…'/,
  );
  await administer(cluster.mariadb, GRANT);
  assert.match(await regions.refused("a", url.replace("keeper", "nobody")), /Access denied/);
  assert.match(await regions.refused("a", url.replace(/:\d+\//, ":1/")), /Cannot reach MySQL/);
  const child = regions.spawn("a", url);
  await cluster.online(1);
  const held = await regions.refused("a", url);
  assert.match(held, /Cannot use the data folder .*\/a: another process has it/);
  child.kill("SIGKILL");
  await finished(child);
  const database = await regions.refused("b", url);
  assert.match(database, /database mariadb minisql_data at .* is that of another server/);
  const other = await regions.refused("a", url, "--cluster", "bank");
  assert.match(other, /it is of a server of cluster minisql, not of bank/);
  const engine = await regions.refused("a", url, "--engine", "sqlite");
  assert.match(engine, /its server's database is another one, or was emptied/);
  // The one that was killed may still count as there: this one must have said something itself.
  const back = regions.spawn("a", url);
  assert.match(await readFirstLine(back.stdout), /^region server at /);
  back.kill("SIGTERM");
  await back.stderr.cancel();
  assert.equal((await back.status).code, 0);
});

async function readFirstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}
