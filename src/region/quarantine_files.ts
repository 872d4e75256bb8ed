/** A file for each repair that replaces rows, made when there is a first one to keep. */
import type { Clock } from "../ports/clock.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { Reporter } from "../ports/reporter.ts";
import { QuarantineFile } from "./copy/quarantine.ts";
import type { Quarantine } from "./copy/replaced.ts";

export interface OpenQuarantine {
  readonly keep: Quarantine;
  close(): void;
}

export interface QuarantineFilesDeps {
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Where repairs of a region keep aside what they replace; null where nothing is to be kept. */
export function quarantineOf(
  disk: Disk | null,
  deps: QuarantineFilesDeps,
  region: string,
): (() => OpenQuarantine) | null {
  if (disk === null) return null;
  return () => {
    let opened: Promise<{ file: DiskFile; quarantine: QuarantineFile }> | null = null;
    const open = async () => {
      const at = new Date(Math.floor(deps.clock.wallMicros() / 1000)).toISOString();
      const name = `${region}-${at.replace(/[:.]/g, "-")}.ndjson`;
      const file = await disk.open(name, { create: true });
      deps.reporter.log("info", `Rows that a repair replaces are kept aside in ${name}`, {
        region,
      });
      return { file, quarantine: new QuarantineFile({ ...deps, file }, region) };
    };
    return {
      keep: async (replaced) => {
        const { quarantine } = await (opened ??= open());
        await quarantine.keep(replaced);
      },
      close: () => void opened?.then(({ file }) => file.close(), () => {}),
    };
  };
}
