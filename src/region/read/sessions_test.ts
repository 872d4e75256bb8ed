/** Sessions shared among reads: how many, who waits, and what becomes of those that break. */
import assert from "node:assert/strict";
import { settle } from "../../../tests/support/wait.ts";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Engine, EngineSession } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type Lent, ReadSessions } from "./sessions.ts";

interface FakeSession extends Pick<EngineSession, "usable" | "close"> {
  usable: boolean;
  isClosed: boolean;
}

/** An engine as far as it opens sessions. */
function bench(max: number) {
  const clock = new VirtualClock();
  const opened: FakeSession[] = [];
  const failures: Error[] = [];
  const engine = {
    session(): Promise<FakeSession> {
      const failure = failures.shift();
      if (failure !== undefined) return Promise.reject(failure);
      const session: FakeSession = {
        usable: true,
        isClosed: false,
        close() {
          session.isClosed = true;
          return Promise.resolve();
        },
      };
      opened.push(session);
      return Promise.resolve(session);
    },
  };
  const sessions = new ReadSessions({ clock, engine: engine as unknown as Engine }, max);
  return { clock, opened, failures, sessions };
}

const PATIENT = { withinMs: 1000, signal: new AbortController().signal };

/** Takes a session and keeps it until told to go on. */
function keep(sessions: ReadSessions, wait = PATIENT) {
  const gate = new Deferred<void>();
  const lent = new Deferred<Lent>();
  const using = sessions.use(wait, async (each) => {
    lent.resolve(each);
    await gate.promise;
  });
  using.catch((error) => lent.reject(error));
  return { using, lent: lent.promise, leave: () => gate.resolve(), isIn: () => lent.settled };
}

Deno.test("read sessions: one is used again, the one given back last first", async () => {
  const { opened, sessions } = bench(4);
  const [first, second] = [keep(sessions), keep(sessions)];
  await Promise.all([first.lent, second.lent]);
  first.leave();
  await first.using;
  second.leave();
  await second.using;
  await sessions.use(PATIENT, ({ session, isUsed }) => {
    assert.equal(session as unknown, opened[1]);
    assert.equal(isUsed, true);
    return Promise.resolve();
  });
  assert.equal(opened.length, 2);
});

Deno.test("read sessions: those beyond the limit wait their turn", async () => {
  const { sessions } = bench(2);
  const kept = [keep(sessions), keep(sessions), keep(sessions), keep(sessions)];
  await settle();
  assert.deepEqual(kept.map(({ isIn }) => isIn()), [true, true, false, false]);
  kept[1]?.leave();
  await settle();
  assert.deepEqual(kept.map(({ isIn }) => isIn()), [true, true, true, false]);
  for (const { leave } of kept) leave();
  await Promise.all(kept.map(({ using }) => using));
});

Deno.test("read sessions: waiting ends in time or with the caller, and leaves no hole", async () => {
  const { clock, sessions } = bench(1);
  const first = keep(sessions);
  await first.lent;
  const gone = new AbortController();
  const late = keep(sessions);
  const left = keep(sessions, { withinMs: 5000, signal: gone.signal });
  await settle();
  gone.abort(new Error("the client is gone"));
  await assert.rejects(left.using, /the client is gone/);
  await clock.advance(1001, settle);
  await assert.rejects(late.using, (error) => {
    assert.ok(error instanceof MinisqlError);
    assert.equal(error.code, "UNAVAILABLE");
    assert.match(error.message, /all 1 sessions with the database were busy for 1000 ms/);
    return true;
  });
  const last = keep(sessions);
  first.leave();
  await last.lent;
  last.leave();
  await last.using;
});

Deno.test("read sessions: whoever gives up as it is let in passes its place on", async () => {
  for (let moments = 0; moments < 20; moments++) {
    const { sessions } = bench(1);
    const first = keep(sessions);
    await first.lent;
    const gone = new AbortController();
    const second = keep(sessions, { withinMs: 5000, signal: gone.signal });
    const third = keep(sessions);
    await settle();
    first.leave();
    for (let moment = 0; moment < moments; moment++) await null;
    gone.abort(new Error("the client is gone"));
    second.leave();
    await second.using.catch(() => {});
    await third.lent;
    third.leave();
    await third.using;
  }
});

Deno.test("read sessions: a broken one is closed, and a failed opening costs no place", async () => {
  const { opened, failures, sessions } = bench(1);
  await sessions.use(PATIENT, ({ session }) => {
    (session as unknown as FakeSession).usable = false;
    return Promise.resolve();
  });
  assert.equal(opened[0]?.isClosed, true);
  failures.push(new MinisqlError("UNAVAILABLE", "Cannot reach MySQL"));
  await assert.rejects(sessions.use(PATIENT, () => Promise.resolve()), /Cannot reach MySQL/);
  await sessions.use(PATIENT, ({ isUsed }) => Promise.resolve(assert.equal(isUsed, false)));
});

Deno.test("read sessions: where one broke, the idle ones are not trusted either", async () => {
  const { opened, sessions } = bench(3);
  const kept = [keep(sessions), keep(sessions), keep(sessions)];
  await Promise.all(kept.map(({ lent }) => lent));
  kept[0]?.leave();
  kept[1]?.leave();
  await settle();
  const { session } = await (kept[2] as ReturnType<typeof keep>).lent;
  (session as unknown as FakeSession).usable = false;
  kept[2]?.leave();
  await Promise.all(kept.map(({ using }) => using));
  assert.deepEqual(opened.map(({ isClosed }) => isClosed), [true, true, true]);
  await sessions.use(PATIENT, ({ isUsed }) => Promise.resolve(assert.equal(isUsed, false)));
});

Deno.test("read sessions: once closed none is lent, and none is left open", async () => {
  const { opened, sessions } = bench(1);
  const first = keep(sessions);
  await first.lent;
  const waiting = keep(sessions);
  await settle();
  const closing = sessions.close();
  await assert.rejects(waiting.using, /shutting down/);
  first.leave();
  await first.using;
  await closing;
  assert.ok(opened.every(({ isClosed }) => isClosed));
  await assert.rejects(sessions.use(PATIENT, () => Promise.resolve()), /shutting down/);
});
