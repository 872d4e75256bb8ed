/** One moment of the database, and where the regions read stand in it. */
import type { EngineSession, Fingerprint } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { readApplied } from "../books.ts";

/** A region that is read, and the tables whose content must be vouched for. */
export interface Looked {
  readonly region: string;
  readonly tables: readonly string[];
}

/** What the moment says of a region. */
export interface View {
  readonly seq: number;
  /** The kept fingerprints of the tables asked for, in their order; null for none. */
  readonly fingerprints: readonly (Fingerprint | null)[];
  /** A schema change is being run: what there is may be ahead of the position. */
  readonly isChanging: boolean;
}

/** Begins a transaction that sees one moment. The caller ends it, also where this rejects. */
export async function openSnapshot(
  session: EngineSession,
  looked: readonly Looked[],
): Promise<readonly View[]> {
  await session.begin("snapshot");
  const views: View[] = [];
  for (const { region, tables } of looked) views.push(await view(session, region, tables));
  return views;
}

async function view(
  session: EngineSession,
  region: string,
  tables: readonly string[],
): Promise<View> {
  const applied = await readApplied(session, region);
  if (applied === null) {
    throw new MinisqlError(
      "NO_REGION",
      `Cannot read region ${region}: there is no copy of it here`,
    );
  }
  const { seq, state } = applied;
  if (state === "copying") {
    const why = "its copy here is being made anew";
    throw new MinisqlError("BEHIND", `Cannot read region ${region} here: ${why}`);
  }
  if (state === "emptying") throw new Changing(region, seq);
  const fingerprints: (Fingerprint | null)[] = [];
  for (const table of tables) fingerprints.push(await session.fingerprint(table));
  return { seq, fingerprints, isChanging: state === "changing" };
}

/** What is read cannot be told apart from what a schema change is making of it. */
export class Changing extends MinisqlError {
  readonly region: string;
  /** Behind it the change is over. */
  readonly seq: number;

  constructor(region: string, seq: number) {
    const why = "the schema of its tables is being changed here";
    super("BEHIND", `Cannot read region ${region} here at the moment: ${why}`);
    this.region = region;
    this.seq = seq;
  }
}

/** Errors of a read that say nothing of the rows: the moment has passed, or the session was stale. */
export function isWorthAnotherTry(error: unknown, session: EngineSession): boolean {
  if (!(error instanceof MinisqlError)) return false;
  return !session.usable || (error.code === "SQL" && error.errno === TABLE_CHANGED);
}

/** "Table definition has changed, please retry transaction". */
const TABLE_CHANGED = 1412;

/** A read that broke off has happened nowhere: there is nothing to be unsure of. */
export function readFault(error: unknown): unknown {
  if (!(error instanceof MinisqlError) || error.code !== "OUTCOME_UNKNOWN") return error;
  const why = `Cannot read: the database was lost on the way: ${error.message}`;
  return new MinisqlError("UNAVAILABLE", why, { cause: error });
}

/** For whoever goes on where a position was not reached in time. */
export function unlessBehind(error: unknown): void {
  if (!(error instanceof MinisqlError) || error.code !== "BEHIND") throw error;
}
