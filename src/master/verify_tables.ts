/** Has the copies of tables recount their rows, and compares them at one position. */
import { MinisqlError } from "../protocol/errors.ts";
import type { CallContext } from "../protocol/handlers.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { RegionState, TableRecord } from "../protocol/model.ts";
import { type CountedCopy, type Fingerprint, judgeCopies } from "./judge_copies.ts";
import type { Reign } from "./reign.ts";

type TableReport = Answer<"verifyTables">["tables"][number];
type CopyReport = TableReport["copies"][number];

/** What one server has counted, and where. */
interface Counted {
  readonly rid: number;
  readonly epoch: number;
  readonly seq: number;
  readonly copy: Answer<"verify">["copies"][number];
}

/** A large table takes its time; the caller's patience is the limit where it says so. */
const COUNT_MS = 3_600_000;
const VOTE_MS = 10_000;

/** One table after the other; the copies of each at the same time. */
export async function verifyTables(
  reign: Reign,
  { table }: Request<"verifyTables">,
  context: CallContext,
): Promise<Answer<"verifyTables">> {
  const { view } = reign;
  const signal = AbortSignal.any([context.signal, reign.signal]);
  const record = table === undefined ? null : view.table(table);
  if (table !== undefined && record === null) {
    const why = `Table '${table}' doesn't exist`;
    throw new MinisqlError("NO_SUCH_TABLE", why, { errno: 1146, sqlState: "42S02" });
  }
  const records = record === null ? view.tables : [record];
  const tables: TableReport[] = [];
  for (const each of records) {
    const state = view.region(each.region)?.state;
    if (state?.state !== "open") continue;
    tables.push(await verifyTable(reign, each, state, signal));
  }
  return { tables };
}

async function verifyTable(
  reign: Reign,
  { name, region }: TableRecord,
  state: RegionState,
  signal: AbortSignal,
): Promise<TableReport> {
  const outcomes = await Promise.all(
    state.replicas.map((rid) => count(reign, rid, region, name, signal)),
  );
  signal.throwIfAborted();
  const counted = outcomes.flatMap(({ found }) => (found === null ? [] : [found]));
  const at = Math.min(...counted.map(({ seq }) => seq));
  const compared = await Promise.all(counted.map(async (each): Promise<CountedCopy> => ({
    rid: each.rid,
    kept: each.copy.kept,
    counted: each.copy.counted,
    at: each.seq === at ? each.copy.kept : await recall(reign, each, region, name, at, signal),
  })));
  signal.throwIfAborted();
  const judged = judgeCopies(compared, state.primary);
  const copies = outcomes.map(({ rid, found, error }): CopyReport => {
    if (found === null) return missing(state, rid, error);
    const { verdict, why } = judged.get(rid) ?? { verdict: "behind", why: null };
    const { kept, counted, ms } = found.copy;
    return { rid, verdict, why, rows: counted.rows, kept, counted, seq: found.seq, ms };
  });
  return { table: name, region, copies };
}

async function count(
  { orders }: Reign,
  rid: number,
  region: string,
  table: string,
  signal: AbortSignal,
): Promise<{ rid: number; found: Counted | null; error: MinisqlError | null }> {
  try {
    const options = { signal, timeoutMs: COUNT_MS };
    const { epoch, seq, copies } = await orders.ask(rid, "verify", { region, table }, options);
    const copy = copies.find((each) => each.table === table);
    if (copy !== undefined) return { rid, found: { rid, epoch, seq, copy }, error: null };
    const why = `Server ${rid} holds no copy of ${table}`;
    return { rid, found: null, error: new MinisqlError("NO_REGION", why) };
  } catch (error) {
    if (!(error instanceof MinisqlError)) throw error;
    return { rid, found: null, error };
  }
}

/** What a copy that has gone further held at that position; null where it is not known any more. */
async function recall(
  { orders }: Reign,
  { rid, epoch }: Counted,
  region: string,
  table: string,
  seq: number,
  signal: AbortSignal,
): Promise<Fingerprint | null> {
  try {
    const request = { region, epoch, seq, tables: [table] };
    const { fingerprints } = await orders.ask(rid, "vote", request, { signal, timeoutMs: VOTE_MS });
    return fingerprints[0] ?? null;
  } catch (error) {
    if (error instanceof MinisqlError) return null;
    throw error;
  }
}

/** A copy that could not count: since it lost, is still being made, or cannot be asked. */
function missing(
  { isr }: RegionState,
  rid: number,
  error: MinisqlError | null,
): CopyReport {
  const isMember = isr.some((member) => member.rid === rid);
  const isBehind = error?.code === "BEHIND" ||
    !isMember && (error?.code === "UNAVAILABLE" || error?.code === "NO_REGION");
  const verdict = error?.code === "DIVERGED" ? "differs" : isBehind ? "behind" : "unreachable";
  const why = error?.message ?? null;
  return { rid, verdict, why, rows: null, kept: null, counted: null, seq: null, ms: null };
}
