/**
 * `deno task sim:mutants`: plants one bug after the other in a copy of the source, and says whether
 * the simulator finds it, and in how many seeds.
 */
import { parseArgs } from "node:util";
import { type Catch, hunt } from "./sim/hunt.ts";
import { type Mutant, MUTANTS } from "./sim/mutants.ts";
import { plant } from "./sim/overlay.ts";

const USAGE = "Usage: deno task sim:mutants [--only M1,M2,...] [--seed N] [--runs N] " +
  "[--jobs N] [--without FAULT,...]";
const EXIT = { ok: 0, usage: 2, missed: 3 } as const;
const RUNS = 10_000;

interface Plan {
  readonly mutants: readonly Mutant[];
  readonly first: number;
  readonly runs: number;
  readonly jobs: number;
  readonly without: readonly string[];
}

function readPlan(args: readonly string[]): Plan | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string" },
        seed: { type: "string", default: "1" },
        runs: { type: "string", default: String(RUNS) },
        jobs: { type: "string", default: String(navigator.hardwareConcurrency) },
        without: { type: "string", default: "" },
      },
    });
    const only = values.only?.split(",") ?? null;
    const mutants = MUTANTS.filter(({ id }) => only?.includes(id) ?? true);
    const [first, runs, jobs] = [Number(values.seed), Number(values.runs), Number(values.jobs)];
    const isWhole = [first, runs, jobs].every((each) => Number.isSafeInteger(each) && each > 0);
    if (!isWhole || mutants.length !== (only?.length ?? mutants.length)) return null;
    return {
      mutants,
      first,
      runs,
      jobs,
      without: values.without.split(",").filter((name) => name !== ""),
    };
  } catch {
    return null;
  }
}

/** A seed that fails on the source as it is says nothing of the bug. */
async function findBug(plan: Plan, folder: string, sound: string): Promise<Catch | null> {
  const { runs, jobs, without } = plan;
  const end = plan.first + runs;
  let seeds = 0;
  for (let first = plan.first; first < end;) {
    const caught = await hunt({ folder, first, runs: end - first, jobs, without });
    if (caught === null) return null;
    seeds += caught.seeds;
    const own = { folder: sound, first: caught.seed, runs: 1, jobs: 1, without };
    if (await hunt(own) === null) return { ...caught, seeds };
    first = caught.seed + 1;
  }
  return null;
}

async function main(args: readonly string[]): Promise<number> {
  const plan = readPlan(args);
  if (plan === null) {
    console.error(USAGE);
    return EXIT.usage;
  }
  const root = await Deno.makeTempDir({ prefix: "minisql-mutants-" });
  let missed = 0;
  try {
    await plant(`${root}/sound`, null);
    for (const mutant of plan.mutants) {
      const started = performance.now();
      const folder = `${root}/${mutant.id}`;
      await plant(folder, mutant);
      const caught = await findBug(plan, folder, `${root}/sound`);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      if (caught === null) missed++;
      const outcome = caught === null
        ? `NOT FOUND in ${plan.runs} seeds`
        : `found in ${caught.seeds} seeds (${caught.seed}): ${caught.message}`;
      console.log(`${mutant.id.padEnd(4)}${mutant.bug}\n    ${outcome} [${seconds} s]`);
      await Deno.remove(folder, { recursive: true });
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
  console.log(`${plan.mutants.length - missed} of ${plan.mutants.length} planted bugs were found`);
  return missed === 0 ? EXIT.ok : EXIT.missed;
}

Deno.exit(await main(Deno.args));
