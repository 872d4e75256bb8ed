/** Runs seeds on a copy of the source until one fails, and says how. */

export interface Catch {
  /** How many seeds were run, the failing one included. */
  readonly seeds: number;
  readonly seed: number;
  readonly message: string;
}

export interface Hunt {
  readonly folder: string;
  readonly first: number;
  readonly runs: number;
  readonly jobs: number;
  readonly without: readonly string[];
}

const REPLAY = /^reproduce: deno task sim.* --seed (\d+)/m;
const FAULT = /^(?:safety|liveness): (.*)$/m;
const SEEDS = /^clusters: (\d+) seeds/m;

/** The first seed that fails; null where none does. */
export async function hunt({ folder, first, runs, jobs, without }: Hunt): Promise<Catch | null> {
  const args = ["run", "--no-prompt", `--allow-read=${folder}`, `--config=${folder}/deno.json`];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[...args, `${folder}/scripts/sim.ts`, "--of", "clusters", "--seed", String(first)],
      ...["--runs", String(runs), "--jobs", String(jobs), "--without", without.join(",")],
    ],
    cwd: folder,
  }).output();
  if (code === 0) return null;
  const decoder = new TextDecoder();
  const [said, told] = [decoder.decode(stderr), decoder.decode(stdout)];
  const seeds = Number(SEEDS.exec(told)?.[1] ?? 1);
  const seed = REPLAY.exec(said)?.[1];
  if (seed === undefined) {
    // A bug that makes the simulator itself stumble is found as well.
    return { seeds, seed: first, message: said.trim().split("\n").slice(-1)[0] ?? "" };
  }
  return { seeds, seed: Number(seed), message: FAULT.exec(said)?.[1] ?? "" };
}
