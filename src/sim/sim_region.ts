/** A region server of the made-up world: the real membership, and copies that are only names. */
import { TermGuard } from "../cluster/term_guard.ts";
import type { EngineInfo } from "../ports/engine.ts";
import type { RegionHandlers } from "../protocol/handlers.ts";
import type { Load } from "../protocol/model.ts";
import { Membership } from "../region/membership.ts";
import { RpcServer } from "../rpc/server.ts";
import type { Surroundings } from "./process.ts";
import { SimCopies, type SimShared } from "./sim_copies.ts";

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
  /** Regions of which it holds all there is. */
  readonly whole: Set<string>;
  /** Orders that would have cost data. */
  readonly crimes: string[];
  /** Tables whose rows somebody has changed here, and tables that are another here. */
  readonly damaged: Set<string>;
  readonly diverged: Set<string>;
  /** How many entries it has yet to apply. */
  behind: number;
  /** What its heartbeats say of the visits to regions. */
  visits: Readonly<Record<string, number>>;
}

export function newRegionState(identity: string, host: string): SimRegionState {
  return {
    ...{ identity, host, tables: new Map(), obeyed: [], rids: new Set(), engineLost: null },
    ...{ whole: new Set(), crimes: [], damaged: new Set(), diverged: new Set() },
    ...{ behind: 0, visits: {} },
  };
}

const PORT = 9091;
const NO_LOAD: Load = { reads: 0, writes: 0, rows: 0, bytes: 0, lag: 0, verifiedAgeMs: null };
const ENGINE: EngineInfo = { vendor: "sqlite", version: "3", settings: {} };

export async function runSimRegion(
  state: SimRegionState,
  surroundings: Surroundings,
  start: number,
  shared: SimShared,
  engine: EngineInfo = ENGINE,
): Promise<void> {
  const { clock, random, network, reporter, signal } = surroundings;
  const terms = new TermGuard();
  const incarnation = `${state.identity.slice(0, 8)}-${start}`;
  const obey = (term: number) => {
    terms.obey(term);
    state.obeyed.push(term);
  };
  const copies = new SimCopies({ clock, random, state, shared, incarnation });
  const address = { host: state.host, port: PORT };
  const server = await RpcServer.start({ clock, network }, address, {
    hello: () => Promise.resolve({ protocol: 1, role: "region", version: "sim", ready: true }),
    onDefect: (error, op) => reporter.log("error", `A defect in ${op}`, { error }),
    handlers: handlersOf(copies, obey),
  });
  const membership = new Membership({ ...surroundings, terms }, {
    ...{ cluster: "sim", identity: state.identity, incarnation, address, zone: "", engine },
    load: () => loadOf(state),
    engineLost: () => state.engineLost,
    onMember: (rid, session) => {
      if (rid !== null) state.rids.add(rid);
      copies.member(rid, session);
    },
  });
  await Promise.all([membership.run(signal), copies.run(signal)]);
  await server.close(0);
}

function handlersOf(copies: SimCopies, obey: (term: number) => void): Partial<RegionHandlers> {
  /** An order is obeyed if its term allows; a question is answered anyway. */
  const order = <R extends { readonly term: number }, A>(work: (request: R) => A) => {
    return async (request: R): Promise<Awaited<A>> => {
      obey(request.term);
      return await work(request);
    };
  };
  return {
    makeTable: order((request) => copies.makeTable(request)),
    removeTable: order((request) => {
      copies.removeTable(request);
      return {};
    }),
    changeTable: order((request) => copies.changeTable(request)),
    handOver: order((request) => copies.handOver(request)),
    verify: (request) => Promise.resolve().then(() => copies.verify(request)),
    vote: (request) => Promise.resolve(copies.vote(request)),
    replicas: () => Promise.resolve(copies.replicas()),
  };
}

function loadOf({ visits }: SimRegionState): Load {
  const reads = Object.values(visits).reduce((sum, each) => sum + each, 0);
  return { ...NO_LOAD, reads, regions: visits };
}
