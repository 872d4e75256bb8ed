/** What an operator sees of a cluster: answers of the master as headlines and tables. Pure. */
import { eventSentence } from "../protocol/event_words.ts";
import type { Answer } from "../protocol/messages.ts";
import type { MasterState } from "./cluster/masters.ts";

/** A table for people; the same facts are in the answer itself, for programs. */
export interface View {
  /** Read first; empty for none. */
  readonly headline: string;
  /** A heading that ends in a space is of numbers, which stand at the right. */
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const SYMBOLS = {
  ok: "OK",
  no_tolerance: "NO TOLERANCE",
  degraded: "DEGRADED",
  read_only: "READ ONLY",
  unavailable: "UNAVAILABLE",
} as const;

export function statusView(status: Answer<"status">): View {
  const { verdict, master, servers } = status;
  const sentence = `${SYMBOLS[verdict.code]}  ${verdict.sentence}`;
  return {
    headline: `${sentence}\n${status.cluster} · ${master.id} leads (term ${master.term}) since ` +
      `${moment(master.since)} · ${status.masters} ${
        status.masters === 1 ? "master" : "masters"
      } · ` +
      `${servers.online} of ${servers.known} servers online · catalog ${status.catalog}`,
    headings: [],
    rows: [],
  };
}

/** The same as names and values, for a program or a table. */
export function statusTable(status: Answer<"status">): View {
  const { verdict, master, servers } = status;
  return {
    headline: "",
    headings: ["NAME", "VALUE"],
    rows: [
      ["Verdict", SYMBOLS[verdict.code]],
      ["Says", verdict.sentence],
      ["Cluster", status.cluster],
      ["Master", `${master.id} at ${master.host}:${master.port}`],
      ["Term", String(master.term)],
      ["Since", moment(master.since)],
      ["Masters", String(status.masters)],
      ["Servers online", `${servers.online} of ${servers.known}`],
      ["Tables", String(status.tables)],
      ["Highest epoch", String(status.epochMax)],
      ["Catalog", status.catalog],
    ],
  };
}

export function mastersView(masters: readonly MasterState[]): View {
  return {
    headline: "",
    headings: ["MASTER", "ADDRESS", "STATE", "TERM ", "SINCE"],
    rows: masters.map(({ id, host, port, state, term, since }) => [
      id ?? "-",
      `${host}:${port}`,
      state,
      term === null ? "-" : String(term),
      since === null ? "-" : moment(since),
    ]),
  };
}

export function serversView({ servers }: Answer<"servers">, now: number): View {
  return {
    headline: "",
    headings: ["SERVER", "ADDRESS", "ZONE", "STATE", "ENGINE", "READS ", "WRITES ", "LAG ", "SEEN"],
    rows: servers.map(({ rid, host, port, zone, status, engine, load, lastSeen }) => [
      `r${rid}`,
      `${host}:${port}`,
      zone || "-",
      status,
      `${engine.vendor} ${engine.version}`,
      String(load.reads),
      String(load.writes),
      String(load.lag),
      ago(now - lastSeen),
    ]),
  };
}

export function tablesView({ tables }: Answer<"meta">): View {
  return {
    headline: "",
    headings: ["TABLE", "STATE", "REGION", "COPIES", "IN SYNC "],
    rows: tables.map(({ name, state, region, replicas, inSync }) => [
      name,
      state.replace("_", "-"),
      region,
      serverList(replicas),
      `${inSync.length}/${replicas.length}`,
    ]),
  };
}

export function regionsView({ regions }: Answer<"regions">): View {
  return {
    headline: "",
    headings: ["REGION", "STATE", "EPOCH ", "PRIMARY", "IN SYNC", "REPLICAS", "TABLES"],
    rows: regions.map(({ region, state, epoch, primary, isr, replicas, tables }) => [
      region,
      state,
      String(epoch),
      primary === null ? "-" : `r${primary}`,
      serverList(isr.map(({ rid }) => rid)),
      serverList(replicas),
      tables.join(", "),
    ]),
  };
}

export function eventsView({ events }: Answer<"events">): View {
  return {
    headline: "",
    headings: ["TIME", "WHAT"],
    rows: events.map(({ at, what }) => [moment(at), eventSentence(what)]),
  };
}

export function jobsView({ jobs }: Answer<"jobs">, now: number): View {
  return {
    headline: "",
    headings: ["JOB", "KIND", "OF", "STATE", "BEGUN", "ERROR"],
    rows: jobs.map(({ id, kind, subject, state, created, error }) => [
      id,
      kind.replaceAll("_", " "),
      subject,
      state,
      ago(now - created),
      error ?? "",
    ]),
  };
}

function serverList(rids: readonly number[]): string {
  return rids.length === 0 ? "-" : rids.map((rid) => `r${rid}`).join(" ");
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in one or two units: `4 s ago`, `3 h 20 min ago`. */
export function ago(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor(ms % HOUR / MINUTE)} min ago`;
  return `${Math.floor(ms / DAY)} d ago`;
}

/** `2026-01-31 12:00:00`, in UTC. */
export function moment(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
