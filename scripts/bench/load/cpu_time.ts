/** The CPU time that processes have used, by what they are. */
import { output } from "../../services/commands.ts";
import type { LoadProcess } from "./system.ts";

/** Linux counts in these, whatever its own clock does. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU by name, so far. `cat` reads them: Deno may not look into /proc itself. */
export async function cpuSeconds(
  processes: readonly LoadProcess[],
): Promise<ReadonlyMap<string, number>> {
  const files = processes.map(({ pid }) => `/proc/${pid}/stat`);
  const lines = (await output("cat", files)).trimEnd().split("\n");
  const seconds = new Map<string, number>();
  for (const [at, { name }] of processes.entries()) {
    const line = lines[at] ?? "";
    // The second field is the program's name in brackets, and may hold anything.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    seconds.set(name, (seconds.get(name) ?? 0) + ticks / TICKS_PER_SECOND);
  }
  return seconds;
}
