/** What must have become of a cluster once the world has calmed down, and of all its clients did. */
import { count } from "../adapters/memory_engine/table.ts";
import { matchFault } from "./checks/log_book.ts";
import { registerFault } from "./checks/register.ts";
import { sessionFault } from "./checks/sessions.ts";
import { counterFault, listFault, tokenFault } from "./checks/tokens.ts";
import type { RegionCluster } from "./region_cluster.ts";
import type { RegionHistory } from "./region_history.ts";
import { contentOf, holdings } from "./region_watch.ts";
import { BANK, BANK_EACH, JOURNAL, LISTS, REGISTERS } from "./region_workload.ts";

/** Why the cluster is not yet as it should be, or null. */
export function unsettled(cluster: RegionCluster): string | null {
  const { hosts, regions, watch } = cluster;
  const idle = hosts.find((host) => host.server === null || host.rid === null);
  if (idle !== undefined) return `${idle.name} is not in the cluster`;
  watch.review();
  const hurt = hosts.find(({ tampered }) => tampered.size > 0);
  if (hurt !== undefined) return `${hurt.name} still holds rows that were tampered with`;
  for (const { region, state, isr, replicas, primary } of regions) {
    if (state !== "open") return `region ${region} is ${state}`;
    if (primary === null) return `region ${region} has no primary`;
    const newest = watch.states.newest(region);
    for (const rid of replicas) {
      const host = watch.host(rid);
      if (host === null) return `server ${rid}, a replica of ${region}, is nowhere`;
      const member = isr.find((each) => each.rid === rid);
      if (member?.incarnation !== host.incarnation) {
        return `${host.name} is not in sync in ${region}`;
      }
      const holding = holdings(host.database.tables).get(region);
      if (holding?.state !== "sound") return `${host.name} has no sound copy of ${region}`;
      if (holding.seq < newest) {
        return `${host.name} is at ${holding.seq} of ${region}, not ${newest}`;
      }
      const { last } = host.witness.region(region);
      if (last !== newest) {
        return `the log of ${host.name} ends at ${last} in ${region}, not ${newest}`;
      }
    }
  }
  return null;
}

/** All copies hold the same rows, and their fingerprints say so; logs agree. */
export function copiesFault(cluster: RegionCluster): string | null {
  const { hosts, regions, watch } = cluster;
  for (const { region, replicas } of regions) {
    const seq = watch.states.newest(region);
    const copies = hosts.filter((host) => host.rid !== null && replicas.includes(host.rid));
    for (const host of copies) {
      const { epoch = 0 } = holdings(host.database.tables).get(region) ?? {};
      const content = contentOf(host.database.tables, region);
      const state = { server: host.name, region, epoch, seq, content };
      const fault = watch.states.differs(state) ?? countFault(host.name, host.database, content);
      if (fault !== null) return fault;
      const log = { server: host.name, log: host.witness.region(region) };
      for (const other of copies) {
        const theirs = { server: other.name, log: other.witness.region(region) };
        const parted = matchFault(region, log, theirs, seq);
        if (parted !== null) return parted;
      }
    }
  }
  return null;
}

/** Kept fingerprints are those of the rows. */
function countFault(
  server: string,
  database: RegionCluster["hosts"][number]["database"],
  content: ReadonlyMap<string, unknown>,
): string | null {
  for (const name of content.keys()) {
    const table = database.tables.get(name);
    if (table === undefined || table.content === null) return `${server} keeps no sum of ${name}`;
    const counted = count(table.model, table.rows);
    if (counted.sum === table.content.sum && counted.rows === table.content.rows) continue;
    return `${server} keeps ${table.content.rows} rows and sum ${table.content.sum} of ${name}, ` +
      `and there are ${counted.rows} with ${counted.sum}`;
  }
  return null;
}

/** What is wrong with what clients did and saw, by the rows that are there in the end. */
export function historyFault(cluster: RegionCluster): string | null {
  const { history } = cluster.workload;
  const rows = finalRows(cluster);
  for (const [session, answers] of history.sessions) {
    const fault = sessionFault(session, answers);
    if (fault !== null) return fault;
  }
  const tokens = rows("tok").map(([, token]) => String(token));
  return tokenFault("table tok", history.tokens, tokens) ??
    listsFault(history, rows("lst")) ??
    bankFault(history, rows("reg"), rows("lst")) ??
    countersFault(history, rows("reg")) ??
    registersFault(history);
}

type Rows = readonly (readonly unknown[])[];

function finalRows(cluster: RegionCluster): (table: string) => Rows {
  return (table) => {
    const { region = "" } =
      cluster.regions.find(({ region }) =>
        cluster.hosts.some(({ database }) => contentOf(database.tables, region).has(table))
      ) ?? {};
    const host = cluster.watch.host(cluster.watch.configs.last(region)?.primary ?? null);
    return host?.database.rowsOf(table) ?? [];
  };
}

function cellOf(rows: Rows, id: number): unknown {
  return rows.find(([key]) => key === id)?.[1];
}

function listOf(rows: Rows, id: number): readonly string[] {
  return String(cellOf(rows, id) ?? "").split(",").slice(0, -1);
}

function listsFault(history: RegionHistory, rows: Rows): string | null {
  for (const id of LISTS) {
    const writes = history.appends.get(id) ?? [];
    const reads = history.listReads.get(id) ?? [];
    const fault = listFault(`list ${id}`, writes, reads, listOf(rows, id));
    if (fault !== null) return fault;
  }
  return null;
}

/** Transfers are there whole or not at all: the journal says which, and so do the rows. */
function bankFault(history: RegionHistory, reg: Rows, lst: Rows): string | null {
  const journal = listOf(lst, JOURNAL);
  const fault = tokenFault("the journal", history.transfers, journal);
  if (fault !== null) return fault;
  const done = history.transfers.filter(({ token }) => journal.includes(token));
  for (const id of BANK) {
    const expected = done.reduce(
      (sum, { from, to }) => sum - Number(from === id) + Number(to === id),
      BANK_EACH,
    );
    const found = cellOf(reg, id);
    if (found === expected) continue;
    return `row ${id} of the bank holds ${found}, and by the journal ${expected}`;
  }
  return null;
}

function countersFault(history: RegionHistory, reg: Rows): string | null {
  for (const [id, writes] of history.counters) {
    const fault = counterFault(`counter ${id}`, writes, Number(cellOf(reg, id)));
    if (fault !== null) return fault;
  }
  return null;
}

function registersFault(history: RegionHistory): string | null {
  for (const id of REGISTERS) {
    const fault = registerFault(`register ${id}`, 0, history.registers.get(id) ?? []);
    if (fault !== null) return fault;
  }
  return null;
}
