/** One sample that stands for many of the same thing, measured in turns with others. */
import { invariant } from "../../../src/base/assert.ts";
import { median } from "../median.ts";
import type { Sample } from "./drive.ts";

/** Medians, which a moment's trouble does not move; processor time, counted coarsely, is of all. */
export function typical(samples: readonly Sample[]): Sample {
  const [first] = samples;
  invariant(first !== undefined, "There is a sample at least");
  const operations = samples.reduce((sum, { perSecond }) => sum + perSecond, 0);
  const cpuMicros = new Map<string, number>();
  for (const { perSecond, cpuMicros: micros } of samples) {
    for (const [name, each] of micros) {
      cpuMicros.set(name, (cpuMicros.get(name) ?? 0) + each * perSecond / operations);
    }
  }
  return {
    clients: first.clients,
    perSecond: median(samples.map(({ perSecond }) => perSecond)),
    p50: median(samples.map(({ p50 }) => p50)),
    p99: median(samples.map(({ p99 }) => p99)),
    cpuMicros,
  };
}
