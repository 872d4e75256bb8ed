import assert from "node:assert/strict";
import { drive } from "./drive.ts";
import { ratios } from "./report.ts";
import type { LoadConnection, LoadSystem } from "./system.ts";

/** A system that answers after a tick, and counts its connections. */
function fakeSystem(run: () => Promise<number>): LoadSystem & { readonly open: () => number } {
  let open = 0;
  return {
    name: "fake",
    processes: [{ name: "server", pid: Deno.pid }],
    open: () => open,
    connect(): Promise<LoadConnection> {
      open++;
      return Promise.resolve({ run, close: () => Promise.resolve(void open--) });
    },
    check: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

const tick = () => new Promise<number>((resolve) => setTimeout(() => resolve(1), 5));

Deno.test("drive: clients work at once, are timed, and go", async () => {
  let [running, most] = [0, 0];
  const system = fakeSystem(async () => {
    most = Math.max(most, ++running);
    const rows = await tick();
    running--;
    return rows;
  });
  const sample = await drive(system, {
    clients: 4,
    seconds: 0.3,
    operation: async (connection) => void await connection.run(""),
  });
  assert.equal(most, 4);
  assert.equal(system.open(), 0);
  assert.ok(sample.p50 >= 4 && sample.p99 >= sample.p50, JSON.stringify(sample));
  assert.ok(sample.perSecond > 0 && sample.perSecond < 900, JSON.stringify(sample));
  assert.deepEqual([...sample.cpuMicros.keys()], ["server", "clients"]);
});

Deno.test("drive: the first error ends it, and connections are closed", async () => {
  let calls = 0;
  const system = fakeSystem(async () => {
    if (++calls > 10) throw new Error("no more");
    return await tick();
  });
  const operation = async (connection: LoadConnection) => void await connection.run("");
  await assert.rejects(drive(system, { clients: 3, seconds: 30, operation }), /no more/);
  assert.equal(system.open(), 0);
});

Deno.test("ratios: one system against others, for each number of clients", () => {
  const sample = (clients: number, perSecond: number, p50: number, p99: number) => ({
    ...{ clients, perSecond, p50, p99 },
    cpuMicros: new Map<string, number>(),
  });
  const own = { name: "own", samples: [sample(1, 50, 2, 9), sample(8, 300, 3, 4)] };
  const other = { name: "other", samples: [sample(1, 100, 1, 3), sample(8, 200, 4, 8)] };
  const lines = [...ratios(own, [other])].map((line) => line.replace(/ +/g, " ").trim());
  assert.deepEqual(lines, [
    "own against 1 clients 8 clients",
    "other x0.50 x1.50 throughput",
    "other x2.00 x0.75 p50",
    "other x3.00 x0.50 p99",
  ]);
});
