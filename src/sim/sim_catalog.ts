/** The catalog at the end of a wire: it takes time, may be away, and may lose its answer. */
import { SqliteCatalog } from "../adapters/sqlite_catalog.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { World } from "./world.ts";

/** Set for all processes at once. */
export interface CatalogFaults {
  away: boolean;
  /** Share of calls whose answer is lost although they were carried out. */
  loseAnswers: number;
}

const DELAY_MS_MAX = 5;

export function simCatalog(world: World, clock: Clock, faults: CatalogFaults): Catalog {
  const inner = new SqliteCatalog(world.catalog);
  const delay = () => clock.sleep(world.random.next() * DELAY_MS_MAX);
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    await delay();
    if (faults.away) throw new MinisqlError("UNAVAILABLE", "Cannot reach the catalog: away");
    const value = await work();
    await delay();
    if (world.random.next() < faults.loseAnswers) {
      throw new MinisqlError("OUTCOME_UNKNOWN", "Cannot tell how it ended: the answer was lost");
    }
    return value;
  };
  return {
    prepare: () => call(() => inner.prepare()),
    claim: (term) => call(() => inner.claim(term)),
    load: () => call(() => inner.load()),
    apply: (term, changes) => call(() => inner.apply(term, changes)),
    nextRid: (term) => call(() => inner.nextRid(term)),
    events: (query) => call(() => inner.events(query)),
    close: () => inner.close(),
  };
}
