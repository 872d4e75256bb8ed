/** `minisql up ls`, `stop` and `clean`: clusters that run in the background, and what is left of some. */
import { ago } from "../../shell/views.ts";
import { viewLines } from "../../shell/columns.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Output } from "../output.ts";
import type { Listed, Records } from "./records.ts";

const LOOK_EVERY_MS = 50;
/** Longer than a cluster takes to end in good order, or to be ended. */
const STOP_MS = 30_000;
const KILL_MS = 5000;

export interface ManageDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly out: Output;
}

export async function list({ clock, records, out }: ManageDeps): Promise<void> {
  const found = await records.list();
  if (found.length === 0) return await out.line("No cluster runs here");
  const now = clock.wallMicros() / 1000;
  const view = {
    headline: "",
    headings: ["PORT", "STATE", "PID ", "MASTERS", "REGIONS ", "SINCE", "DATA"],
    rows: found.map(({ port, running, record }) => [
      String(port),
      running ? "running" : "dead",
      String(record.pid),
      record.masters.join(" "),
      String(record.regions),
      ago(now - record.since),
      record.temporary ? `${record.data} (goes with it)` : record.data,
    ]),
  };
  for (const line of viewLines(view)) await out.line(line);
}

/** Ends one cluster in good order, and the hard way where that takes too long. */
export async function stop(deps: ManageDeps, port: number | null): Promise<void> {
  const listed = chosen(await deps.records.list(), port);
  const { pid } = listed.record;
  Deno.kill(pid, "SIGTERM");
  if (!await ended(deps, listed, STOP_MS)) {
    Deno.kill(pid, "SIGKILL");
    if (!await ended(deps, listed, KILL_MS)) {
      throw new MinisqlError("TIMEOUT", `Cannot stop the cluster at ${listed.port}: pid ${pid}`);
    }
    await deps.records.clean(listed);
  }
  await deps.out.line(`Stopped the cluster at port ${listed.port}`);
}

/** Removes what is left of clusters that were killed. */
export async function clean({ records, out }: ManageDeps): Promise<void> {
  const dead = (await records.list()).filter(({ running }) => !running);
  for (const each of dead) {
    await records.clean(each);
    const { temporary, data } = each.record;
    const what = temporary ? `removed ${data}` : `its data stays in ${data}`;
    await out.line(`Cleaned up after the cluster at port ${each.port}: ${what}`);
  }
  if (dead.length === 0) await out.line("Nothing to clean up");
}

function chosen(found: readonly Listed[], port: number | null): Listed {
  const running = found.filter((each) => each.running);
  const [first, second] = running;
  const ports = running.map((each) => each.port).join(", ");
  if (port !== null) {
    const named = running.find((each) => each.port === port);
    if (named !== undefined) return named;
    const others = ports === "" ? "none runs" : `there is ${ports}`;
    throw new MinisqlError("UNAVAILABLE", `Cannot stop the cluster at port ${port}: ${others}`);
  }
  if (first === undefined) {
    throw new MinisqlError("UNAVAILABLE", "Cannot stop a cluster: none runs");
  }
  if (second === undefined) return first;
  throw new MinisqlError(
    "BAD_REQUEST",
    `Cannot tell which cluster to stop: say minisql up stop PORT, with one of ${ports}`,
  );
}

async function ended(
  { clock, records }: ManageDeps,
  { port }: Listed,
  limitMs: number,
): Promise<boolean> {
  const end = clock.now() + limitMs;
  while (await records.isRunning(port)) {
    if (clock.now() > end) return false;
    await clock.sleep(LOOK_EVERY_MS);
  }
  return true;
}
