/**
 * A process that writes to a log on files, for tests that end it: `<folder> <segment bytes>`. It
 * prints a line once the log is open, one for each append that was stored, and one for the first
 * that was refused; then it closes the log and ends.
 */
import { FileDisk } from "../../src/adapters/file_disk.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import type { Log } from "../../src/ports/log.ts";
import { openLog } from "../../src/region/log/segment_log.ts";
import { entriesOf } from "./logs.ts";

const WRITERS = ["a", "b", "c", "d"];

async function write(log: Log, region: string, stop: AbortController): Promise<void> {
  while (!stop.signal.aborted) {
    const { seq } = log.last(region);
    const entries = entriesOf(region, seq + 1, seq + 1 + seq % 3);
    try {
      await log.append(entries);
      console.log(`${region} ${entries.at(-1)?.seq}`);
      if (seq % 50 === 0) await log.checkpoint(region, Math.max(0, seq - 100));
    } catch (error) {
      if (!stop.signal.aborted) console.log(`refused ${(error as { code?: string }).code}`);
      stop.abort();
    }
  }
}

if (import.meta.main) {
  const [folder, segmentBytes] = Deno.args;
  if (folder === undefined) throw new Error("No folder is given");
  const disk = await FileDisk.open(folder);
  const log = await openLog({ disk, random: new SystemRandom() }, {
    segmentBytes: Number(segmentBytes),
    reserveBytes: 4096,
  });
  console.log("open");
  const stop = new AbortController();
  await Promise.all(WRITERS.map((region) => write(log, region, stop)));
  await log.close();
  disk.close();
}
