/** Moves a query's rows from the database to the client, once they may go. */
import type { Clock } from "../../ports/clock.ts";
import type { Row } from "../../protocol/values.ts";
import type { RowsOut } from "./rows_out.ts";
import type { Reading } from "./statement.ts";

export interface Pumped {
  readonly clock: Clock;
  readonly out: RowsOut;
  /** Resolves when rows may go; rejects when they may not, and reading ends with that. */
  readonly leave: Promise<unknown>;
  /** Sees all rows as they come. */
  readonly onRows?: (rows: readonly Row[]) => void;
}

/** Ending a query by force is hard on the database: most are over before. */
const GRACE_MS = 250;

/**
 * Starts reading at once. What comes before `leave` is given is held back, as far as that may grow;
 * then reading waits. A failure of the query too is told only to whom its rows might be.
 */
export async function pump(
  start: (signal: AbortSignal) => Reading,
  { clock, out, leave, onRows }: Pumped,
): Promise<Reading> {
  const refused = new AbortController();
  let mayGo = false;
  let callOff = () => {};
  const refuse = () => {
    callOff = clock.after(GRACE_MS, () => refused.abort());
  };
  leave.then(() => mayGo = true, refuse);
  try {
    const reading = start(refused.signal);
    out.head(await reading.columns);
    for await (const rows of reading) {
      onRows?.(rows);
      await out.take(rows);
      if (!mayGo && !out.isFull) continue;
      await leave;
      await out.open();
    }
    await leave;
    await out.open();
    return reading;
  } catch (error) {
    // An abort from outside settles `leave` as well.
    await leave;
    throw error;
  } finally {
    callOff();
  }
}
