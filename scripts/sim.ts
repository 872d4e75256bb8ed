/**
 * `deno task sim`: runs clusters of real roles in a made-up world, seed after seed, side by side. A
 * failing seed is printed with the one command that replays it.
 */
import { runAll } from "./sim/crew.ts";
import { type Plan, readPlan, replay, USAGE } from "./sim/plan.ts";
import { type Kind, runSeed, type SeedOrder, type SeedReport } from "./sim/seeds.ts";

const EXIT = { ok: 0, usage: 2, safety: 3, liveness: 4 } as const;

class Totals {
  virtualMs = 0;
  faults = 0;
  steps = 0;
  seeds = 0;
  readonly failed: SeedReport[] = [];

  add(report: SeedReport): void {
    this.seeds++;
    this.virtualMs += report.virtualMs;
    this.faults += report.faults;
    this.steps += report.steps;
    if (report.fault !== null) this.failed.push(report);
  }

  tell({ first }: Plan, kind: Kind, seconds: number): void {
    const hours = (this.virtualMs / 3_600_000).toFixed(1);
    console.log(
      `${kind}: ${this.seeds} seeds from ${first}: ${this.failed.length} failures, ` +
        `${this.faults} faults, ${hours} simulated hours, ${this.steps} steps ` +
        `in ${seconds.toFixed(1)} s`,
    );
  }
}

function complain(report: SeedReport, { without }: Plan): void {
  const { kind, fault, seed, virtualMs, settings } = report;
  if (fault === null) return;
  console.error(`${fault.kind}: ${fault.message}`);
  console.error(`  ${kind} ${seed}, at ${(virtualMs / 1000).toFixed(3)} s, with ${settings}`);
  console.error(`reproduce: ${replay(kind, seed, without)}`);
}

function* ordersOf(plan: Plan, kind: Kind): Generator<SeedOrder> {
  const { first, runs, twice, without } = plan;
  for (let seed = first; seed < first + runs; seed++) yield { kind, seed, twice, without };
}

async function runKind(plan: Plan, kind: Kind): Promise<number> {
  const started = performance.now();
  const totals = new Totals();
  const take = (report: SeedReport): boolean => {
    totals.add(report);
    complain(report, plan);
    return plan.all || report.fault === null;
  };
  if (plan.trace || plan.runs === 1) {
    for (const order of ordersOf(plan, kind)) {
      const echo = plan.trace ? (line: string) => console.log(line) : undefined;
      if (!take(await runSeed(order, echo))) break;
    }
  } else await runAll(ordersOf(plan, kind), plan.jobs, take);
  totals.tell(plan, kind, (performance.now() - started) / 1000);
  const [worst] = totals.failed.toSorted((a, b) => a.seed - b.seed);
  return worst?.fault ? EXIT[worst.fault.kind] : EXIT.ok;
}

async function main(args: readonly string[]): Promise<number> {
  const plan = readPlan(args, navigator.hardwareConcurrency);
  if (plan === null) {
    console.error(USAGE);
    return EXIT.usage;
  }
  for (const kind of plan.kinds) {
    const code = await runKind(plan, kind);
    if (code !== EXIT.ok) return code;
  }
  return EXIT.ok;
}

Deno.exit(await main(Deno.args));
