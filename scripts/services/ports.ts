/** Choosing ports for private servers. */
import { PortTakenError, ServiceError } from "./service_error.ts";

/**
 * Below the range from which Linux draws the local ports of outgoing connections (32768 up): a
 * server that is down for a moment must find its port free when it comes back.
 */
const FIRST_PORT = 15_000;
const PORTS = 17_000;
const ATTEMPTS_MAX = 200;

/** Different ports of the loopback address on which nobody listens now. Somebody may, later. */
export function freePorts(count: number): number[] {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS_MAX && ports.size < count; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (isFree(port)) ports.add(port);
  }
  if (ports.size < count) {
    throw new ServiceError(`Cannot choose a port: ${ATTEMPTS_MAX} were tried and taken`);
  }
  return [...ports];
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

const STARTS_MAX = 5;

/**
 * Starts something on free ports, anew when another process took one of them in between. `wanted`
 * is how many, or those of an earlier run: they are tried first, so that what was noted down holds.
 */
export async function startOnFreePorts<T>(
  wanted: number | readonly number[],
  start: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  const earlier = typeof wanted === "number" ? null : wanted;
  const count = typeof wanted === "number" ? wanted : wanted.length;
  for (let attempt = 1;; attempt++) {
    const reuse = attempt === 1 && earlier !== null && earlier.every(isFree);
    try {
      return await start(reuse ? earlier : freePorts(count));
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === STARTS_MAX) throw error;
    }
  }
}
