/** The outcome of a run, in lines. */
import type { Load } from "./load.ts";
import type { TamperOptions } from "./options.ts";
import { KINDS, type Strike, VICTIMS } from "./strikes.ts";

export interface Run {
  readonly options: TamperOptions;
  readonly strikes: readonly Strike[];
  readonly load: Load;
  readonly seconds: number;
}

export function* report({ options, strikes, load, seconds }: Run): Iterable<string> {
  yield "";
  yield `${strikes.length} changes behind the cluster's back, ${options.readers} readers, ` +
    `${options.writers} writers, 3 copies`;
  yield `${"".padEnd(20)}${"times".padStart(7)}${"noticed after".padStart(26)}` +
    `${"put right after".padStart(26)}${"rows".padStart(8)}`;
  for (const victim of VICTIMS) {
    for (const kind of KINDS) {
      const those = strikes.filter((each) => each.kind === kind && each.victim === victim);
      if (those.length === 0) continue;
      yield `${`${kind} on a ${victim}`.padEnd(20)}${String(those.length).padStart(7)}` +
        `${middle(those.map(({ noticedMs }) => noticedMs)).padStart(26)}` +
        `${middle(those.map(({ repairedMs }) => repairedMs)).padStart(26)}` +
        `${String(Math.max(...those.map(({ rows }) => rows))).padStart(8)}`;
    }
  }
  const times = load.times.toSorted((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? NaN).toFixed(1);
  yield `${load.reads} voted reads, ${(load.reads / seconds).toFixed(0)} a second, ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; ${load.writes} writes`;
  for (const [kind, times] of load.refusals) yield `${kind}: ${times} times`;
  yield* load.faults;
  yield load.wrong === 0 ? "ok: no read was wrong" : `failed: ${load.wrong} reads were wrong`;
}

function middle(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const p50 = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return `${p50} ms, at most ${sorted.at(-1)} ms`;
}
