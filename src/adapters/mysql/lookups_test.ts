/** How lookups go together, on connections that are made up. */
import assert from "node:assert/strict";
import { settle } from "../../../tests/support/wait.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Found, Lookup } from "../../ports/engine.ts";
import { VirtualClock } from "../virtual_clock.ts";
import type { Answers, Channel } from "./channel.ts";
import { ChannelPool } from "./channel_pool.ts";
import { MysqlLookups } from "./lookups.ts";
import { DEFAULT_LIMITS } from "./options.ts";

const ANSWER = {
  columns: [],
  rows: [],
  ending: { affected: 0, insertId: null, warnings: 0, info: "", status: null },
};

/** A server that answers no packet before it is told to. */
class Server {
  readonly clock = new VirtualClock();
  readonly packets: (readonly string[])[] = [];
  readonly lookups: MysqlLookups;
  #isHeld = new Deferred<void>();

  constructor() {
    const open = () => Promise.resolve(this.#channel());
    const pool = new ChannelPool(this.clock, DEFAULT_LIMITS, open);
    this.lookups = new MysqlLookups({ clock: this.clock, limits: DEFAULT_LIMITS }, pool, open);
  }

  answer(): void {
    this.#isHeld.resolve();
    this.#isHeld = new Deferred();
  }

  find(id: number, more: Partial<Lookup> = {}): Promise<Found> {
    const { signal } = new AbortController();
    const limit = { kept: false, timeoutMs: 5000, signal };
    return this.lookups.find({ sql: `lookup ${id}`, table: "t", ...limit, ...more });
  }

  #channel(): Channel {
    const channel = {
      isUsable: true,
      command: () => Promise.resolve(ANSWER),
      close: () => Promise.resolve(),
      cut: () => Promise.resolve(),
      sendAll: async (texts: readonly string[]): Promise<Answers> => {
        this.packets.push(texts);
        await this.#isHeld.promise;
        return { answers: texts.map(() => ANSWER), failure: null };
      },
    };
    return channel as unknown as Channel;
  }
}

Deno.test("mysql lookups: the first goes at once, and others meanwhile go together by table", async () => {
  const server = new Server();
  const found = Array.from({ length: 20 }, (_, at) => server.find(at));
  found.push(...[1, 2].map((id) => server.find(id, { table: "u" })));
  await settle();
  assert.deepEqual(server.packets.map((texts) => texts.length), [1, 16, 3, 2]);
  server.answer();
  assert.equal((await Promise.all(found)).length, 22);
});

Deno.test("mysql lookups: one look at what is kept serves all in a packet", async () => {
  const server = new Server();
  const found = Array.from({ length: 5 }, (_, at) => server.find(at, { kept: at > 2 }));
  await settle();
  assert.deepEqual(server.packets.map((texts) => texts.length), [1, 5]);
  server.answer();
  await Promise.all(found);
});

Deno.test("mysql lookups: who has waited enough is let go, in whatever company", async () => {
  const server = new Server();
  const patient = server.find(0);
  const hasty = [30, 300].map((timeoutMs, at) => server.find(at + 1, { timeoutMs }));
  const over: number[] = [];
  for (const each of hasty) each.catch(() => over.push(server.clock.now()));
  const began = server.clock.now();
  await server.clock.advance(1000, settle);
  assert.deepEqual(over.map((at) => at - began), [30, 300]);
  server.answer();
  await patient;
});

Deno.test("mysql lookups: who gave up before there was a connection is not asked for", async () => {
  const server = new Server();
  const busy = Array.from({ length: 1 + 63 * 16 }, (_, at) => server.find(at));
  await settle();
  assert.equal(server.packets.length, 64);
  const giveUp = new AbortController();
  const late = [server.find(9000, { signal: giveUp.signal }), server.find(9001)];
  await server.clock.advance(200, settle);
  giveUp.abort();
  await assert.rejects(late[0] as Promise<Found>, /it was cancelled/);
  server.answer();
  await Promise.all(busy);
  await settle();
  server.answer();
  await late[1];
  assert.deepEqual(server.packets.slice(64), [["lookup 9001"]]);
});
