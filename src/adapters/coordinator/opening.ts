/** Opens a session: connects, within a limit or until called off. */
import type { Clock } from "../../ports/clock.ts";
import type { Session } from "../../ports/coordinator.ts";
import { TransportSession } from "./session.ts";
import type { Transport, TransportListener } from "./transport.ts";

export interface OpeningOptions {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

export async function openSession(
  clock: Clock,
  connect: (listener: TransportListener) => Transport,
  { limitMs, signal }: OpeningOptions,
): Promise<Session> {
  signal?.throwIfAborted();
  const session = new TransportSession(clock, connect);
  const aborted = () => void session.close();
  signal?.addEventListener("abort", aborted, { once: true });
  const cancel = clock.after(
    limitMs,
    () => session.giveUp(`no server granted one within ${Math.round(limitMs)} ms`),
  );
  try {
    await session.opened;
    signal?.throwIfAborted();
    return session;
  } catch (error) {
    await session.close();
    signal?.throwIfAborted();
    throw error;
  } finally {
    cancel();
    signal?.removeEventListener("abort", aborted);
  }
}
