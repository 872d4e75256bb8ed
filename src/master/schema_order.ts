/** Changing the tables of a region that lives: its primary does it, on all copies, through the log. */
import { GiveUp } from "./jobs.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer } from "../protocol/messages.ts";
import { quoteName } from "../sql/names.ts";
import type { WorkDeps } from "./work.ts";

export interface SchemaOrder {
  readonly region: string;
  /** It is done once for this job, however often it is ordered, whichever server is the primary. */
  readonly job: string;
  readonly sql: string;
}

/** A large table is rebuilt on every copy. */
const CHANGE_MS = 3_600_000;

/** Answers the region's tables as they are then. */
export async function changeSchema(
  { view, zk, orders }: Pick<WorkDeps, "view" | "zk" | "orders">,
  order: SchemaOrder,
  signal: AbortSignal,
): Promise<Answer<"changeTable">["tables"]> {
  const node = await zk.region(order.region);
  if (node === null) throw new GiveUp("NO_REGION", `Region ${order.region} is no more`);
  view.putRegion(node.value, node.version);
  const { primary } = node.value;
  if (primary === null) {
    const why = `Region ${order.region} has no primary now, and its tables cannot be changed`;
    throw new MinisqlError("UNAVAILABLE", why);
  }
  const options = { signal, timeoutMs: CHANGE_MS };
  return (await orders.give(primary, "changeTable", order, options)).tables;
}

/** Takes a table from all copies of a region that lives on. */
export async function dropFromRegion(
  deps: Pick<WorkDeps, "view" | "zk" | "orders">,
  { region, job, table }: Omit<SchemaOrder, "sql"> & { readonly table: string },
  signal: AbortSignal,
): Promise<void> {
  const sql = `DROP TABLE IF EXISTS ${quoteName(table)}`;
  await changeSchema(deps, { region, job, sql }, signal);
}
