/**
 * What the log says a copy's tables came to, as of the position applied: a row that was changed while
 * the server was down shows by it, for the database knows of nothing else. Claims that this copy did
 * not come out with, since a majority overruled them, are doubted, and so is all that stands before
 * rows that were copied.
 */
import type { EngineSession, Fingerprint } from "../ports/engine.ts";
import type { EntryBody } from "../protocol/entry.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { readSessions, type SessionBook } from "./books.ts";
import type { RegionCopy } from "./copy.ts";

/** Under which it is kept with the data, as what a client's session was answered is. */
const DOUBT = "doubt:claims";
/** Entries looked back at: a server must not be long in coming up, however many regions it has. */
const LOOKED_AT_MAX = 256;
const AT_ONCE = 64;

/** Says that entries up to `seq` tell nothing of what this copy holds. */
export function doubtBook(seq: number): SessionBook {
  return { session: DOUBT, n: 1, seq, result: "{}" };
}

/** Of each table that the log tells of; nothing is said of the others. */
export async function lastClaims(
  copy: RegionCopy,
  session: EngineSession,
): Promise<ReadonlyMap<string, Fingerprint>> {
  const claims = new Map<string, Fingerprint>();
  const { epoch, seq } = copy.appliedPosition;
  // What is applied is not what the log has there.
  if (copy.deps.log.epochAt(copy.region, seq) !== epoch) return claims;
  const [doubt] = await readSessions(session, copy.region, DOUBT);
  try {
    for await (const body of backwards(copy, doubt?.seq ?? 0)) {
      // Before it tables may have been others.
      if (body.kind === "schema") break;
      for (const [table, claim] of Object.entries(body.fingerprints)) {
        const isSame = copy.history.latest(table)?.schema === claim.schema;
        if (isSame && !claims.has(table)) claims.set(table, claim);
      }
      if (claims.size === copy.tables.length) break;
    }
  } catch (error) {
    // A log that cannot be read is found out by whoever needs it.
    if (!(error instanceof MinisqlError)) throw error;
  }
  return claims;
}

/** What the entries say, from the one applied last back to the one after `doubted`. */
async function* backwards(copy: RegionCopy, doubted: number): AsyncGenerator<EntryBody> {
  const { region, applied, deps: { log } } = copy;
  const first = Math.max(doubted + 1, log.first(region), applied.value - LOOKED_AT_MAX);
  for (let to = applied.value; to >= first; to -= AT_ONCE) {
    const entries = await copy.entries(Math.max(first, to - AT_ONCE + 1), to);
    // Large ones come a few at a time, the oldest first.
    if (entries.at(-1)?.seq !== to) return;
    for (const { body } of entries.toReversed()) yield body;
  }
}
