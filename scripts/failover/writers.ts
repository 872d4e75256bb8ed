/** Clients that write all the time: unique ids, and a counter each. */
import type { Client, QueryResult } from "../../src/client/api.ts";
import { ERRORS, MinisqlError } from "../../src/protocol/errors.ts";
import type { Journal, Outcome, Told } from "./journal.ts";

export const TABLE = "work";

export const CREATE_TABLE = `CREATE TABLE ${TABLE} (id BIGINT NOT NULL PRIMARY KEY, ` +
  "writer INT NOT NULL, counter BIGINT NOT NULL)";

/** Ids of different writers are so far apart. The counters' ids are below, one for each writer. */
const IDS_APART = 1_000_000_000;

export function isCounter(id: number): boolean {
  return id < IDS_APART;
}

/** A writer that is refused, say for want of copies in sync, does not ask without a pause. */
const PAUSE_MS = 20;

export async function createCounters(client: Client, writers: number): Promise<void> {
  await client.query(CREATE_TABLE);
  const rows = Array.from({ length: writers }, (_, writer) => `(${writer},${writer},0)`);
  await client.query(`INSERT INTO ${TABLE} VALUES ${rows.join()}`);
}

/** Writes until it is told to end; the statement under way is waited for. */
export async function write(
  writer: number,
  client: Client,
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  const session = client.session();
  const run = async (sql: string): Promise<Told> => {
    const sentAt = performance.now();
    const { outcome, epoch } = await told(session.query(sql));
    const toldAt = performance.now();
    if (outcome !== "done") await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return { writer, sentAt, toldAt, outcome, epoch };
  };
  for (let id = (writer + 1) * IDS_APART; !signal.aborted; id++) {
    journal.insert(id, await run(`INSERT INTO ${TABLE} VALUES (${id},${writer},0)`));
    journal.increment(
      await run(`UPDATE ${TABLE} SET counter = counter + 1 WHERE id = ${writer}`),
    );
  }
  await session.close();
}

async function told(
  answer: Promise<QueryResult>,
): Promise<{ readonly outcome: Outcome; readonly epoch: number | null }> {
  try {
    const { receipt } = await answer;
    return { outcome: "done", epoch: receipt?.epoch ?? null };
  } catch (error) {
    if (!(error instanceof MinisqlError)) throw error;
    return { outcome: ERRORS[error.code].applied === "no" ? "refused" : "unknown", epoch: null };
  }
}
