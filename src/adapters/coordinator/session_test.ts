import assert from "node:assert/strict";
import { settle } from "../../../tests/support/wait.ts";
import { CoordinatorError } from "../../ports/coordinator.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { failure } from "./failure.ts";
import { TransportSession } from "./session.ts";
import type { Answer, Request, Transport, TransportListener } from "./transport.ts";

const TIMEOUT_MS = 4000;

/** A transport that answers when it is told to. */
class StubTransport implements Transport {
  readonly sent: { readonly request: Request; readonly done: (answer: Answer) => void }[] = [];
  readonly #listener: TransportListener;
  readonly #clock: VirtualClock;
  connected = true;
  reconnections = 0;

  constructor(clock: VirtualClock, listener: TransportListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  start(): void {
    this.connected = true;
    const sentAt = this.#clock.now();
    this.#listener.connected({ id: "1", timeoutMs: TIMEOUT_MS, sentAt });
  }

  send(request: Request, done: (answer: never) => void): void {
    const answer = done as (answer: Answer) => void;
    if (this.connected) this.sent.push({ request, done: answer });
    else answer({ ok: false, error: failure(request, "suspended") });
  }

  reconnect(reason: string): void {
    this.reconnections++;
    this.connected = false;
    this.#listener.lost(reason);
  }

  /** Answers the oldest request. */
  answer(value: unknown = null): void {
    this.sent.shift()?.done({ ok: true, value } as Answer);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

function setUp() {
  const clock = new VirtualClock();
  const stubs: StubTransport[] = [];
  const session = new TransportSession(clock, (listener) => {
    const stub = new StubTransport(clock, listener);
    stubs.push(stub);
    return stub;
  });
  const [stub] = stubs;
  assert.ok(stub !== undefined);
  return { clock, session, stub, pass: (ms: number) => clock.advance(ms, settle) };
}

function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "done",
    (error) => error instanceof CoordinatorError ? `${error.code} ${error.applied}` : String(error),
  );
}

Deno.test("session: sends no more than the service can answer in time, in order", () => {
  const { session, stub } = setUp();
  const calls = Array.from({ length: 1000 }, (_, i) => session.get(`/n${i}`));
  assert.equal(stub.sent.length, 256);
  const order: string[] = [];
  while (stub.sent.length > 0) {
    const [next] = stub.sent;
    order.push(next !== undefined && "path" in next.request ? next.request.path : "");
    stub.answer();
    assert.ok(stub.sent.length <= 256);
  }
  assert.deepEqual(order, calls.map((_, i) => `/n${i}`));
});

Deno.test("session: a burst does not make its probes wait", async () => {
  const { session, stub, pass } = setUp();
  for (let i = 0; i < 5000; i++) void code(session.get(`/n${i}`));
  await pass(TIMEOUT_MS / 4);
  assert.equal(stub.sent.at(-1)?.request.op, "probe");
  assert.equal(stub.sent.length, 257);
});

Deno.test("session: what waited when the connection was lost was not sent", async () => {
  const { session, stub } = setUp();
  const calls = Array.from({ length: 20_000 }, (_, i) => code(session.set(`/n${i}`, "", 0)));
  stub.reconnect("gone");
  const codes = await Promise.all(calls);
  assert.deepEqual(new Set(codes.slice(0, 256)), new Set(["connection_loss unknown"]));
  assert.deepEqual(new Set(codes.slice(256)), new Set(["suspended no"]));
  stub.start();
  assert.equal(session.state, "connected");
  assert.equal(stub.sent.length, 256, "those of the old connection only");
});

Deno.test("session: a transport that refuses a whole queue at once is no trouble", async () => {
  const { session, stub } = setUp();
  const calls = Array.from({ length: 50_000 }, (_, i) => code(session.set(`/n${i}`, "", 0)));
  stub.connected = false;
  stub.answer(1);
  assert.deepEqual(new Set(await Promise.all(calls.slice(256))), new Set(["suspended no"]));
});

Deno.test("session: an unanswered call costs the connection by its deadline", async () => {
  const { session, stub, pass } = setUp();
  const call = code(session.get("/a"));
  await pass(TIMEOUT_MS / 2 - 1);
  assert.equal(stub.reconnections, 0);
  await pass(1);
  assert.deepEqual([stub.reconnections, await call], [1, "connection_loss unknown"]);
});

Deno.test("session: answers that come after the connection was lost change nothing", async () => {
  const { session, stub } = setUp();
  const call = code(session.set("/a", "", 0));
  const [late] = stub.sent;
  stub.reconnect("gone");
  stub.start();
  late?.done({ ok: true, value: 1 });
  assert.equal(await call, "connection_loss unknown");
});

Deno.test("session: a listener may close the session, and others are told too", async () => {
  const { session, stub } = setUp();
  const told: string[] = [];
  session.onState((state) => {
    told.push(`first ${state}`);
    void session.close();
  });
  const stop = session.onState((state) => told.push(`second ${state}`));
  session.onState((state) => told.push(`third ${state}`));
  stop();
  stub.reconnect("gone");
  await settle();
  assert.deepEqual(told, ["first suspended", "third suspended", "first ended", "third ended"]);
});
