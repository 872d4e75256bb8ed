/** Has every copy of every table recount its rows, table by table, and compares them. */
import type { ClusterAdmin } from "../../client/api.ts";
import type { Answer } from "../../protocol/messages.ts";
import { Progress } from "../progress.ts";
import type { View } from "../views.ts";
import type { JobPort } from "./follow_job.ts";

/** A large table takes its time on every copy. */
const TABLE_MS_MAX = 3_600_000;

export interface Verified {
  readonly view: View;
  readonly answer: Answer<"verifyTables">;
  /** Every copy was reached, and agrees. */
  readonly isWell: boolean;
}

export async function verifyTables(
  admin: ClusterAdmin,
  port: JobPort,
  table: string | null,
  signal: AbortSignal,
): Promise<Verified> {
  const limits = { timeoutMs: TABLE_MS_MAX, signal };
  const { tables: known } = await admin.master("meta", {}, { signal });
  const names = table === null ? known.map(({ name }) => name) : [table];
  const progress = new Progress(port, "verify", { total: names.length, unit: "tables" });
  const tables: Answer<"verifyTables">["tables"][number][] = [];
  try {
    for (const name of names) {
      await progress.add(0, name);
      const answer = await admin.master("verifyTables", { table: name }, limits);
      tables.push(...answer.tables);
      await progress.add(1, name);
    }
  } finally {
    await progress.end();
  }
  return verified({ tables });
}

function verified(answer: Answer<"verifyTables">): Verified {
  const copies = answer.tables.flatMap(({ table, region, copies }) =>
    copies.map((copy) => ({ table, region, ...copy }))
  );
  const bad = copies.filter(({ verdict }) => verdict !== "agrees");
  const isWell = bad.length === 0;
  const counted = `${copies.length} ${copies.length === 1 ? "copy" : "copies"} of ` +
    `${answer.tables.length} ${answer.tables.length === 1 ? "table" : "tables"} recounted`;
  return {
    view: {
      headline: isWell
        ? `OK  ${counted}: all agree`
        : `NOT WELL  ${counted}: ${bad.length} ${bad.length === 1 ? "does" : "do"} not agree`,
      headings: ["TABLE", "REGION", "COPY", "VERDICT", "ROWS ", "POSITION ", "MS ", "WHY"],
      rows: copies.map(({ table, region, rid, verdict, rows, seq, ms, why }) => [
        table,
        region,
        `r${rid}`,
        verdict,
        rows === null ? "-" : String(rows),
        seq === null ? "-" : String(seq),
        ms === null ? "-" : String(Math.round(ms)),
        why ?? "",
      ]),
    },
    answer,
    isWell,
  };
}
