/** ZooKeeper servers whose answers are errors, late, lost or missing. */
import assert from "node:assert/strict";
import { answer, notification, usualAnswer, type WireRequest } from "../support/fake_zookeeper.ts";
import { JuteWriter } from "../support/jute.ts";
import { until, within } from "../support/wait.ts";
import { fails, SESSION_MS, zookeeperTest } from "../support/zookeeper_bench.ts";

zookeeperTest(
  "a server that never answers suspends the session and ends the calls",
  async (bench) => {
    const { fake, session } = await bench.serve({
      handshake: (connection) => connection > 1 ? "silence" : null,
      request: () => "silence",
    });
    const start = performance.now();
    const calls = [session.set("/a", "x", 0), session.get("/a"), session.children("/")];
    for (const call of calls) {
      assert.equal(
        (await fails("connection_loss", call)).applied,
        "unknown",
      );
    }
    assert.ok(performance.now() - start < SESSION_MS * 0.8);
    assert.equal(session.state, "suspended");
    await fails("suspended", session.get("/a"));
    await until("it ends", () => session.state === "ended");
    assert.ok(performance.now() - start < SESSION_MS * 1.3);
    assert.equal(fake.calls.length, 3, "nothing was sent again");
  },
);

zookeeperTest("without any call the silence is noticed as well", async (bench) => {
  const { session } = await bench.serve({
    handshake: (connection) => connection > 1 ? "silence" : null,
    request: () => "silence",
  });
  const start = performance.now();
  await until("it is suspended", () => session.state === "suspended");
  assert.ok(performance.now() - start < SESSION_MS * 0.9);
  assert.ok(session.certainUntil < start + SESSION_MS);
});

zookeeperTest("pings that are answered do not hide that nothing else is", async (bench) => {
  const { session } = await bench.serve({
    request: ({ name }) => name === "ping" ? null : "silence",
  });
  await until("it is suspended", () => session.state === "suspended");
});

zookeeperTest("error codes that the library does not know are refusals", async (bench) => {
  const codes = [-13, -14, -117, -119, -120, -122, -123, -125, -127, -128, -9999, 7, 2 ** 31 - 1];
  let code = 0;
  const { session } = await bench.serve({
    request: (request) => request.isProbe ? null : answer(request, code),
  });
  for (code of codes) {
    const calls = [
      session.get("/a"),
      session.set("/a", "x", 0),
      session.create("/a", "x", "ephemeral"),
      session.delete("/a", 0),
      session.children("/a"),
      session.observe("/a"),
      session.observeChildren("/a"),
    ];
    for (const call of calls) {
      const error = await fails("refused", call);
      assert.equal(error.applied, "unknown");
      assert.match(error.message, new RegExp(`error ${code}$`));
    }
    assert.equal(session.state, "connected");
  }
});

zookeeperTest("known error codes keep their meaning", async (bench) => {
  let code = 0;
  const { session } = await bench.serve({
    request: (request) => request.isProbe ? null : answer(request, code),
  });
  const meanings = {
    no_node: -101,
    forbidden: -102,
    bad_version: -103,
    ephemeral_parent: -108,
    node_exists: -110,
    not_empty: -111,
  };
  for (const [name, number] of Object.entries(meanings)) {
    code = number;
    await fails(name, session.set("/a", "x", 0));
  }
  for (code of [-114, -115, -124]) await fails("forbidden", session.set("/a", "x", 0));
  assert.equal(session.state, "connected");
});

const ENDINGS = { [-112]: "expired", [-118]: "taken over by another connection" };

for (const [code, reason] of Object.entries(ENDINGS)) {
  zookeeperTest(`error ${code} ends the session, with all its calls`, async (bench) => {
    const { fake, session } = await bench.serve({
      request: (request) => {
        if (request.isProbe || request.path === "/waiting") return "silence";
        return answer(request, Number(code));
      },
    });
    const first = session.set("/a", "x", 0);
    const waiting = session.set("/waiting", "x", 0);
    await fails("session_ended", first);
    await fails("session_ended", waiting);
    assert.equal(session.state, "ended");
    assert.equal(await session.ended, reason);
    await until("the connection is let go", () => fake.openConnections === 0);
    assert.equal(fake.connections, 1, "an ended session is not taken up again");
  });
}

zookeeperTest("probes that are refused prove nothing", async (bench) => {
  const { session } = await bench.serve({
    request: (request) => request.isProbe ? answer(request, -127) : null,
  });
  const certain = session.certainUntil;
  let whenSuspended: number | null = null;
  // The next connection's handshake proves something again.
  session.onState((state) => {
    if (state === "suspended") whenSuspended ??= session.certainUntil;
  });
  await until("it is suspended", () => whenSuspended !== null);
  assert.equal(whenSuspended, certain);
});

zookeeperTest("one refused probe is made up for by the next", async (bench) => {
  let refused = 0;
  const { fake, session } = await bench.serve({
    request: (request) => request.isProbe && refused++ % 2 === 0 ? answer(request, -127) : null,
  });
  const states: string[] = [];
  session.onState((state) => states.push(state));
  await until(
    "eight probes have come",
    () => fake.requests.filter((each) => each.isProbe).length >= 8,
  );
  assert.deepEqual([session.state, states], ["connected", []]);
});

zookeeperTest("a write whose connection breaks is sent once, applied or not", async (bench) => {
  for (const applied of [true, false]) {
    const held = new Map<string, string>();
    const { fake, session } = await bench.serve({
      request: ({ name, path, data }) => {
        if (name !== "set") return null;
        if (applied) held.set(path, data);
        return "cut";
      },
    });
    const error = await fails("connection_loss", session.set("/a", "x", 0));
    assert.equal(error.applied, "unknown");
    await until("it is connected", () => session.state === "connected");
    await session.get("/a");
    assert.deepEqual(fake.calls.map(({ name }) => name), ["set", "get"]);
    assert.equal(held.get("/a"), applied ? "x" : undefined);
  }
});

zookeeperTest("versions are sent as they are: 0 is 0, and only null is any", async (bench) => {
  const { fake, session } = await bench.serve({});
  assert.equal(await session.set("/a", "x", 0), 1);
  await session.set("/a", "x", 41);
  await session.delete("/a", 0);
  await session.delete("/a", null);
  assert.deepEqual(
    fake.calls.map(({ name, version }) => [name, version]),
    [["set", 0], ["set", 41], ["delete", 0], ["delete", -1]],
  );
  assert.throws(() => session.set("/a", "x", -1), /not a version/);
  assert.throws(() => session.delete("/a", 1.5), /not a version/);
  assert.equal(fake.calls.length, 4);
});

zookeeperTest("what is asked while suspended is never sent", async (bench) => {
  let back = false;
  const { fake, session } = await bench.serve({
    handshake: (connection) => connection > 1 && !back ? "cut" : null,
  });
  fake.cut();
  await until("it is suspended", () => session.state === "suspended");
  for (let i = 0; i < 20; i++) await fails("suspended", session.set("/late", `${i}`, 0));
  back = true;
  await until("it is connected", () => session.state === "connected");
  await session.get("/after");
  assert.deepEqual(fake.calls.map(({ path }) => path), ["/after"]);
});

zookeeperTest(
  "what was still on its way when the connection broke is not sent on the next",
  async (bench) => {
    const { fake, session } = await bench.serve({
      reads: (connection) => connection > 1,
    });
    const data = "x".repeat(64 * 1024);
    const calls = Array.from({ length: 400 }, (_, i) => session.set(`/n${i}`, data, 0));
    const codes = calls.map((call) => call.then(() => "done", ({ code }) => code));
    fake.cut();
    const seen = new Set(await within("all end", Promise.all(codes)));
    // Some had been handed to the connection, and others waited for their turn.
    assert.deepEqual([...seen].sort(), ["connection_loss", "suspended"]);
    await until("it is connected", () => session.state === "connected");
    await session.get("/after");
    const later = fake.calls.filter(({ connection }) => connection > 1);
    assert.deepEqual(later.map(({ path }) => path), ["/after"]);
  },
);

zookeeperTest(
  "an event right behind the answer that set its watch is not missed",
  async (bench) => {
    const event = (request: WireRequest, type: number) =>
      concat(usualAnswer(request), notification(type, request.path));
    const { session } = await bench.serve({
      request: (request) => {
        if (request.name === "get" || request.name === "exists") return event(request, 3);
        return request.name === "children" ? event(request, 4) : null;
      },
    });
    await within("the change is announced", (await session.observe("/a")).changed);
    await within("the change is announced", (await session.observeChildren("/a")).changed);
  },
);

zookeeperTest("no watch is kept by the library or set anew by it", async (bench) => {
  const { fake, session } = await bench.serve({});
  const seen = await Promise.all(
    Array.from({ length: 300 }, (_, i) => session.observe(`/n${i % 10}`)),
  );
  assert.equal(session.observers, 300);
  for (const { release } of seen) release();
  assert.equal(session.observers, 0);
  await session.observeChildren("/a");
  fake.cut();
  await until("it is suspended", () => session.state === "suspended");
  await until("it is connected", () => session.state === "connected");
  assert.equal(session.observers, 0, "told by the reconnection");
  await session.get("/after");
  assert.ok(!fake.requests.some(({ name }) => name === "watches"));
});

zookeeperTest(
  "a missing node that comes to exist while it is asked for is read again",
  async (bench) => {
    let asked = 0;
    const { fake, session } = await bench.serve({
      request: (request) => {
        if (request.name === "get") return asked++ < 2 ? answer(request, -101) : null;
        return request.name === "exists" ? answer(request, 0, new JuteWriter().stat()) : null;
      },
    });
    assert.equal((await session.observe("/a")).value?.data, "data");
    assert.deepEqual(
      fake.calls.map(({ name }) => name),
      ["get", "exists", "get", "exists", "get"],
    );
  },
);

zookeeperTest(
  "a server that ends while the session is closed keeps nobody waiting",
  async (bench) => {
    for (const reaction of ["silence", "cut"] as const) {
      const { session } = await bench.serve({
        request: ({ name }) => name === "close" ? reaction : null,
      });
      const start = performance.now();
      await within("it closes", session.close());
      assert.ok(performance.now() - start < SESSION_MS * 0.7);
    }
  },
);

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
