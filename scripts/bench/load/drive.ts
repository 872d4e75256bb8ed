/** Drives a system with so many clients at once, and tells how it did. */
import { cpuSeconds } from "./cpu_time.ts";
import type { LoadConnection, LoadSystem } from "./system.ts";

export interface Sample {
  readonly clients: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU time by process, in microseconds for each operation. */
  readonly cpuMicros: ReadonlyMap<string, number>;
}

export interface Drive {
  readonly clients: number;
  readonly seconds: number;
  /** One operation of one client; its promise is what is timed. */
  readonly operation: (connection: LoadConnection) => Promise<void>;
}

/** Connections settle in this part of a run, which is not counted. */
const SETTLE_SHARE = 0.25;

/** Lets caches fill and code be compiled, in every process: without it who comes first loses. */
export async function warm(system: LoadSystem, plan: Drive): Promise<void> {
  await withConnections(system, plan.clients, async (connections) => {
    await runFor(connections, plan.seconds, plan.operation);
  });
}

export async function drive(system: LoadSystem, plan: Drive): Promise<Sample> {
  const { clients, seconds, operation } = plan;
  return await withConnections(system, clients, async (connections) => {
    await runFor(connections, seconds * SETTLE_SHARE, operation);
    const processes = [...system.processes, { name: "clients", pid: Deno.pid }];
    const before = await cpuSeconds(processes);
    const started = performance.now();
    const times = await runFor(connections, seconds, operation);
    const elapsed = (performance.now() - started) / 1000;
    const after = await cpuSeconds(processes);
    const cpuMicros = new Map(
      [...after].map(([name, used]) => {
        const micros = (used - (before.get(name) ?? 0)) * 1e6;
        return [name, micros / times.length] as const;
      }),
    );
    return { clients, perSecond: times.length / elapsed, ...percentiles(times), cpuMicros };
  });
}

async function withConnections<T>(
  system: LoadSystem,
  count: number,
  work: (connections: readonly LoadConnection[]) => Promise<T>,
): Promise<T> {
  const connections = await Promise.all(Array.from({ length: count }, () => system.connect()));
  try {
    return await work(connections);
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

/** The time each operation took, in milliseconds. The first error of any client ends all. */
async function runFor(
  connections: readonly LoadConnection[],
  seconds: number,
  operation: Drive["operation"],
): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  let isFailed = false;
  await Promise.all(connections.map(async (connection) => {
    for (let from = performance.now(); from < end && !isFailed; from = performance.now()) {
      await operation(connection).catch((error) => {
        isFailed = true;
        throw error;
      });
      times.push(performance.now() - from);
    }
  }));
  return times;
}

function percentiles(times: number[]): { readonly p50: number; readonly p99: number } {
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
