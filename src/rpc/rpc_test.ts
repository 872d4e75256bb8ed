/** Calls over a link: each ends once, in time, with the right error. */
import assert from "node:assert/strict";
import { type Bench, hello, startBench } from "../../tests/support/rpc.ts";
import { Deferred } from "../base/deferred.ts";
import type { RowsContext } from "../protocol/handlers.ts";
import { type ErrorCode, MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { Column, Row } from "../protocol/values.ts";
import type { Connection } from "./channel.ts";
import { RpcServer } from "./server.ts";

const columns: readonly Column[] = [{ name: "a", kind: "integer" }, { name: "b", kind: "bytes" }];

const done: Answer<"query"> = {
  result: { affected: 0 },
  receipt: { region: "r", epoch: 1, seq: 1, rid: 1, agree: [], dissent: [], ms: 0 },
};

const ask: Request<"query"> = { region: "r", epoch: 1, sql: "select 1" };

function is(code: ErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof MinisqlError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

async function connect(bench: Bench): Promise<Connection> {
  return await bench.outcome(bench.channel().connect());
}

Deno.test("rpc: an answer comes to the call that asked, whatever the order", async () => {
  const gates = new Map<string, Deferred<void>>();
  const bench = await startBench({
    locate: async ({ tables }) => {
      const gate = new Deferred<void>();
      gates.set(tables[0] as string, gate);
      await gate.promise;
      return { routes: [], term: Number(tables[0]) };
    },
  });
  const { caller } = await connect(bench);
  const calls = ["1", "2", "3"].map((name) => caller.call("locate", { tables: [name] }));
  await bench.advance(5);
  for (const name of ["3", "1", "2"]) gates.get(name)?.resolve();
  const answers = await bench.outcome(Promise.all(calls));
  assert.deepEqual(answers.map((answer) => answer.term), [1, 2, 3]);
});

Deno.test("rpc: an error keeps its code, errno and SQLSTATE", async () => {
  const failing = new MinisqlError("SQL", "Duplicate entry '1' for key 'PRIMARY'", {
    errno: 1062,
    sqlState: "23000",
  });
  const bench = await startBench({ query: () => Promise.reject(failing) });
  const { caller } = await connect(bench);
  const stream = caller.rows("query", ask);
  await assert.rejects(bench.outcome(stream.collect()), (error) => {
    assert.ok(error instanceof MinisqlError);
    const { code, errno, sqlState, message } = error;
    assert.deepEqual({ code, errno, sqlState, message }, {
      code: "SQL",
      errno: 1062,
      sqlState: "23000",
      message: failing.message,
    });
    return true;
  });
  await assert.rejects(stream.columns, is("SQL", /Duplicate/));
});

Deno.test("rpc: a handler's defect is answered INTERNAL and reported, and the link lives", async () => {
  const bench = await startBench({
    meta: () => Promise.reject(new TypeError("x is undefined")),
    jobs: () => Promise.resolve({ jobs: [] }),
  });
  const { caller } = await connect(bench);
  await assert.rejects(bench.outcome(caller.call("meta", {})), is("INTERNAL", /defect/));
  assert.equal(bench.defects.length, 1);
  assert.deepEqual(await bench.outcome(caller.call("jobs", {})), { jobs: [] });
});

Deno.test("rpc: a call that is not this server's to do is refused", async () => {
  const bench = await startBench({});
  const { caller } = await connect(bench);
  await assert.rejects(
    bench.outcome(caller.call("meta", {})),
    is("BAD_REQUEST", /not this server/),
  );
});

Deno.test("rpc: a deadline ends the call here and aborts it there", async () => {
  const aborted = new Deferred<unknown>();
  const bench = await startBench({
    meta: (_request, { signal }) => {
      signal.addEventListener("abort", () => aborted.resolve(signal.reason));
      return new Promise(() => {});
    },
  });
  const { caller } = await connect(bench);
  const started = bench.clock.now();
  await assert.rejects(
    bench.outcome(caller.call("meta", {}, { timeoutMs: 50 })),
    is("TIMEOUT", /no answer within 50 ms/),
  );
  assert.ok(bench.clock.now() - started < 60);
  assert.ok(is("TIMEOUT", /its time is up/)(await bench.outcome(aborted.promise)));
  assert.equal(caller.underWay, 0);
});

Deno.test("rpc: a deadline need not be a whole number of milliseconds", async () => {
  const bench = await startBench({ jobs: () => Promise.resolve({ jobs: [] }) });
  const { caller } = await connect(bench);
  for (const timeoutMs of [10.5, 1e12]) {
    assert.deepEqual(await bench.outcome(caller.call("jobs", {}, { timeoutMs })), { jobs: [] });
  }
  await assert.rejects(
    bench.outcome(caller.call("jobs", {}, { timeoutMs: 0 })),
    is("TIMEOUT", /within 1 ms/),
  );
});

Deno.test("rpc: cancelling ends the call here and aborts it there", async () => {
  const aborted = new Deferred<unknown>();
  const bench = await startBench({
    meta: (_request, { signal }) => {
      signal.addEventListener("abort", () => aborted.resolve(signal.reason));
      return new Promise(() => {});
    },
  });
  const { caller } = await connect(bench);
  const abort = new AbortController();
  const call = caller.call("meta", {}, { signal: abort.signal });
  await bench.advance(5);
  abort.abort();
  await assert.rejects(bench.outcome(call), is("CANCELLED", /caller cancelled/));
  assert.ok(is("CANCELLED", /caller cancelled/)(await bench.outcome(aborted.promise)));
});

Deno.test("rpc: a broken link fails what was sent as unknown and refuses what was not", async () => {
  const bench = await startBench({ meta: () => new Promise(() => {}) });
  const { caller } = await connect(bench);
  const call = caller.call("meta", {});
  await bench.advance(5);
  bench.network.cut("client", "server");
  await assert.rejects(bench.outcome(call), is("OUTCOME_UNKNOWN", /link was lost/));
  await assert.rejects(caller.call("meta", {}), is("UNAVAILABLE", /link is gone/));
});

Deno.test("rpc: a caller that vanishes has its calls aborted at the server", async () => {
  const aborted = new Deferred<unknown>();
  const bench = await startBench({
    meta: (_request, { signal }) => {
      signal.addEventListener("abort", () => aborted.resolve(signal.reason));
      return new Promise(() => {});
    },
  });
  const { caller } = await connect(bench);
  caller.call("meta", {}).catch(() => {});
  await bench.advance(5);
  bench.network.crash("client");
  assert.ok(is("CANCELLED", /link is gone/)(await bench.outcome(aborted.promise)));
  await bench.advance(5);
  assert.deepEqual(bench.server.callers(), []);
});

Deno.test("rpc: a peer gone silent without a word is noticed by ping", async () => {
  const limits = { pingAfterMs: 100, pingAnswerMs: 50 };
  const bench = await startBench({ meta: () => new Promise(() => {}) }, limits);
  const { caller } = await connect(bench);
  await bench.advance(1000);
  assert.ok(caller.usable, "pings keep an idle link alive");
  const call = caller.call("meta", {}, { timeoutMs: 10_000 });
  bench.network.part("client", "server");
  const started = bench.clock.now();
  await assert.rejects(bench.outcome(call), is("OUTCOME_UNKNOWN", /closed by this side/));
  assert.ok(bench.clock.now() - started <= 177, `after ${bench.clock.now() - started} ms`);
});

Deno.test("rpc: a server hangs up on a caller that has gone silent", async () => {
  const bench = await startBench({}, { silenceMs: 500, pingAfterMs: 100_000 });
  await connect(bench);
  assert.equal(bench.server.callers().length, 1);
  await bench.advance(650);
  assert.equal(bench.server.callers().length, 0);
});

Deno.test("rpc: rows come in order with their bytes, then the answer", async () => {
  const rows: Row[] = Array.from({ length: 1000 }, (_, i) => [i, new Uint8Array([i & 255, 0])]);
  const bench = await startBench({
    query: async (_request, context: RowsContext) => {
      await context.rows(columns, rows.slice(0, 10));
      await context.rows(columns, rows.slice(10));
      return done;
    },
  });
  const { caller } = await connect(bench);
  const stream = caller.rows("query", ask);
  const { items, answer } = await bench.outcome(stream.collect());
  assert.deepEqual(items.flat(), rows);
  assert.deepEqual(await stream.columns, columns);
  assert.deepEqual(answer, done);
});

Deno.test("rpc: columns come even with no rows, and no columns for a statement without", async () => {
  const bench = await startBench({
    query: async ({ sql }, context: RowsContext) => {
      if (sql === "rows") await context.rows(columns, []);
      return done;
    },
  });
  const { caller } = await connect(bench);
  const some = caller.rows("query", { ...ask, sql: "rows" });
  assert.deepEqual((await bench.outcome(some.collect())).items.flat(), []);
  assert.deepEqual(await some.columns, columns);
  const none = caller.rows("query", { ...ask, sql: "none" });
  await bench.outcome(none.collect());
  assert.deepEqual(await none.columns, []);
});

Deno.test("rpc: a reader that does not read holds the sender up, then gets everything", async () => {
  let sent = 0;
  const wide = "x".repeat(10_000);
  const bench = await startBench({
    query: async (_request, context: RowsContext) => {
      for (; sent < 500; sent++) await context.rows(columns, [[sent, wide]]);
      return done;
    },
  }, { rowsLineBytes: 10_000, streamWindow: 8 });
  const { caller } = await connect(bench);
  const stream = caller.rows("query", ask);
  await bench.advance(1000);
  assert.ok(sent <= 9, `${sent} rows left the sender`);
  const { items } = await bench.outcome(stream.collect());
  assert.deepEqual(items.flat().map((row) => row[0]), Array.from({ length: 500 }, (_, i) => i));
});

Deno.test("rpc: a link that takes nothing more keeps no call beyond its time", async () => {
  const ended = new Deferred<unknown>();
  const bench = await startBench({
    query: async (_request, context: RowsContext) => {
      try {
        for (let i = 0;; i++) await context.rows(columns, [[i, "x".repeat(70_000)]]);
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    },
  }, { streamWindow: 1000 });
  const { caller } = await connect(bench);
  bench.network.block("server", "client");
  const stream = caller.rows("query", ask, { timeoutMs: 100 });
  stream.answer.catch(() => {});
  assert.ok(is("TIMEOUT", /its time is up/)(await bench.outcome(ended.promise, 1000)));
});

Deno.test("rpc: leaving the loop early cancels the query", async () => {
  const ended = new Deferred<unknown>();
  const bench = await startBench({
    query: async (_request, context: RowsContext) => {
      try {
        for (let i = 0;; i++) await context.rows(columns, [[i, "x".repeat(70_000)]]);
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    },
  });
  const { caller } = await connect(bench);
  const reading = (async () => {
    for await (const _rows of caller.rows("query", ask)) break;
  })();
  await bench.outcome(reading);
  assert.ok(is("CANCELLED", /cancelled/)(await bench.outcome(ended.promise)));
  assert.equal(caller.underWay, 0);
});

Deno.test("rpc: two streams share a link without holding each other up", async () => {
  const bench = await startBench({
    query: async ({ sql }, context: RowsContext) => {
      for (let i = 0; i < 100; i++) await context.rows(columns, [[i, sql + "x".repeat(70_000)]]);
      return done;
    },
  });
  const { caller } = await connect(bench);
  const idle = caller.rows("query", { ...ask, sql: "idle" });
  const busy = caller.rows("query", { ...ask, sql: "busy" });
  assert.equal((await bench.outcome(busy.collect())).items.flat().length, 100);
  assert.equal((await bench.outcome(idle.collect())).items.flat().length, 100);
});

Deno.test("rpc: a row that fits no line fails its call and nothing else", async () => {
  const bench = await startBench({
    query: async (_request, context: RowsContext) => {
      await context.rows(columns, [[1, "x".repeat(17 * 1024 * 1024)]]);
      return done;
    },
  });
  const { caller } = await connect(bench);
  const stream = caller.rows("query", ask);
  await assert.rejects(bench.outcome(stream.collect()), is("UNSUPPORTED", /longer than a line/));
  assert.ok(caller.usable);
});

Deno.test("rpc: events come until the subscriber has enough", async () => {
  const ended = new Deferred<unknown>();
  const bench = await startBench({
    subscribe: async ({ tables }, context) => {
      try {
        while (true) await context.event({ routes: [], gone: tables });
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    },
  });
  const { caller } = await connect(bench);
  const events = caller.events("subscribe", { tables: ["t"] });
  let seen = 0;
  await bench.outcome((async () => {
    for await (const { gone } of events) {
      assert.deepEqual(gone, ["t"]);
      if (++seen === 100) break;
    }
  })());
  assert.ok(is("CANCELLED", /cancelled/)(await bench.outcome(ended.promise)));
});

Deno.test("rpc: calls beyond the limit are refused, not queued", async () => {
  const bench = await startBench({ meta: () => new Promise(() => {}) }, { callsMax: 3 });
  const { caller } = await connect(bench);
  const calls = [1, 2, 3].map(() => caller.call("meta", {}, { timeoutMs: 500 }));
  calls.forEach((call) => call.catch(() => {}));
  await assert.rejects(caller.call("meta", {}), is("UNAVAILABLE", /3 calls are under way/));
  await assert.rejects(bench.outcome(Promise.all(calls)), is("TIMEOUT", /500 ms/));
});

Deno.test("rpc: a link full of slow calls is not taken for a dead one", async () => {
  const limits = { callsMax: 3, pingAfterMs: 100, pingAnswerMs: 50 };
  const bench = await startBench({ meta: () => new Promise(() => {}) }, limits);
  const { caller } = await connect(bench);
  const calls = [1, 2, 3].map(() => caller.call("meta", {}, { timeoutMs: 5000 }));
  await assert.rejects(bench.outcome(Promise.all(calls)), is("TIMEOUT", /5000 ms/));
  assert.ok(caller.usable);
});

Deno.test("rpc: calls sent right behind the hello wait for its answer", async () => {
  const bench = await startBench({});
  const network = bench.network.host("slow");
  const { address } = await RpcServer.start({ ...bench, network }, { host: "slow", port: 1 }, {
    handlers: { jobs: () => Promise.resolve({ jobs: [] }) },
    hello: async (request) => {
      await bench.clock.sleep(100);
      return await hello(request);
    },
    onDefect: assert.fail,
  });
  const link = await bench.outcome(bench.network.host("client").dial(address, 1000));
  const { cluster, role, name } = { cluster: "test", role: "client", name: "netcat" };
  link.send(JSON.stringify({ id: 1, op: "hello", protocol: 1, cluster, role, name }));
  for (const id of [2, 3]) link.send(JSON.stringify({ id, op: "jobs" }));
  for (const id of [1, 2, 3]) {
    const line = JSON.parse(String(await bench.outcome(link.receive())));
    assert.deepEqual([line.id, line.error], [id, undefined]);
  }
});

Deno.test("rpc: a closing server lets calls under way end and refuses new ones", async () => {
  const gate = new Deferred<void>();
  const bench = await startBench({
    jobs: async () => {
      await gate.promise;
      return { jobs: [] };
    },
  });
  const { caller } = await connect(bench);
  const before = caller.call("jobs", {});
  await bench.advance(5);
  const closing = bench.server.close(10_000);
  await bench.advance(5);
  await assert.rejects(
    bench.outcome(caller.call("jobs", {})),
    is("UNAVAILABLE", /shutting down/),
  );
  gate.resolve();
  assert.deepEqual(await bench.outcome(before), { jobs: [] });
  await bench.outcome(closing);
});
