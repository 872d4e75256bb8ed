/** How much goes into one packet: the server closes the connection on a longer one. */
import { sqlError } from "../../protocol/errors.ts";
import { ERRNO } from "./faults.ts";

/** For the command's own bytes and the context in front of a statement. */
const SLACK = 1024;

/** Bytes for a statement, where a packet has so many. */
export function statementBytesMax(packetMax: number): number {
  return packetMax - SLACK;
}

/** Raises what the server says of a packet that is too long. */
export function requireFitting(sql: string, packetMax: number): void {
  const max = statementBytesMax(packetMax);
  if (sql.length * 3 <= max || new TextEncoder().encode(sql).length <= max) return;
  throw sqlError(
    ERRNO.packetTooLarge,
    "08S01",
    "Got a packet bigger than 'max_allowed_packet' bytes",
  );
}
