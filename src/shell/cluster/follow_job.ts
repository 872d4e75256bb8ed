/** Follows a job of the master's to its end, whichever master carries it out. */
import type { ClusterAdmin } from "../../client/api.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { jobProgress, type JobRecord } from "../../protocol/model.ts";
import type { ShellPort } from "../port.ts";
import { Progress } from "../progress.ts";
import { ShellError } from "../shell_error.ts";

const POLL_MS = 250;

export type JobPort = Pick<ShellPort, "err" | "time" | "size">;

/** Resolves with the job once it is done; raises why it failed or was cancelled. */
export async function followJob(
  admin: ClusterAdmin,
  port: JobPort,
  id: string,
  signal: AbortSignal,
): Promise<JobRecord> {
  const progress = new Progress(port, id, { total: null, unit: "steps" });
  try {
    for (;;) {
      const { jobs } = await admin.master("jobs", {}, { signal });
      const job = jobs.find((each) => each.id === id);
      if (job === undefined) {
        throw new MinisqlError("OUTCOME_UNKNOWN", `Cannot follow job ${id}: it is not known`);
      }
      if (job.state === "done") return job;
      if (job.state !== "running") throw ended(job);
      await show(progress, job);
      await port.time.sleep(POLL_MS, signal);
    }
  } finally {
    await progress.end();
  }
}

async function show(progress: Progress, job: JobRecord): Promise<void> {
  const words = job.kind.replaceAll("_", " ");
  if (!jobProgress.fits(job.progress)) return await progress.set(0, `${words} ${job.subject}`);
  const { phase, done = 0, of } = job.progress;
  const total = of ?? null;
  await progress.set(done, `${words} ${job.subject}: ${phase}`, total);
}

function ended({ id, state, subject, error }: JobRecord): ShellError {
  const why = error === null || error === undefined || error === "" ? "" : `: ${error}`;
  const how = state === "cancelled" ? "was cancelled" : "failed";
  return new ShellError(`Job ${id} on ${subject} ${how}${why}`);
}
