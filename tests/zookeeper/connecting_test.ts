/** ZooKeeper servers that do not do their part while a client connects. */
import assert from "node:assert/strict";
import { granted } from "../support/fake_zookeeper.ts";
import { freeAddress } from "../support/free_address.ts";
import { TcpHole } from "../support/tcp_hole.ts";
import { until } from "../support/wait.ts";
import { fails, SESSION_MS, zookeeperTest } from "../support/zookeeper_bench.ts";

zookeeperTest("a handshake that is never answered ends opening within its limit", async (bench) => {
  const fake = bench.fake({ handshake: () => "silence" });
  const start = performance.now();
  const error = await fails("suspended", bench.coordinator(fake.address).open());
  assert.ok(performance.now() - start < SESSION_MS * 1.5);
  assert.match(
    error.message,
    /^Cannot open a session: no server granted one within 1000 ms: .*did not answer within 333 ms$/,
  );
  await until("every connection is let go", () => fake.openConnections === 0);
  assert.ok(fake.connections >= 2, "it tried more than once");
});

zookeeperTest("opening passes by servers that are dead, silent or mad", async (bench) => {
  const bad = [
    freeAddress(),
    bench.fake({ handshake: () => "silence" }).address,
    bench.fake({ handshake: () => "cut" }).address,
    bench.fake({ handshake: () => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n") })
      .address,
    bench.fake({ handshake: () => granted(2 ** 31 - 1) }).address,
    bench.fake({ handshake: () => new Uint8Array(2000) }).address,
  ];
  const good = bench.fake();
  // The order is drawn: over some rounds each comes first once.
  for (let round = 0; round < 4; round++) {
    const session = await bench.open([...bad, good.address].join(","), { connectTimeoutMs: 200 });
    assert.equal((await session.get("/a")).data, "data");
    assert.equal(session.timeoutMs, SESSION_MS);
  }
});

zookeeperTest("a server that is only starting is waited for", async (bench) => {
  const fake = bench.fake({ handshake: (connection) => connection < 4 ? "cut" : null });
  const session = await bench.open(fake.address);
  assert.equal(session.state, "connected");
  assert.equal(fake.connections, 4);
});

zookeeperTest("nobody at the address is said in the error", async (bench) => {
  const address = freeAddress();
  const error = await fails("suspended", bench.coordinator(address).open());
  assert.match(error.message, new RegExp(`ECONNREFUSED.*${address}|refused`, "i"));
});

zookeeperTest("a session that is refused from the start is none", async (bench) => {
  const fake = bench.fake({ handshake: () => granted(0) });
  await fails("suspended", bench.coordinator(fake.address).open());
});

zookeeperTest("reconnecting moves on from a silent server to one that answers", async (bench) => {
  let first = "";
  const script = (name: string) => ({
    handshake: () => {
      first ||= name;
      return first !== name || reconnecting ? (silent === name ? "silence" as const : null) : null;
    },
  });
  let reconnecting = false;
  let silent = "";
  const [a, b] = [bench.fake(script("a")), bench.fake(script("b"))];
  const session = await bench.open(`${a.address},${b.address}`);
  reconnecting = true;
  silent = first === "a" ? "b" : "a";
  (first === "a" ? a : b).cut();
  await until("it is suspended", () => session.state === "suspended");
  await until("it is connected", () => session.state === "connected");
  assert.equal(session.state, "connected");
});

zookeeperTest("a session whose reconnections find silence ends by its own clock", async (bench) => {
  const { fake, session } = await bench.serve({
    handshake: (connection) => connection > 1 ? "silence" : null,
  });
  const start = performance.now();
  fake.cut();
  await until("it ends", () => session.state === "ended");
  assert.ok(performance.now() - start < SESSION_MS * 1.3);
  assert.match(await session.ended, /no answer for 1000 ms/);
  await until("every connection is let go", () => fake.openConnections === 0);
});

zookeeperTest("another session granted in its place ends the session", async (bench) => {
  const { fake, session } = await bench.serve({
    handshake: (connection) => connection > 1 ? granted(SESSION_MS, 0x9999) : null,
  });
  fake.cut();
  await until("it ends", () => session.state === "ended");
  assert.equal(await session.ended, "replaced by another");
});

zookeeperTest("an expired session ends, and a new one is another client", async (bench) => {
  const { fake, session } = await bench.serve({
    handshake: (connection) => connection === 2 ? granted(0) : null,
  });
  const seen = await session.observe("/a");
  fake.cut();
  assert.equal(await session.ended, "expired");
  await seen.changed;
  await fails("session_ended", session.get("/a"));
  const next = await bench.open(fake.address);
  assert.equal((await next.get("/a")).data, "data");
  assert.equal(session.state, "ended");
});

zookeeperTest(
  "an address that swallows connections is left, and not come back to",
  async (bench) => {
    await using hole = await TcpHole.open();
    const good = bench.fake();
    for (let round = 0; round < 2; round++) {
      const session = await bench.open(`${hole.address},${good.address}`, {
        connectTimeoutMs: 100,
      });
      good.cut();
      await until("it is suspended", () => session.state === "suspended");
      await until("it is connected", () => session.state === "connected");
      const states: string[] = [];
      session.onState((state) => states.push(state));
      const connected = performance.now();
      await until("a session's time has passed", () => {
        assert.deepEqual(states, []);
        return performance.now() > connected + SESSION_MS * 1.2;
      });
    }
  },
);

zookeeperTest("credentials are shown on each connection, before anything else", async (bench) => {
  const fake = bench.fake({
    handshake: (connection) => connection === 2 || connection === 3 ? "cut" : null,
  });
  const session = await bench.open(fake.address, { auth: { user: "u", password: "p" } });
  await session.create("/a", "", "persistent");
  fake.cut();
  await until("it is suspended", () => session.state === "suspended");
  await until("it is connected", () => session.state === "connected");
  await session.get("/a");
  for (const connection of [1, 4]) {
    const names = fake.requests.filter((each) => each.connection === connection);
    assert.equal(names[0]?.name, "auth");
    assert.equal(names.filter(({ name }) => name === "auth").length, 1);
  }
});
