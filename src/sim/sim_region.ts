/** A region server of the made-up world: the real membership, and copies that are only names. */
import { TermGuard } from "../cluster/term_guard.ts";
import type { EngineInfo } from "../ports/engine.ts";
import type { Load } from "../protocol/model.ts";
import { Membership } from "../region/membership.ts";
import { RpcServer } from "../rpc/server.ts";
import type { Surroundings } from "./process.ts";

/** What lasts beyond the process, and what the checkers look at. */
export interface SimRegionState {
  readonly identity: string;
  readonly host: string;
  /** Tables it holds a copy of: name to region. */
  readonly tables: Map<string, string>;
  /** Terms of the orders it has obeyed, in order. */
  readonly obeyed: number[];
  /** Numbers it has been given. */
  readonly rids: Set<number>;
  /** Why its database is dead; null while it lives. */
  engineLost: string | null;
}

const PORT = 9091;
const NO_LOAD: Load = { reads: 0, writes: 0, rows: 0, bytes: 0, lag: 0, verifiedAgeMs: null };
const ENGINE: EngineInfo = { vendor: "sqlite", version: "3", settings: {} };

export async function runSimRegion(
  state: SimRegionState,
  surroundings: Surroundings,
  start: number,
  engine: EngineInfo = ENGINE,
): Promise<void> {
  const { clock, network, reporter, signal } = surroundings;
  const terms = new TermGuard();
  const incarnation = `${state.identity.slice(0, 8)}-${start}`;
  const obey = (term: number) => {
    terms.obey(term);
    state.obeyed.push(term);
  };
  const address = { host: state.host, port: PORT };
  const server = await RpcServer.start({ clock, network }, address, {
    hello: () => Promise.resolve({ protocol: 1, role: "region", version: "sim", ready: true }),
    onDefect: (error, op) => reporter.log("error", `A defect in ${op}`, { error }),
    handlers: {
      makeTable: async ({ term, table, region }) => {
        obey(term);
        state.tables.set(table, region);
        return await Promise.resolve({ incarnation, schemaHash: "00000000" });
      },
      removeTable: async ({ term, table, region }) => {
        obey(term);
        if (state.tables.get(table) === region) state.tables.delete(table);
        return await Promise.resolve({});
      },
    },
  });
  const membership = new Membership({ ...surroundings, terms }, {
    ...{ cluster: "sim", identity: state.identity, incarnation, address, zone: "", engine },
    load: () => NO_LOAD,
    engineLost: () => state.engineLost,
    onMember: (rid) => {
      if (rid !== null) state.rids.add(rid);
    },
  });
  await membership.run(signal);
  await server.close(0);
}
