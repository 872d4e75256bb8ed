/**
 * Everything that must hold, from formatting to the built program; `scripts/test` runs it, or the
 * sections that it is given by name.
 */
import { createRunFolder, removeFolder } from "../services/run_folder.ts";
import { endLeftovers, RUN_VARIABLE } from "./leftovers.ts";
import { runSection, type Section, type SectionResult } from "./section.ts";
import { add, NO_TESTS, type Totals, totalsIn } from "./totals.ts";
import { type Turn, Turns } from "./turns.ts";

const TESTS = ["deno", "task", "run-tests"];
const SIMULATION = ["deno", "task", "sim", "--of"];

/**
 * In this order: what is quick and finds most comes first. Those of one stage run at the same time:
 * they mostly wait for the servers that they start and kill.
 */
const STAGES: readonly (readonly Section[])[] = [
  [{ name: "packages", command: ["deno", "install", "--frozen", "--quiet"] }],
  [{ name: "servers", command: ["deno", "task", "services", "install"] }],
  [
    { name: "fmt", command: ["deno", "fmt", "--check"] },
    // With plugins, `deno lint` (2.9) now and then crashes as it ends.
    { name: "lint", command: ["deno", "lint"], isCrashProne: true },
  ],
  [{ name: "check", command: ["deno", "check", "--quiet", "."] }],
  [{ name: "unit", command: ["deno", "task", "unit", "--reporter=dot"] }],
  [
    { name: "contract", command: [...TESTS, "tests/contract"] },
    { name: "integration", command: [...TESTS, "--ignore=tests/contract,tests/e2e", "tests"] },
  ],
  [{ name: "simulation of masters", command: [...SIMULATION, "masters", "--runs=400"] }],
  [{ name: "simulation of clusters", command: [...SIMULATION, "clusters", "--runs=1000"] }],
  [{ name: "build", command: ["deno", "task", "build"] }],
  [{ name: "end-to-end", command: [...TESTS, "tests/e2e"] }],
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

const USAGE = 2;
const INTERRUPTED = 130;

/** The exit code is that of the first section that fails. */
async function main(names: readonly string[]): Promise<number> {
  const stages = stagesFor(names);
  const started = performance.now();
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => ending.abort());
  }
  const id = crypto.randomUUID();
  const folder = await createRunFolder("test");
  try {
    const outcome = await runStages(stages, { id, folder, signal: ending.signal });
    const isClean = await reportLeftovers(id);
    console.log(`\n== all: ${secondsSince(started)} s`);
    return conclude(outcome, isClean);
  } finally {
    await removeFolder(folder);
  }
}

function stagesFor(names: readonly string[]): readonly (readonly Section[])[] {
  if (names.length === 0) return STAGES;
  const known = STAGES.flat().map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`There is no section ${unknown}: the sections are ${known.join(", ")}`);
    Deno.exit(USAGE);
  }
  return STAGES.map((stage) => stage.filter(({ name }) => names.includes(name)));
}

async function runStages(stages: typeof STAGES, run: Run): Promise<Outcome> {
  let totals = NO_TESTS;
  for (const stage of stages) {
    const outcome = await runStage(stage, run);
    totals = add(totals, outcome.totals);
    if (outcome.code !== 0) return { ...outcome, totals };
  }
  return { failed: null, code: 0, totals };
}

/** The first section to fail ends the others. */
async function runStage(stage: readonly Section[], run: Run): Promise<Outcome> {
  const turns = new Turns(write);
  const ending = new AbortController();
  const signal = AbortSignal.any([run.signal, ending.signal]);
  let outcome: Outcome = { failed: null, code: 0, totals: NO_TESTS };
  await Promise.all(stage.map(async (section) => {
    const { code, output } = await runShown(section, { ...run, signal }, turns.take());
    const totals = add(outcome.totals, totalsIn(output));
    const isFirst = outcome.code === 0 && (code !== 0 || run.signal.aborted);
    const failure = { failed: section.name, code: run.signal.aborted ? INTERRUPTED : code };
    outcome = { ...outcome, ...(isFirst ? failure : {}), totals };
    if (code !== 0) ending.abort();
  }));
  return outcome;
}

async function runShown(section: Section, run: Run, turn: Turn): Promise<SectionResult> {
  await turn.write(`\n== ${section.name}\n`);
  const started = performance.now();
  const env = {
    TMPDIR: run.folder,
    [RUN_VARIABLE]: run.id,
    ...(Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
  };
  const show = (text: string) => turn.write(text);
  const result = await runSection(section, { env, signal: run.signal, show });
  const state = result.code === 0 ? "ok" : `failed with exit code ${result.code}`;
  await turn.write(`== ${section.name}: ${state}, ${secondsSince(started)} s\n`);
  await turn.end();
  return result;
}

async function write(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let from = 0; from < bytes.length;) {
    from += await Deno.stdout.write(bytes.subarray(from));
  }
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

Deno.exit(await main(Deno.args));
