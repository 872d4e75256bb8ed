/** What a master would say of a cluster of three servers that is one engine. */
import type { ClusterAdmin } from "../../src/client/api.ts";
import type { Engine } from "../../src/ports/engine.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type { Answer, Request } from "../../src/protocol/messages.ts";
import type { Route, ServerRecord, ServerRef } from "../../src/protocol/model.ts";

const RIDS = [1, 2, 3] as const;
const REGION = "r1";

export function engineAdmin(engine: Engine): ClusterAdmin {
  const answers: Readonly<Record<string, () => Promise<unknown>>> = {
    status: async () => status((await engine.tables()).length),
    masters: () => Promise.resolve({ masters: MASTERS }),
    servers: () => Promise.resolve({ servers: RIDS.map(server) }),
    meta: async () => ({ tables: (await engine.tables()).map(table) }),
    regions: async () => ({ regions: [region(await engine.tables())] }),
    events: () => Promise.resolve({ events: EVENTS }),
    jobs: () => Promise.resolve({ jobs: [] }),
    ping: () => Promise.resolve({}),
  };
  const ask = async (op: string): Promise<unknown> => {
    const answer = answers[op];
    if (answer === undefined) throw new MinisqlError("UNSUPPORTED", `Cannot ${op} here`);
    return await answer();
  };
  return {
    master: async (op, _request: Request<typeof op>) => await ask(op) as Answer<typeof op>,
    server: async (_address, op, _request: Request<typeof op>) =>
      await ask(op) as Answer<typeof op>,
    gathering: () => Promise.resolve(null),
    locate: async (name) => (await engine.tables()).includes(name) ? routeOf(name) : null,
  };
}

const LEADER = { id: "m1", host: "127.0.0.1", port: 9090, term: 3, since: 0 };
const STANDBY = { id: "m2", host: "127.0.0.1", port: 9190, term: null, since: null };
const MASTERS: Answer<"masters">["masters"] = [LEADER, STANDBY];

function status(tables: number): Answer<"status"> {
  return {
    verdict: { code: "ok", sentence: `${tables} tables on 3 servers`, healthy: true },
    cluster: "minisql",
    master: LEADER,
    masters: MASTERS.length,
    servers: { online: 3, known: 3 },
    tables,
    catalog: "ok",
    version: "1.2.3",
    epochMax: 1,
    uptimeMs: 60_000,
  };
}

function ref(rid: number): ServerRef {
  return { rid, host: "127.0.0.1", port: 9090 + rid, zone: "" };
}

function server(rid: number): ServerRecord {
  return {
    ...ref(rid),
    identity: String(rid).repeat(32),
    engine: { vendor: "sqlite", version: "3", settings: {} },
    status: "online",
    load: { reads: 10 * rid, writes: rid, rows: 0, bytes: 0, lag: 0, verifiedAgeMs: null },
    created: 0,
    lastSeen: 0,
  };
}

function table(name: string): Answer<"meta">["tables"][number] {
  return { name, region: REGION, state: "writable", replicas: RIDS, inSync: RIDS, created: 0 };
}

function region(tables: readonly string[]): Answer<"regions">["regions"][number] {
  return {
    region: REGION,
    epoch: 1,
    primary: 1,
    isr: RIDS.map((rid) => ({ rid, incarnation: "i" })),
    replicas: RIDS,
    state: "open",
    tables,
  };
}

export function routeOf(name: string): Route {
  const [primary, ...slaves] = RIDS.map(ref);
  return {
    region: REGION,
    epoch: 1,
    tables: [name],
    primary: primary ?? null,
    slaves,
    state: "writable",
  };
}

const EVENTS: Answer<"events">["events"] = [
  {
    id: 1,
    at: 0,
    what: { event: "master.elected", id: "m1", term: 3, host: "h", port: 9090, afterMs: 12 },
  },
];
