/** The MySQL catalog's accounts, privileges and encryption, and `init.sql` run by hand. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import { mysqlSchema, SCHEMA_VERSION } from "../src/adapters/catalog/schema.ts";
import { CONTROL, RECORD_TABLES } from "../src/adapters/catalog/tables.ts";
import { isFault } from "./contract/catalog_contract.ts";
import { makeCertificate } from "./support/certificate.ts";
import { MOMENT, server as serverRecord, table } from "./support/catalog_records.ts";
import { type MariadbCatalogs, openMariadbCatalogs } from "./support/mariadb_catalogs.ts";
import { within } from "./support/wait.ts";

let mariadb: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await mariadb?.stop();
});

type Body = (catalogs: MariadbCatalogs, server: MariadbServer) => Promise<void>;

function test(what: string, body: Body): void {
  Deno.test(`MysqlCatalog: ${what}`, async () => {
    mariadb ??= await startMariadb({ name: "catalog-setup" });
    const catalogs = await openMariadbCatalogs(mariadb);
    try {
      await body(catalogs, mariadb);
    } finally {
      await catalogs.close();
    }
  });
}

/** Runs with an account of these privileges on the fixture's database, or on none. */
async function withAccount(
  catalogs: MariadbCatalogs,
  privileges: string | null,
  body: (account: { readonly user: string; readonly password: string }) => Promise<void>,
): Promise<void> {
  const user = `u_${crypto.randomUUID().slice(0, 8)}`;
  await catalogs.sql(`CREATE USER ${user} IDENTIFIED BY 'right'`);
  if (privileges !== null) {
    await catalogs.sql(`GRANT ${privileges} ON ${catalogs.database}.* TO ${user}`);
  }
  try {
    await body({ user, password: "right" });
  } finally {
    await catalogs.sql(`DROP USER ${user}`);
  }
}

test("a wrong password is told as such, without the password", async (catalogs) => {
  const catalog = catalogs.open({ password: "s3cret-wr0ng" });
  const refused = (error: unknown) => {
    isFault("UNAVAILABLE", /refuses user .*check the account and its password/)(error);
    assert.doesNotMatch(Deno.inspect(error), /s3cret-wr0ng/);
    return true;
  };
  await assert.rejects(catalog.load(), refused);
  await assert.rejects(catalog.prepare(), refused);
});

test("no error carries the statements that failed, nor the secrets in them", async (catalogs) => {
  const catalog = catalogs.open();
  await catalog.prepare();
  await catalogs.refuse("users");
  const user = { name: "ann", secret: "scrypt$s3cret", created: MOMENT };
  await assert.rejects(catalog.apply(1, [{ change: "user.put", user }]), (error) => {
    assert.doesNotMatch(Deno.inspect(error, { depth: 9 }), /s3cret/);
    return true;
  });
});

test("a missing database is made where that is allowed", async (catalogs) => {
  await catalogs.sql(`DROP DATABASE ${catalogs.database}`);
  const catalog = catalogs.open();
  const command = /has no database catalog_.*run: CREATE DATABASE IF NOT EXISTS `catalog_/;
  await assert.rejects(catalog.load(), isFault("UNAVAILABLE", command));
  await catalog.prepare();
  assert.equal(await catalog.nextRid(1), 1);
  await catalogs.detach();
  const [{ set }] = await catalogs.sql(
    "SELECT DEFAULT_CHARACTER_SET_NAME AS `set` FROM information_schema.SCHEMATA " +
      "WHERE SCHEMA_NAME = DATABASE()",
  ) as [{ set: string }];
  assert.equal(set, "utf8mb4");
});

test("a missing database that may not be made is told with the commands", async (catalogs) => {
  await catalogs.sql(`DROP DATABASE ${catalogs.database}`);
  const grant = /lacks a privilege; run: GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `catalog_/;
  const create = /lacks a privilege|has no database .*run: CREATE DATABASE/;
  await withAccount(catalogs, null, async (account) => {
    await assert.rejects(catalogs.open(account).prepare(), isFault("UNAVAILABLE", grant));
  });
  await withAccount(catalogs, "SELECT, INSERT", async (account) => {
    await assert.rejects(catalogs.open(account).prepare(), isFault("UNAVAILABLE", create));
  });
});

test("without the right to create tables it says what to grant", async (catalogs) => {
  await withAccount(catalogs, "SELECT, INSERT, UPDATE, DELETE", async (account) => {
    const words = /lacks a privilege; run: GRANT .* \(1142: CREATE command denied/;
    await assert.rejects(catalogs.open(account).prepare(), isFault("UNAVAILABLE", words));
  });
});

test(
  "where the tables are made by hand, no right to create is needed",
  async (catalogs, server) => {
    await runByHand(catalogs.database, server);
    await withAccount(catalogs, "SELECT, INSERT, UPDATE, DELETE", async (account) => {
      const catalog = catalogs.open(account);
      await catalog.prepare();
      await catalog.apply(1, [{ change: "table.put", table: table("t") }]);
      await catalog.apply(1, [{ change: "table.delete", name: "t" }]);
      assert.equal((await catalog.load()).term, 1);
    });
  },
);

test("an account that may only read can load, and is told so when it writes", async (catalogs) => {
  await catalogs.open().prepare();
  await withAccount(catalogs, "SELECT", async (account) => {
    const catalog = catalogs.open(account);
    await catalog.prepare();
    await catalog.load();
    const denied = isFault("UNAVAILABLE", /lacks a privilege; run: GRANT/);
    await assert.rejects(catalog.claim(1), denied);
    await assert.rejects(catalog.apply(1, [{ change: "table.put", table: table("t") }]), denied);
  });
});

test("a read-only server is read, and told as such when written to", async (catalogs) => {
  await catalogs.open().prepare();
  await withAccount(catalogs, "ALL", async (account) => {
    const catalog = catalogs.open(account);
    await catalogs.sql("SET GLOBAL read_only = 1");
    try {
      await catalog.prepare();
      await catalog.load();
      const refused = isFault("UNAVAILABLE", /is read-only; make it writable/);
      await assert.rejects(catalog.claim(1), refused);
      await assert.rejects(catalog.nextRid(1), refused);
    } finally {
      await catalogs.sql("SET GLOBAL read_only = 0");
    }
    await catalog.claim(1);
  });
});

test("a record larger than the server takes is refused", async (catalogs) => {
  await catalogs.open().prepare();
  const [{ before }] = await catalogs.sql("SELECT @@GLOBAL.max_allowed_packet AS `before`") as [
    { before: number },
  ];
  await catalogs.sql("SET GLOBAL max_allowed_packet = 1048576");
  try {
    const catalog = catalogs.open();
    const large = table("t", { ddl: "ä".repeat(600_000) });
    await assert.rejects(
      catalog.apply(1, [{ change: "table.put", table: large }]),
      isFault("UNSUPPORTED", /1200\d\d\d bytes .*max_allowed_packet is 1048576; raise it/),
    );
    await catalog.apply(1, [{ change: "table.put", table: { ...large, ddl: "x" } }]);
  } finally {
    await catalogs.sql(`SET GLOBAL max_allowed_packet = ${before}`);
  }
});

test("a dropped table is told as missing, and how to make it", async (catalogs) => {
  const catalog = catalogs.open();
  await catalog.prepare();
  await catalogs.sql("DROP TABLE `tables`");
  const words = /lacks tables of the catalog; run: mysql catalog_\w+ < init\.sql/;
  await assert.rejects(catalog.load(), isFault("UNAVAILABLE", words));
  const change = { change: "table.put", table: table("t") } as const;
  await assert.rejects(catalog.apply(1, [change]), isFault("UNAVAILABLE", words));
  assert.equal(await catalog.nextRid(1), 1);
});

test("it works through the server's socket", async (catalogs, server) => {
  const catalog = catalogs.open({ server: { socket: server.socket } });
  await catalog.prepare();
  assert.equal(await catalog.nextRid(1), 1);
});

/** A listener that treats each connection as the test says. */
async function withPeer(
  serve: (connection: Deno.Conn) => Promise<unknown>,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      open.push(connection);
      await serve(connection).catch(() => {});
    }
  })().catch(() => {});
  try {
    await body(listener.addr.port);
  } finally {
    for (const connection of open) connection.close();
    listener.close();
    await serving;
  }
}

test("a place that is no MySQL is unavailable, whatever is there", async (catalogs) => {
  const fails = async (at: { host: string; port: number } | { socket: string }, words: RegExp) => {
    const catalog = catalogs.open({ server: at, timeoutMs: 400 });
    await within("it ends", assert.rejects(catalog.load(), isFault("UNAVAILABLE", words)), 2_500);
    await within("it closes", catalog.close(), 2_500);
  };
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  await fails({ host: "127.0.0.1", port: closed.addr.port }, /nothing listens there; check that/);
  await fails(
    { host: "nowhere.invalid", port: 1 },
    /host name is not known|name service|no answer/,
  );
  await fails({ socket: "/nonexistent/mysql.sock" }, /there is no such socket; check that/);
  await withPeer(() => Promise.resolve(), async (port) => {
    await fails({ host: "127.0.0.1", port }, /no answer within 400 ms/);
  });
  await withPeer(
    (connection) => connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad\r\n")),
    async (port) => {
      await fails({ host: "127.0.0.1", port }, new RegExp(`127\\.0\\.0\\.1:${port}`));
    },
  );
  await withPeer(
    (connection) => connection.write(new Uint8Array(4096).fill(0xff)),
    async (port) => {
      await fails({ host: "127.0.0.1", port }, new RegExp(`127\\.0\\.0\\.1:${port}`));
    },
  );
});

Deno.test("MysqlCatalog: with TLS it encrypts, and trusts only whom it is told to", async () => {
  const folder = await Deno.makeTempDir({ prefix: "minisql-tls-" });
  const [good, other] = [await makeCertificate("localhost"), await makeCertificate("localhost")];
  await Deno.writeTextFile(`${folder}/cert.pem`, good.cert);
  await Deno.writeTextFile(`${folder}/key.pem`, good.key);
  const settings = { "ssl-cert": `${folder}/cert.pem`, "ssl-key": `${folder}/key.pem` };
  const server = await startMariadb({ name: "catalog-tls", settings });
  try {
    const catalogs = await openMariadbCatalogs(server);
    try {
      await secureCalls(catalogs, server, { good: good.cert, other: other.cert });
    } finally {
      await catalogs.close();
    }
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

async function secureCalls(
  catalogs: MariadbCatalogs,
  server: MariadbServer,
  trusted: { readonly good: string; readonly other: string },
): Promise<void> {
  await withAccount(catalogs, "ALL", async (account) => {
    await catalogs.sql(`ALTER USER ${account.user} REQUIRE SSL`);
    const named = { host: "localhost", port: server.port };
    const with_ = { ...account, server: named, timeoutMs: 1_500 };
    const catalog = catalogs.open({ ...with_, tls: { ca: trusted.good } });
    await catalog.prepare();
    await catalog.apply(1, [{
      change: "table.put",
      table: table("t", { ddl: "x".repeat(100_000) }),
    }]);
    assert.equal((await catalog.load()).tables[0]?.ddl.length, 100_000);
    await assert.rejects(catalogs.open(with_).load(), isFault("UNAVAILABLE", /refuses user/));
    const stranger = catalogs.open({ ...with_, tls: { ca: trusted.other } });
    await assert.rejects(stranger.load(), isFault("UNAVAILABLE", /certificate/));
    server.pause();
    try {
      const words = /no answer within 1500 ms/;
      await within("it ends", assert.rejects(catalog.load(), isFault("UNAVAILABLE", words)), 3_500);
    } finally {
      server.resume();
    }
    assert.equal((await catalog.load()).tables.length, 1);
    await catalogs.detach();
    await server.restart();
    assert.equal((await catalog.load()).tables.length, 1);
  });
}

test("with TLS it never goes on in the clear", async (catalogs) => {
  const catalog = catalogs.open({ tls: {} });
  await assert.rejects(catalog.load(), isFault("UNAVAILABLE", /does not encrypt/));
});

/** Runs `init.sql` as an operator does. */
async function runByHand(database: string, server: MariadbServer): Promise<void> {
  const script = await Deno.readFile(new URL("../init.sql", import.meta.url));
  const client = new Deno.Command("mariadb", {
    args: ["--no-defaults", `-h${server.host}`, `-P${server.port}`, `-u${server.user}`, database],
    env: { MYSQL_PWD: server.password },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = client.stdin.getWriter();
  await writer.write(script);
  await writer.close();
  const { success, stderr } = await client.output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function describe(catalogs: MariadbCatalogs) {
  return await catalogs.sql(
    "SELECT TABLE_NAME AS `in_table`, COLUMN_NAME AS `named`, COLUMN_TYPE AS `type`, " +
      "IS_NULLABLE AS `nullable`, COLUMN_KEY AS `in_key`, COLLATION_NAME AS `collation`, " +
      "GENERATION_EXPRESSION AS `generated` FROM information_schema.COLUMNS " +
      "WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION",
  );
}

test(
  "init.sql by hand makes what a master makes, and again changes nothing",
  async (catalogs, server) => {
    await catalogs.open().prepare();
    const made = await describe(catalogs);
    for (const each of [...RECORD_TABLES, CONTROL]) {
      await catalogs.sql(
        `DROP TABLE \`${each.name}\``,
      );
    }
    await runByHand(catalogs.database, server);
    assert.deepEqual(await describe(catalogs), made);
    const catalog = catalogs.open();
    await catalog.apply(7, [{ change: "server.put", server: serverRecord(3) }]);
    await runByHand(catalogs.database, server);
    assert.deepEqual(await describe(catalogs), made);
    assert.deepEqual([(await catalog.load()).term, await catalog.nextRid(7)], [7, 4]);
  },
);

test("init.sql has the columns, keys and version that the program knows", async (catalogs) => {
  for (const sql of mysqlSchema()) await catalogs.sql(sql);
  const found = await describe(catalogs);
  for (const each of RECORD_TABLES) {
    const columns = found.filter(({ in_table }) => in_table === each.name);
    const keys = columns.filter(({ in_key }) => in_key === "PRI").map(({ named }) => named);
    assert.deepEqual(keys, each.columns.slice(0, each.keyLength).map(({ column }) => column));
    const written = columns.filter(({ generated }) => generated === null);
    assert.deepEqual(
      written.map(({ named, nullable }) => [named, nullable === "YES"]),
      each.columns.map(({ column, kind }) => [column, kind.nullable]),
    );
  }
  assert.ok(found.every(({ collation }) => collation === null || collation === "utf8mb4_bin"));
  const [control] = await catalogs.sql("SELECT * FROM `catalog_control`");
  assert.deepEqual({ ...control }, {
    id: 1,
    version: SCHEMA_VERSION,
    term: 0,
    next_rid: 1,
    next_event: 1,
  });
});

test("people read moments as dates in UTC, whatever their own time zone", async (catalogs) => {
  const catalog = catalogs.open();
  await catalog.prepare();
  const far = [MOMENT + 123.4, 0, -1, 253_402_300_799_999, 253_402_300_800_000, 1e300];
  await catalog.apply(
    1,
    far.map((created, n) => ({
      change: "table.put",
      table: table(`t${n}`, { created }),
    })),
  );
  await catalogs.sql("SET time_zone = '+05:30'");
  const rows = await catalogs.sql(
    "SELECT CAST(`create_time` AS CHAR) AS `at` FROM `tables` ORDER BY `name`",
  );
  assert.deepEqual(rows.map(({ at }) => at), [
    "2026-01-01 00:00:00.123",
    "1970-01-01 00:00:00.000",
    null,
    "9999-12-31 23:59:59.999",
    null,
    null,
  ]);
});
