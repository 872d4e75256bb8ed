/** What the command line asks for. */
import { parseArgs } from "node:util";
import { FAULT_NAMES } from "../../src/sim/storm_rates.ts";
import { type Kind, KINDS } from "./seeds.ts";

export const USAGE = "Usage: deno task sim [--of masters|clusters] [--seed N] [--runs N] " +
  "[--jobs N] [--without FAULT,...] [--all] [--twice] [--trace]\n" +
  `Faults of clusters: ${FAULT_NAMES.join(", ")}`;

export interface Plan {
  readonly kinds: readonly Kind[];
  readonly first: number;
  readonly runs: number;
  readonly jobs: number;
  /** Goes on after a failure, to see them all. */
  readonly all: boolean;
  readonly twice: boolean;
  readonly trace: boolean;
  /** Kinds of faults left out of clusters. */
  readonly without: readonly string[];
}

const RUNS = 400;

/** With nothing said, both kinds are run; with anything said, whole clusters unless `--of` is. */
export function readPlan(args: readonly string[], cores: number): Plan | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        of: { type: "string" },
        seed: { type: "string" },
        runs: { type: "string" },
        jobs: { type: "string" },
        without: { type: "string", default: "" },
        all: { type: "boolean", default: false },
        twice: { type: "boolean", default: false },
        trace: { type: "boolean", default: false },
      },
    });
    const first = Number(values.seed ?? 1);
    const runs = Number(values.runs ?? (values.seed === undefined ? RUNS : 1));
    const jobs = Number(values.jobs ?? cores);
    const kinds = kindsOf(values.of, values.seed !== undefined || values.runs !== undefined);
    const numbers = [first, runs, jobs];
    if (kinds === null || !numbers.every(Number.isSafeInteger) || runs < 1 || jobs < 1) return null;
    const { all, twice, trace } = values;
    const without = values.without.split(",").filter((name) => name !== "");
    if (!without.every((name) => FAULT_NAMES.includes(name))) return null;
    return { kinds, first, runs, jobs: Math.min(jobs, runs), all, twice, trace, without };
  } catch {
    return null;
  }
}

function kindsOf(said: string | undefined, isNarrow: boolean): readonly Kind[] | null {
  if (said === undefined) return isNarrow ? ["clusters"] : KINDS;
  const kind = KINDS.find((each) => each === said);
  return kind === undefined ? null : [kind];
}

/** The command that runs a seed once more, with all it says. */
export function replay(kind: Kind, seed: number, without: readonly string[] = []): string {
  const of = kind === "clusters" ? "" : ` --of ${kind}`;
  const less = without.length === 0 ? "" : ` --without ${without.join(",")}`;
  return `deno task sim${of} --seed ${seed}${less} --trace`;
}
