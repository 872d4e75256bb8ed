/** The Coordinator contract: the life of sessions, and what happens when they cannot be reached. */
import assert from "node:assert/strict";
import type { SessionState } from "../../../src/ports/coordinator.ts";
import type { BenchTest } from "../coordinator_contract.ts";
import { fails, isPending } from "../coordinator_contract.ts";

export function coordinatorSessions(test: BenchTest): void {
  opening(test);
  closing(test);
  suspension(test);
  breaks(test);
  expiry(test);
  certainty(test);
}

function opening(test: BenchTest): void {
  test("every session has an id of its own, on one client too", async (bench) => {
    const client = bench.client();
    const sessions = [
      await bench.openOn(client),
      await bench.openOn(client),
      await bench.open(),
    ];
    await bench.wait("one closes", sessions[0]?.close() ?? Promise.reject());
    sessions.push(await bench.openOn(client));
    assert.equal(new Set(sessions.map(({ id }) => id)).size, 4);
    for (const { timeoutMs } of sessions) assert.equal(timeoutMs, bench.sessionTimeoutMs);
    assert.deepEqual(sessions.slice(1).map(({ state }) => state), Array(3).fill("connected"));
  });

  test("opening fails within a limit where the service cannot be reached", async (bench) => {
    for (const obstacle of ["cut", "silence"] as const) {
      const client = bench.client();
      client[obstacle]();
      await fails("suspended", bench.wait("opening fails", client.coordinator.open()));
      client.mend();
      assert.equal((await bench.openOn(client)).state, "connected");
    }
  });

  test("opening ends as soon as it is called off", async (bench) => {
    const client = bench.client();
    const reason = new Error("enough");
    await assert.rejects(client.coordinator.open(AbortSignal.abort(reason)), reason);
    client.silence();
    const abort = new AbortController();
    const opening = client.coordinator.open(abort.signal);
    assert.ok(await isPending(opening));
    abort.abort(reason);
    await assert.rejects(bench.wait("opening ends", opening), reason);
  });
}

function closing(test: BenchTest): void {
  test("ephemeral nodes go when their session is closed, others stay", async (bench) => {
    const [one, two] = [await bench.open(), await bench.open()];
    await one.create("/e", "", "ephemeral");
    await one.create("/s_", "", "ephemeral_sequential");
    await one.create("/p", "", "persistent");
    await two.create("/other", "", "ephemeral");
    const closed = bench.clock.now();
    await bench.wait("the session closes", one.close());
    assert.deepEqual(await two.children("/"), ["other", "p"]);
    assert.ok(bench.clock.now() - closed < bench.sessionTimeoutMs / 2, "at once, not by expiry");
  });

  test("a closed session has ended and serves nothing, in flight or later", async (bench) => {
    const session = await bench.open();
    const states: SessionState[] = [];
    session.onState((state) => states.push(state));
    const flying = session.create("/a", "", "persistent").then(() => "done", (error) => error.code);
    const closing = session.close();
    assert.equal(session.state, "ended");
    await bench.wait("the session closes", closing);
    assert.equal(await flying, "session_ended");
    assert.equal(await bench.wait("the session ends", session.ended), "closed");
    assert.deepEqual(states, ["ended"]);
    await fails("session_ended", session.get("/"));
    await fails("session_ended", session.create("/a", "", "ephemeral"));
    await bench.wait("closing again does nothing", session.close());
  });

  test("a session that cannot be reached closes too, and its nodes go in time", async (bench) => {
    const client = bench.client();
    const [one, two] = [await bench.openOn(client), await bench.open()];
    await one.create("/e", "", "ephemeral");
    client.cut();
    await bench.until("the session is suspended", () => one.state === "suspended");
    await bench.wait("the session closes", one.close());
    await bench.until("its node goes", async () => (await two.observe("/e")).value === null);
  });
}

function suspension(test: BenchTest): void {
  test("a suspended session refuses at once and never sends it later", async (bench) => {
    const client = bench.client();
    const [one, two] = [await bench.openOn(client), await bench.open()];
    await one.create("/a", "0", "persistent");
    client.cut();
    await bench.until("the session is suspended", () => one.state === "suspended");
    const before = bench.clock.now();
    const refused = [
      one.set("/a", "late", 0),
      one.create("/late", "", "persistent"),
      one.delete("/a", null),
      one.get("/a"),
      one.observe("/a"),
      one.children("/"),
      one.observeChildren("/"),
    ];
    for (const each of refused) assert.equal((await fails("suspended", each)).applied, "no");
    assert.ok(bench.clock.now() - before < 100);
    client.mend();
    await bench.until("the session is connected", () => one.state === "connected");
    await one.create("/after", "", "persistent");
    assert.deepEqual(await two.children("/"), ["a", "after"]);
    assert.equal((await one.get("/a")).version, 0);
  });

  test("a session survives a short break, with its nodes and its id", async (bench) => {
    const client = bench.client();
    const [one, two] = [await bench.openOn(client), await bench.open()];
    const { id } = one;
    await one.create("/e", "", "ephemeral");
    const states: SessionState[] = [];
    const stop = one.onState((state) => states.push(state));
    for (let round = 0; round < 3; round++) {
      client.cut();
      await bench.until("the session is suspended", () => one.state === "suspended");
      client.mend();
      await bench.until("the session is connected", () => one.state === "connected");
    }
    assert.deepEqual([one.id, (await two.get("/e")).owner], [id, id]);
    await bench.until("all is told", () => states.length === 6);
    assert.deepEqual(states, Array(3).fill(["suspended", "connected"]).flat());
    stop();
    await bench.wait("the session closes", one.close());
    assert.equal(states.length, 6);
  });
}

function breaks(test: BenchTest): void {
  test("silence suspends the session before it could have expired", async (bench) => {
    const client = bench.client();
    const session = await bench.openOn(client);
    client.silence();
    const silent = bench.clock.now();
    await bench.until("the session is suspended", () => session.state === "suspended");
    assert.ok(bench.clock.now() - silent < bench.sessionTimeoutMs * 0.9);
    client.mend();
    await bench.until("the session is connected", () => session.state === "connected");
  });

  test("calls in flight when the connection breaks end as unknown", async (bench) => {
    for (const obstacle of ["cut", "silence"] as const) {
      const client = bench.client();
      const session = await bench.openOn(client);
      await session.create("/a", "", "persistent");
      if (obstacle === "silence") client.silence();
      const calls = [
        session.set("/a", "x", 0),
        session.create("/e", "", "ephemeral"),
        session.get("/a"),
        session.observe("/missing"),
      ];
      if (obstacle === "cut") client.cut();
      for (const call of calls) {
        const error = await bench.wait("the call ends", fails("connection_loss", call));
        assert.equal(error.applied, "unknown");
      }
      assert.equal(session.state, "suspended");
      await bench.wait("the session closes", session.close());
      const cleaner = await bench.open();
      await cleaner.delete("/a", null);
    }
  });
}

function expiry(test: BenchTest): void {
  test("a session that stays silent ends, and its ephemeral nodes go", async (bench) => {
    for (const obstacle of ["cut", "silence"] as const) {
      const client = bench.client();
      const [one, two] = [await bench.openOn(client), await bench.open()];
      await one.create("/e", "", "ephemeral");
      const seen = await one.observe("/e");
      const watched = await two.observe("/e");
      client[obstacle]();
      const silent = bench.clock.now();
      await bench.wait("the node's end is announced", watched.changed);
      const gone = bench.clock.now();
      assert.equal((await two.observe("/e")).value, null);
      assert.ok(one.certainUntil <= gone, "nobody was sure of it any more");
      assert.ok(gone - silent >= bench.sessionTimeoutMs * 0.7, "not before its time");
      await bench.until("the session ends", () => one.state === "ended");
      assert.ok(bench.clock.now() - silent < bench.sessionTimeoutMs * 1.5);
      assert.notEqual(await one.ended, "");
      await bench.wait("the end is announced", seen.changed);
      await fails("session_ended", one.get("/"));
      client.mend();
      const next = await bench.openOn(client);
      assert.equal(one.state, "ended");
      await next.create("/e", "", "ephemeral");
      await bench.wait("the next session closes", next.close());
    }
  });

  test("calls in flight when the session ends all end", async (bench) => {
    const client = bench.client();
    const session = await bench.openOn(client);
    client.silence();
    const calls = Array.from(
      { length: 50 },
      (_, i) => session.create(`/n${i}`, "", "ephemeral").then(() => "done", (error) => error.code),
    );
    await bench.until("the session ends", () => session.state === "ended");
    const codes = new Set(await bench.wait("all calls end", Promise.all(calls)));
    assert.deepEqual([...codes], ["connection_loss"]);
    client.mend();
  });
}

function certainty(test: BenchTest): void {
  test("certainty moves on while the service answers, and never back", async (bench) => {
    const client = bench.client();
    const session = await bench.openOn(client);
    let last = session.certainUntil;
    assert.ok(last > bench.clock.now());
    const first = last;
    await bench.until("certainty has moved by a session", () => {
      assert.ok(session.certainUntil >= last);
      last = session.certainUntil;
      assert.ok(last > bench.clock.now(), "it is always ahead");
      assert.ok(last < bench.clock.now() + bench.sessionTimeoutMs);
      return last > first + bench.sessionTimeoutMs;
    });
    client.cut();
    await bench.until("the session is suspended", () => session.state === "suspended");
    const suspended = session.certainUntil;
    await bench.until("certainty runs out", () => bench.clock.now() > suspended);
    assert.equal(session.certainUntil, suspended);
    client.mend();
  });
}
