/**
 * `deno task sim [--seed N] [--runs N] [--seconds N] [--trace]`: runs clusters of real roles in a
 * made-up world, seed after seed. A failing seed is printed with the one command that replays it.
 */
import { parseArgs } from "node:util";
import { runMasterSeed, type RunReport } from "../src/sim/master_swarm.ts";

const EXIT = { ok: 0, usage: 2, safety: 3, liveness: 4 } as const;
const RUNS = 400;
/** Turns of the event loop after which everything that waits on promises alone has run. */
const TURNS = 1;

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Plan {
  readonly first: number;
  readonly runs: number;
  readonly trace: boolean;
  readonly twice: boolean;
}

function readPlan(args: readonly string[]): Plan | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: "string" },
        runs: { type: "string" },
        trace: { type: "boolean", default: false },
        twice: { type: "boolean", default: false },
      },
    });
    const first = values.seed === undefined ? 1 : Number(values.seed);
    const runs = Number(values.runs ?? (values.seed === undefined ? RUNS : 1));
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(runs) || runs < 1) return null;
    return { first, runs, trace: values.trace, twice: values.twice };
  } catch {
    return null;
  }
}

function complain(report: RunReport): number {
  const { violation, seed, virtualMs, settings } = report;
  if (violation === null) return EXIT.ok;
  console.error(`${violation.kind}: ${violation.message}`);
  console.error(`  seed ${seed}, at ${(virtualMs / 1000).toFixed(3)} s, with ${settings}`);
  console.error(`reproduce: deno task sim --seed ${seed} --trace`);
  return EXIT[violation.kind];
}

async function main(args: readonly string[]): Promise<number> {
  const plan = readPlan(args);
  if (plan === null) {
    console.error("Usage: deno task sim [--seed N] [--runs N] [--twice] [--trace]");
    return EXIT.usage;
  }
  const started = performance.now();
  let [virtualMs, faults, steps] = [0, 0, 0];
  for (let seed = plan.first; seed < plan.first + plan.runs; seed++) {
    const echo = plan.trace ? { echo: (line: string) => console.log(line) } : {};
    const report = await runMasterSeed({ seed, settle, ...echo });
    const code = complain(report);
    if (code !== EXIT.ok) return code;
    if (plan.twice && (await runMasterSeed({ seed, settle })).digest !== report.digest) {
      console.error(`Seed ${seed} runs differently the second time: something is not of the seed`);
      return EXIT.safety;
    }
    virtualMs += report.virtualMs;
    faults += report.faults;
    steps += report.steps;
  }
  const seconds = (performance.now() - started) / 1000;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  console.log(
    `${plan.runs} seeds from ${plan.first}: 0 failures, ${faults} faults, ${hours} simulated hours, ` +
      `${steps} steps in ${seconds.toFixed(1)} s`,
  );
  return EXIT.ok;
}

Deno.exit(await main(Deno.args));
