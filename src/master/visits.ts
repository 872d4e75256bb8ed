/** How often each server and each of its regions was read and written since the last look. */
import type { Load } from "../protocol/model.ts";
import type { ServerVisits } from "./balance.ts";

export class Visits {
  readonly #servers = new Map<number, { visits: number; readonly regions: Map<string, number> }>();

  /** Takes in what a heartbeat tells. */
  note(rid: number, { reads, writes, regions = {} }: Load): void {
    const server = this.#servers.get(rid) ?? { visits: 0, regions: new Map() };
    this.#servers.set(rid, server);
    server.visits += reads + writes;
    for (const [region, visits] of Object.entries(regions)) {
      server.regions.set(region, (server.regions.get(region) ?? 0) + visits);
    }
  }

  /** What came since the last time; counting begins anew. */
  take(): ReadonlyMap<number, ServerVisits> {
    const taken = [...this.#servers].map(([rid, { visits, regions }]) =>
      [rid, { rid, visits, regions }] as const
    );
    this.#servers.clear();
    return new Map(taken);
  }
}
