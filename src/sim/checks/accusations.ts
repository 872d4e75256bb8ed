/** Nobody is said to hold wrong rows, or is relieved for it, while no rows are wrong anywhere. */
import type { ClusterEvent } from "../../protocol/events.ts";

const ABOUT_ROWS = /out-voted|table \S+ (differs|is wrong)|its rows are not what/;

/** The first such event; null where there is none. */
export function accusationFault(events: Iterable<ClusterEvent>): string | null {
  for (const event of events) {
    const isAccusing = event.event === "copy.diverged" || event.event === "region.failover";
    if (!isAccusing || !ABOUT_ROWS.test(event.reason)) continue;
    return `nobody's rows were tampered with, and ${event.event} says: ${event.reason}`;
  }
  return null;
}
