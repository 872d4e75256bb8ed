/** What a seed is run as, here or in a worker. */
import { runMasterSeed, type RunReport } from "../../src/sim/master_swarm.ts";
import { runRegionSeed } from "../../src/sim/region_swarm.ts";

/** `masters`: control planes alone. `clusters`: all of it, with data and clients. */
export const KINDS = ["masters", "clusters"] as const;
export type Kind = typeof KINDS[number];

export interface SeedOrder {
  readonly kind: Kind;
  readonly seed: number;
  /** Runs it again, to see whether anything but the seed decides. */
  readonly twice: boolean;
  /** Kinds of faults left out of clusters. */
  readonly without: readonly string[];
}

/** What can be sent from a worker: no violation as such, but what it says. */
export interface SeedReport extends Omit<RunReport, "violation"> {
  readonly kind: Kind;
  readonly fault: { readonly kind: "safety" | "liveness"; readonly message: string } | null;
}

/** Turns of the event loop after which everything that waits on promises alone has run. */
const TURNS = 1;

export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function runSeed(
  order: SeedOrder,
  echo?: (line: string) => void,
): Promise<SeedReport> {
  const report = await runOnce(order, echo);
  if (!order.twice || report.fault !== null) return report;
  if ((await runOnce(order)).digest === report.digest) return report;
  const message = "it runs differently the second time: something is not of the seed";
  return { ...report, fault: { kind: "safety", message } };
}

async function runOnce(
  { kind, seed, without }: SeedOrder,
  echo?: (line: string) => void,
): Promise<SeedReport> {
  const options = { seed, settle, ...(echo === undefined ? {} : { echo }) };
  const { violation, ...report } = kind === "masters"
    ? await runMasterSeed(options)
    : await runRegionSeed({ ...options, without });
  const fault = violation === null ? null : { kind: violation.kind, message: violation.message };
  return { ...report, kind, fault };
}
