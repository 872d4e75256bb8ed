/** Everything that must hold, from formatting to the built program; `scripts/test` runs it. */
import { createRunFolder, removeFolder } from "../services/run_folder.ts";
import { endLeftovers, RUN_VARIABLE } from "./leftovers.ts";
import { runSection, type Section } from "./section.ts";
import { add, NO_TESTS, type Totals, totalsIn } from "./totals.ts";

const TESTS = ["deno", "task", "run-tests"];
const SIMULATION = ["deno", "task", "sim", "--of"];

/** In this order: what is quick and finds most comes first. */
const SECTIONS: readonly Section[] = [
  { name: "packages", command: ["deno", "install", "--frozen", "--quiet"] },
  { name: "servers", command: ["deno", "task", "services", "install"] },
  { name: "fmt", command: ["deno", "fmt", "--check"] },
  // With plugins, `deno lint` (2.9) now and then crashes as it ends.
  { name: "lint", command: ["deno", "lint"], isCrashProne: true },
  { name: "check", command: ["deno", "check", "--quiet", "."] },
  { name: "unit", command: ["deno", "task", "unit", "--reporter=dot"] },
  { name: "contract", command: [...TESTS, "tests/contract"] },
  { name: "integration", command: [...TESTS, "--ignore=tests/contract,tests/e2e", "tests"] },
  { name: "simulation of masters", command: [...SIMULATION, "masters", "--runs=400"] },
  {
    name: "simulation of clusters",
    // Rows that lie are for the stories of regions: which of several lying copies is right is open.
    command: [...SIMULATION, "clusters", "--runs=100", "--without=tamper"],
  },
  { name: "build", command: ["deno", "task", "build"] },
  { name: "end-to-end", command: [...TESTS, "tests/e2e"] },
];

interface Run {
  /** Marks the run's processes. */
  readonly id: string;
  /** Takes its temporary files. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

interface Outcome {
  /** The first section that failed. */
  readonly failed: string | null;
  readonly code: number;
  readonly totals: Totals;
}

const INTERRUPTED = 130;

/** The exit code is that of the first section that fails. */
async function main(): Promise<number> {
  const started = performance.now();
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => ending.abort());
  }
  const id = crypto.randomUUID();
  const folder = await createRunFolder("test");
  try {
    const outcome = await runSections({ id, folder, signal: ending.signal });
    const isClean = await reportLeftovers(id);
    console.log(`\n== all: ${secondsSince(started)} s`);
    return conclude(outcome, isClean);
  } finally {
    await removeFolder(folder);
  }
}

async function runSections(run: Run): Promise<Outcome> {
  let totals = NO_TESTS;
  for (const section of SECTIONS) {
    const { code, output } = await runShown(section, run);
    totals = add(totals, totalsIn(output));
    if (run.signal.aborted) return { failed: section.name, code: INTERRUPTED, totals };
    if (code !== 0) return { failed: section.name, code, totals };
  }
  return { failed: null, code: 0, totals };
}

async function runShown(section: Section, run: Run): Promise<{ code: number; output: string }> {
  console.log(`\n== ${section.name}`);
  const started = performance.now();
  const env = {
    TMPDIR: run.folder,
    [RUN_VARIABLE]: run.id,
    ...(Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
  };
  const result = await runSection(section, { env, signal: run.signal });
  const state = result.code === 0 ? "ok" : `failed with exit code ${result.code}`;
  console.log(`== ${section.name}: ${state}, ${secondsSince(started)} s`);
  return result;
}

/** Says which processes outlived the run, having ended them; true when none did. */
async function reportLeftovers(run: string): Promise<boolean> {
  const left = await endLeftovers(run);
  if (left.length === 0) return true;
  console.log("\n== leftovers: these processes outlived the tests that started them");
  for (const { pid, command } of left) console.log(`${pid} ${command}`);
  return false;
}

/** The last line is the section that failed, or the totals. */
function conclude({ failed, code, totals }: Outcome, isClean: boolean): number {
  if (failed !== null || !isClean) {
    console.log(failed ?? "leftovers");
    return failed === null ? 1 : code;
  }
  if (totals.ignored > 0) console.log(`${totals.ignored} ignored`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  return 0;
}

function secondsSince(started: number): string {
  return ((performance.now() - started) / 1_000).toFixed(1);
}

Deno.exit(await main());
