/** What happens in a cluster, told to somebody who has read nothing: servers and tables by name. */
import type { ClusterEvent } from "../../../protocol/events.ts";
import { eventSentence } from "../../../protocol/event_words.ts";

export interface Names {
  /** `r2`. */
  server(rid: number): string;
  /** Of a region: `orders`, or `orders and items`. */
  tables(region: string): string;
}

/** One line for people. */
export function told(event: ClusterEvent, names: Names): string {
  switch (event.event) {
    case "region.failover":
      return `${names.tables(event.region)}: ${names.server(event.to)} is the primary now` +
        `${event.outageMs === undefined ? "" : `, writes paused for ${duration(event.outageMs)}`}` +
        ` (${brief(event.reason)})`;
    case "region.isr":
      return `${names.tables(event.region)}: in sync on ${
        list(event.isr.map((rid) => names.server(rid)))
      } (` +
        `${event.change})`;
    case "region.read_only":
      return `${names.tables(event.region)}: read-only (${brief(event.reason)})`;
    case "region.writable":
      return `${names.tables(event.region)}: writable again`;
    case "copy.diverged": {
      const of = event.table ?? names.tables(event.region);
      return `${names.server(event.rid)} ${foundOn(of, event.votes)} and stops serving it ` +
        `(${brief(event.reason)})`;
    }
    case "copy.repaired":
      return `${names.server(event.rid)}: ${rows(event.rows)} of ${event.table} repaired in ` +
        duration(event.ms);
    case "sync.started":
      return `${names.tables(event.region)}: copied from ${names.server(event.from)} to ` +
        `${names.server(event.rid)} (${brief(event.reason)})`;
    case "sync.finished":
      return `${names.tables(event.region)}: the copy on ${names.server(event.rid)} is complete, ` +
        `${rows(event.rows)} in ${duration(event.ms)}`;
    case "server.joined":
      return `${names.server(event.rid)} has joined`;
    case "server.left":
    case "server.evicted":
      return `${names.server(event.rid)} is gone for the master (${brief(event.reason)})`;
    case "master.elected":
      return `${event.id} leads`;
    default:
      return eventSentence(event);
  }
}

/** The details are in the events. */
function brief(reason: string): string {
  return reason.split(": ")[0] ?? reason;
}

/** How a copy was found to differ: by the others' votes, or by itself. */
export function foundOn(table: string, votes: string): string {
  const isVoted = /[1-9]/.test(votes);
  return isVoted ? `is out-voted on ${table} ${votes}` : `finds its own copy of ${table} changed`;
}

export function rows(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}

export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? "nothing";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
