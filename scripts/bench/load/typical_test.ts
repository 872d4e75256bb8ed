/** What stands for many samples. */
import assert from "node:assert/strict";
import type { Sample } from "./drive.ts";
import { typical } from "./typical.ts";

function sample(perSecond: number, p50: number, cpu: Readonly<Record<string, number>>): Sample {
  return { clients: 8, perSecond, p50, p99: 2 * p50, cpuMicros: new Map(Object.entries(cpu)) };
}

Deno.test("typical: the median of each figure, whatever one moment was like", () => {
  const samples = [sample(1000, 3, {}), sample(10, 900, {}), sample(1100, 2, {})];
  const { clients, perSecond, p50, p99 } = typical(samples);
  assert.deepEqual({ clients, perSecond, p50, p99 }, {
    clients: 8,
    perSecond: 1000,
    p50: 3,
    p99: 6,
  });
});

Deno.test("typical: processor time is that of all operations", () => {
  const { cpuMicros } = typical([sample(100, 1, { a: 10 }), sample(300, 1, { a: 50, b: 4 })]);
  assert.deepEqual([...cpuMicros], [["a", 40], ["b", 3]]);
});
