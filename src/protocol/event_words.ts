/** What people read for each event: how urgent it is, and one sentence. */
import { unreachable } from "../base/assert.ts";
import type { ClusterEvent, EventName } from "./events.ts";

export type Severity = "info" | "warning" | "error";

/** `warning`: the cluster copes, somebody should look. `error`: something is lost or at rest. */
const SEVERITIES: Readonly<Record<EventName, Severity>> = {
  "master.elected": "info",
  "master.deposed": "warning",
  "master.suspended": "error",
  "master.resumed": "info",
  "server.joined": "info",
  "server.refused": "warning",
  "server.evicted": "warning",
  "server.left": "info",
  "server.draining": "info",
  "server.drained": "info",
  "server.undrained": "info",
  "table.created": "info",
  "table.dropped": "info",
  "table.altered": "info",
  "replica.adding": "info",
  "replica.added": "info",
  "region.failover": "warning",
  "region.isr": "info",
  "region.read_only": "error",
  "region.writable": "info",
  "sync.started": "info",
  "sync.finished": "info",
  "sync.failed": "warning",
  "move.started": "info",
  "move.finished": "info",
  "copy.diverged": "error",
  "copy.recounted": "error",
  "copy.repaired": "info",
  "engine.lost": "error",
  "engine.back": "info",
  "catalog.lost": "error",
  "catalog.back": "info",
  "job.failed": "error",
};

export function severityOf(name: EventName): Severity {
  return SEVERITIES[name];
}

type EventOf<P extends string> = Extract<ClusterEvent, { readonly event: `${P}.${string}` }>;

/** One sentence, without a period, that says what happened and with which values. */
export function eventSentence(event: ClusterEvent): string {
  switch (event.event) {
    case "master.elected":
    case "master.deposed":
    case "master.suspended":
    case "master.resumed":
      return masterSentence(event);
    case "server.joined":
    case "server.refused":
    case "server.evicted":
    case "server.left":
    case "server.draining":
    case "server.drained":
    case "server.undrained":
      return serverSentence(event);
    case "table.created":
    case "table.dropped":
    case "table.altered":
      return tableSentence(event);
    case "replica.adding":
    case "replica.added":
      return replicaSentence(event);
    case "region.failover":
    case "region.isr":
    case "region.read_only":
    case "region.writable":
      return regionSentence(event);
    case "sync.started":
    case "sync.finished":
    case "sync.failed":
    case "move.started":
    case "move.finished":
      return transferSentence(event);
    case "copy.diverged":
    case "copy.recounted":
    case "copy.repaired":
      return copySentence(event);
    case "engine.lost":
      return `Server ${event.rid} lost its database: ${event.reason}`;
    case "engine.back":
      return `Server ${event.rid} reaches its database again`;
    case "catalog.lost":
      return `The catalog cannot be reached: ${event.reason}`;
    case "catalog.back":
      return `The catalog is back after ${seconds(event.afterMs)}`;
    case "job.failed":
      return `Job ${event.job} on ${event.subject} failed: ${event.reason}`;
    default:
      return unreachable(event);
  }
}

function masterSentence(event: EventOf<"master">): string {
  switch (event.event) {
    case "master.elected":
      return `Master ${event.id} at ${event.host}:${event.port} was elected for term ` +
        `${event.term} and ready after ${seconds(event.afterMs)}`;
    case "master.deposed":
      return `Master ${event.id} of term ${event.term} stopped being master: ${event.reason}`;
    case "master.suspended":
      return `Master ${event.id} of term ${event.term} serves nothing for now: ${event.reason}`;
    case "master.resumed":
      return `Master ${event.id} of term ${event.term} serves again`;
    default:
      return unreachable(event);
  }
}

function serverSentence(event: EventOf<"server">): string {
  switch (event.event) {
    case "server.joined": {
      const verb = event.returned === true ? "came back" : "joined";
      const zone = event.zone === "" ? "" : ` in zone ${event.zone}`;
      return `Server ${event.rid} at ${event.host}:${event.port} ${verb}${zone}`;
    }
    case "server.refused":
      return `A server at ${event.host}:${event.port} was turned away: ${event.reason}`;
    case "server.evicted":
      return `Server ${event.rid} at ${event.host}:${event.port} was evicted: ${event.reason}`;
    case "server.left":
      return `Server ${event.rid} at ${event.host}:${event.port} left: ${event.reason}`;
    case "server.draining":
      return `Server ${event.rid} is draining`;
    case "server.drained":
      return `Server ${event.rid} is drained: it holds nothing and may be turned off`;
    case "server.undrained":
      return `Server ${event.rid} takes regions again`;
    default:
      return unreachable(event);
  }
}

function tableSentence(event: EventOf<"table">): string {
  switch (event.event) {
    case "table.created":
      return `Table ${event.table} was created in region ${event.region} on ${
        serverList(event.replicas)
      }`;
    case "table.dropped":
      return `Table ${event.table} was dropped from region ${event.region}`;
    case "table.altered": {
      const renamed = event.to === undefined ? "" : ` and is called ${event.to} now`;
      return `Table ${event.table} was altered${renamed}: ${event.sql}`;
    }
    default:
      return unreachable(event);
  }
}

function replicaSentence(event: EventOf<"replica">): string {
  const instead = event.instead === null ? "" : ` instead of server ${event.instead}`;
  switch (event.event) {
    case "replica.adding":
      return `Region ${event.region} gets a copy on server ${event.to}${instead}: ${event.reason}`;
    case "replica.added":
      return `Region ${event.region} has a copy on server ${event.to}${instead}`;
    default:
      return unreachable(event);
  }
}

function regionSentence(event: EventOf<"region">): string {
  switch (event.event) {
    case "region.failover": {
      const from = event.from === null ? "had none" : `was server ${event.from}`;
      const outage = event.outageMs === undefined
        ? ""
        : `, writes paused for ${seconds(event.outageMs)}`;
      return `Region ${event.region} has server ${event.to} as its primary (${from}) in epoch ` +
        `${event.epoch} from position ${event.seq}${outage}: ${event.reason}`;
    }
    case "region.isr":
      return `Region ${event.region} is in sync on ${serverList(event.isr)} in epoch ` +
        `${event.epoch}: ${event.change}`;
    case "region.read_only":
      return `Region ${event.region} is read-only: ${event.reason}`;
    case "region.writable":
      return `Region ${event.region} is writable again`;
    default:
      return unreachable(event);
  }
}

function transferSentence(event: EventOf<"sync"> | EventOf<"move">): string {
  switch (event.event) {
    case "sync.started":
      return `Region ${event.region} is being copied from server ${event.from} to server ` +
        `${event.rid}: ${event.reason}`;
    case "sync.finished":
      return `Region ${event.region} was copied to server ${event.rid}: ${event.rows} rows, ` +
        `${event.bytes} bytes in ${seconds(event.ms)}`;
    case "sync.failed":
      return `Copying region ${event.region} to server ${event.rid} failed: ${event.reason}`;
    case "move.started":
      return `Region ${event.region} moves from server ${event.from} to server ${event.to}: ` +
        event.reason;
    case "move.finished":
      return `Region ${event.region} moved from server ${event.from} to server ${event.to}, ` +
        `writes paused for ${seconds(event.pauseMs)}`;
    default:
      return unreachable(event);
  }
}

function copySentence(event: EventOf<"copy">): string {
  const of = event.table === undefined ? `region ${event.region}` : `table ${event.table}`;
  switch (event.event) {
    case "copy.diverged":
      return `The copy of ${of} on server ${event.rid} differs at position ${event.seq} ` +
        `(votes ${event.votes}): ${event.reason}`;
    case "copy.recounted":
      return `The copy of ${of} on server ${event.rid} counts as it is from now on, with nothing ` +
        `to mend it from: ${event.reason}`;
    case "copy.repaired":
      return `The copy of ${of} on server ${event.rid} was repaired: ${event.rows} rows in ` +
        seconds(event.ms);
    default:
      return unreachable(event);
  }
}

function serverList(rids: readonly number[]): string {
  if (rids.length === 0) return "no server";
  return `${rids.length === 1 ? "server" : "servers"} ${rids.join(", ")}`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
