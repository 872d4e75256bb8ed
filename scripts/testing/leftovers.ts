/** Processes that outlived the test run which started them. */
import { waitUntil } from "../services/wait.ts";

/** The environment variable every process of a run inherits, so that its own can be told apart. */
export const RUN_VARIABLE = "MINISQL_TEST_RUN";

/** How long processes that have been told to end may take. */
const ENDING_LIMIT_MS = 10_000;

export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/** The run's processes that are still there after a while, killed by now. */
export async function endLeftovers(
  run: string,
  limitMs = ENDING_LIMIT_MS,
): Promise<readonly Leftover[]> {
  let left: readonly Leftover[] = [];
  await waitUntil(limitMs, async () => {
    left = await processesOf(run);
    return left.length === 0;
  });
  for (const { pid } of left) killIfThere(pid);
  return left;
}

/** Reads /proc by a shell, since Deno itself may only look there with every permission granted. */
export async function processesOf(run: string): Promise<readonly Leftover[]> {
  const script = `cd /proc && for file in $(grep -lsFz "$0" [0-9]*/environ); do
    pid=\${file%/environ}; echo "$pid $(tr '\\0' ' ' <$pid/cmdline 2>/dev/null)"; done`;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", script, `${RUN_VARIABLE}=${run}`],
    stdin: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const space = line.indexOf(" ");
    return { pid: Number(line.slice(0, space)), command: line.slice(space + 1).trim() };
  });
}

function killIfThere(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
