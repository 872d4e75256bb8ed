/** Which tables and names are taken by jobs that run. */
import { array, object } from "../base/shape.ts";
import { type JobRecord, tableName } from "../protocol/model.ts";
import type { ClusterView } from "./view.ts";

const altered = object({
  tables: array(tableName),
  renames: array(object({ from: tableName, to: tableName })),
});

/** The job that creates, alters or drops a table just now; null for none. */
export function workOn(view: ClusterView, table: string): JobRecord | null {
  return view.jobs.find((job) => {
    if (job.state !== "running") return false;
    const { kind, request, subject } = job;
    if (kind === "alter_table") return altered.fits(request) && request.tables.includes(table);
    return (kind === "create_table" || kind === "drop_table") && subject === table;
  }) ?? null;
}

/** Whether a table is about to be called so. */
export function isReserved(view: ClusterView, name: string): boolean {
  return view.jobs.some(({ state, kind, request }) =>
    state === "running" && kind === "alter_table" && altered.fits(request) &&
    request.renames.some(({ to }) => to === name)
  );
}
