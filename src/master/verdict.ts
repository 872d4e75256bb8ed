/** The verdict on the whole cluster: a code that a script compares and a sentence for people. Pure. */
import type { RegionState, Route, Verdict } from "../protocol/model.ts";

export interface Subject {
  readonly route: Route;
  readonly region: RegionState;
}

export interface VerdictInput {
  readonly subjects: readonly Subject[];
  /** Those that are online, and those of them that take regions. */
  readonly servers: number;
  readonly takers: number;
  readonly catalogLost: boolean;
}

/** Names listed before "and so many more". */
const NAMED_MAX = 3;

export function verdictOf(input: VerdictInput): Verdict {
  const { code, sentence } = judge(input);
  const catalog = input.catalogLost
    ? "; the catalog cannot be reached: no registration, no CREATE or DROP until it is back"
    : "";
  return { code, sentence: sentence + catalog, healthy: code === "ok" && !input.catalogLost };
}

function judge({ subjects, servers, takers }: VerdictInput): Pick<Verdict, "code" | "sentence"> {
  const tables = subjects.reduce((sum, { route }) => sum + route.tables.length, 0);
  const size = `${count(tables, "table")} on ${count(servers, "server")}`;
  const gone = subjects.filter(({ route }) => route.state === "unavailable");
  if (gone.length > 0) {
    return { code: "unavailable", sentence: `${size}; ${named(gone)} cannot be reached` };
  }
  const stuck = subjects.filter(({ route }) => route.state === "read_only");
  if (stuck.length > 0) {
    return { code: "read_only", sentence: `${size}; ${named(stuck)} can be read but not written` };
  }
  const short = subjects.filter(({ region }) => region.isr.length < wantedOf(region, takers));
  if (short.length > 0) {
    return { code: "degraded", sentence: `${size}; copies of ${named(short)} are catching up` };
  }
  const alone = subjects.filter(({ region }) => region.isr.length < 2);
  if (alone.length > 0) {
    return { code: "no_tolerance", sentence: `${size}; ${named(alone)} has one copy only` };
  }
  if (tables === 0) {
    const code = servers < 2 ? "no_tolerance" : "ok";
    return { code, sentence: `${size}; ready` };
  }
  return { code: "ok", sentence: `${size}; ${survival(subjects)}` };
}

/** As many copies as asked for, or as there are servers for; one more during a move is no lack. */
function wantedOf({ replicas, copies = replicas.length }: RegionState, takers: number): number {
  return Math.min(copies, Math.max(takers, replicas.length));
}

/** What may be lost without any table stopping to be written, and without any row lost. */
function survival(subjects: readonly Subject[]): string {
  const spare = Math.min(...subjects.map(({ region }) => region.isr.length)) - 1;
  // With two copies the loss of one leaves the table readable and complete, yet read-only.
  const pairs = subjects.filter(({ region }) => region.isr.length === 2);
  const survives = `each survives the loss of any ${
    spare === 1 ? "one server" : `${spare} servers`
  }`;
  return pairs.length === 0 ? survives : `${survives}, ${named(pairs)} read-only until repaired`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function named(subjects: readonly Subject[]): string {
  const names = subjects.flatMap(({ route }) => route.tables);
  const shown = names.slice(0, NAMED_MAX).join(", ");
  const more = names.length - NAMED_MAX;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
