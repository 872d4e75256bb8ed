/** A compare-and-set whose outcome is found out where the answer was lost. */
import { invariant } from "../base/assert.ts";
import type { Clock } from "../ports/clock.ts";
import { CoordinatorError, type NodeValue, type Session } from "../ports/coordinator.ts";

export interface Change {
  readonly path: string;
  /** What the node is to hold, as JSON; the nonce is written beside it. */
  readonly value: Readonly<Record<string, unknown>>;
  /** The version that was seen when the change was decided on. */
  readonly version: number;
  /** Drawn for this change alone: by it the change is known again. */
  readonly nonce: string;
}

export interface CompareAndSetOptions {
  /** How long the outcome is looked for, once an answer was lost; two sessions by default. */
  readonly limitMs?: number;
  /** Ends the looking early. */
  readonly signal?: AbortSignal;
}

/** Before a set is sent again, so that a service which refuses is not hammered. */
const REPEAT_DELAY_MS = 20;

interface Deps {
  readonly session: Session;
  readonly clock: Clock;
}

/**
 * Replaces the node's data if its version is still `change.version`, and returns the new version.
 *
 * `bad_version` and `no_node` say that the node does not hold this change; where an answer was lost
 * and others have written more than once since, it may have held it in between, and whoever
 * replaced it may have seen it. `connection_loss` and `session_ended` say that the outcome was not
 * found out. Anything else says that nothing was changed.
 */
export async function compareAndSet(
  { session, clock }: Deps,
  change: Change,
  options: CompareAndSetOptions = {},
): Promise<number> {
  invariant(!("nonce" in change.value), `the value for ${change.path} has a nonce of its own`);
  const data = JSON.stringify({ ...change.value, nonce: change.nonce });
  try {
    return await session.set(change.path, data, change.version);
  } catch (error) {
    if (!isLost(error)) throw error;
    return await findOut({ session, clock }, { ...change, data }, error, options);
  }
}

/**
 * The set is sent again, with the same version. Versions only rise, so of the two at most one can
 * ever be applied, however late the first arrives:
 *
 * - The second succeeds. The first was not applied before, and cannot be any more.
 * - The second is answered `bad_version`. Somebody has written since. A write that fails is a
 *   barrier (see the port), so what is read next is not older than this answer, even on a server
 *   that lags: it shows the write that used up the version, or a later one. With this change's
 *   nonce it was the first set, and it is still in force; without, it is not in force.
 *
 * To read first and then decide would not do: a lagging server shows the version untouched both
 * when the set was lost and when it was applied a moment ago.
 */
async function findOut(
  { session, clock }: Deps,
  change: Change & { readonly data: string },
  lost: CoordinatorError,
  { limitMs = 2 * session.timeoutMs, signal }: CompareAndSetOptions,
): Promise<number> {
  const until = clock.now() + limitMs;
  let latest = lost;
  while (await canRepeat({ session, clock }, until, signal)) {
    try {
      return await session.set(change.path, change.data, change.version);
    } catch (error) {
      if (isCode(error, "no_node")) throw error;
      if (isCode(error, "bad_version")) {
        const held = await heldVersion(session, change);
        if (held === "other") throw error;
        if (held !== "unread") return held;
      } else {
        if (!(error instanceof CoordinatorError) || error.code === "session_ended") throw error;
        latest = error;
      }
    }
  }
  const what = `Cannot set ${change.path} at version ${change.version}`;
  throw new CoordinatorError(
    "connection_loss",
    `${what}: whether it was done is not known after ${Math.round(limitMs)} ms`,
    latest,
  );
}

/** The version that holds this change; or that another's holds, or that reading failed. */
async function heldVersion(session: Session, change: Change): Promise<number | "other" | "unread"> {
  try {
    const node = await session.get(change.path);
    return nonceOf(node) === change.nonce ? node.version : "other";
  } catch (error) {
    if (!(error instanceof CoordinatorError) || error.code === "session_ended") throw error;
    return error.code === "no_node" ? "other" : "unread";
  }
}

function nonceOf({ data }: NodeValue): unknown {
  try {
    return JSON.parse(data)?.nonce;
  } catch {
    // Not JSON, so certainly not what was written here.
    return undefined;
  }
}

/** Waits for the session to be connected. False when the time is up, or the caller has enough. */
async function canRepeat(
  { session, clock }: Deps,
  until: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  await clock.sleep(Math.max(0, Math.min(REPEAT_DELAY_MS, until - clock.now())));
  while (session.state === "suspended" && clock.now() < until && !signal?.aborted) {
    await stateChange({ session, clock }, until, signal);
  }
  // An ended session says so itself, at the next call.
  return clock.now() < until && !signal?.aborted;
}

/** Resolves at the session's next change of state, when the time is up, or when called off. */
async function stateChange(
  { session, clock }: Deps,
  until: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = () => resolve();
  const unlisten = session.onState(over);
  const cancel = clock.after(until - clock.now(), over);
  signal?.addEventListener("abort", over, { once: true });
  await promise;
  unlisten();
  cancel();
  signal?.removeEventListener("abort", over);
}

function isLost(error: unknown): error is CoordinatorError {
  return isCode(error, "connection_loss") || isCode(error, "refused");
}

function isCode(error: unknown, code: CoordinatorError["code"]): error is CoordinatorError {
  return error instanceof CoordinatorError && error.code === code;
}
