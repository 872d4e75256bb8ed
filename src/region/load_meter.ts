/** What this server does, as its heartbeats tell it: counted since the last one. */
import type { Load } from "../protocol/model.ts";
import type { Replica } from "./replica.ts";

export class LoadMeter {
  #reads = 0;
  #writes = 0;
  #rows = 0;
  #bytes = 0;
  #visits = new Map<string, number>();

  read(regions: readonly string[], rows: number, bytes: number): void {
    this.#reads++;
    this.#rows += rows;
    this.#bytes += bytes;
    for (const region of regions) this.#visit(region);
  }

  write(region: string, rows: number): void {
    this.#writes++;
    this.#rows += rows;
    this.#visit(region);
  }

  /** What was done since it was last asked. */
  take(replicas: readonly Replica[], wallMs: number): Load {
    const ages = replicas.flatMap(({ copy }) =>
      copy.tables.map((table) => copy.verifiedAt.get(table))
    );
    const oldest = ages.length === 0 || ages.includes(undefined)
      ? null
      : Math.min(...ages.map((at) => at ?? 0));
    const load: Load = {
      reads: this.#reads,
      writes: this.#writes,
      rows: this.#rows,
      bytes: this.#bytes,
      lag: lagOf(replicas),
      verifiedAgeMs: oldest === null ? null : Math.max(0, wallMs - oldest),
      regions: Object.fromEntries(this.#visits),
    };
    this.#reads =
      this.#writes =
      this.#rows =
      this.#bytes =
        0;
    this.#visits = new Map();
    return load;
  }

  #visit(region: string): void {
    this.#visits.set(region, (this.#visits.get(region) ?? 0) + 1);
  }
}

/** Entries that are committed and not applied here. */
export function lagOf(replicas: readonly Replica[]): number {
  return replicas.reduce(
    (sum, { committed, copy }) => sum + Math.max(0, committed - copy.applied.value),
    0,
  );
}
