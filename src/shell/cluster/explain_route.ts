/** `EXPLAIN ROUTE`: where a statement would run, why there, and what would be voted on. */
import type { ClusterAdmin } from "../../client/api.ts";
import { statementOf, type TableUse } from "../../client/sql_text.ts";
import type { ReadLevel } from "../../protocol/calls/region.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Route, ServerRef } from "../../protocol/model.ts";
import type { View } from "../views.ts";

export async function explainRoute(
  admin: ClusterAdmin,
  sql: string,
  read: ReadLevel,
): Promise<View> {
  const statement = statementOf(sql);
  if (statement === null) {
    throw new MinisqlError("BAD_REQUEST", "Cannot explain the route: that is no SQL statement");
  }
  const uses = distinct(statement.tables);
  const routes = await Promise.all(uses.map(({ table }) => admin.locate(table)));
  const isRead = statement.category === "read" && !statement.locking;
  const rows = uses.map((use, at) => {
    const route = routes[at] ?? null;
    if (route === null) return [use.table, ...NOWHERE];
    if (statement.category === "ddl") return [use.table, ...place(route), ...ofSchema(route)];
    return [use.table, ...place(route), ...(isRead ? ofRead(route, read) : ofWrite(route))];
  });
  const regions = new Set(routes.flatMap((route) => route?.region ?? []));
  const isWhole = regions.size < 2 || routes.includes(null);
  return {
    headline: "",
    headings: ["TABLE", "REGION", "EPOCH ", "STATE", "RUNS ON", "CHECKED AGAINST", "WHY"],
    rows: rows.length === 0
      ? [WITHOUT_TABLES]
      : isWhole
      ? rows
      : [...rows, ...await together(admin, { sql, read, isRead, regions: [...regions] })],
  };
}

const NOWHERE = ["-", "-", "-", "-", "-", "there is no such table"];
const WITHOUT_TABLES = ["-", "-", "-", "-", "any server", "-", "it names no table"];

/** A table once, as written where it is that too. */
function distinct(uses: readonly TableUse[]): readonly TableUse[] {
  const byName = new Map<string, TableUse>();
  for (const use of uses) {
    if (!byName.has(use.table) || use.role === "written") byName.set(use.table, use);
  }
  return [...byName.values()];
}

function place({ region, epoch, state }: Route): readonly string[] {
  return [region, String(epoch), state.replace("_", "-")];
}

function ofRead({ primary, slaves }: Route, read: ReadLevel): readonly string[] {
  const all = [...(primary === null ? [] : [primary]), ...slaves];
  if (all.length === 0) return ["-", "-", "no copy is online"];
  if (read === "latest") {
    return primary === null
      ? ["-", "-", "reads of level latest need the primary, and there is none"]
      : [names([primary]), "-", "level latest: the primary, which first makes sure that it is it"];
  }
  const readers = slaves.length > 0 ? slaves : all;
  const where = slaves.length > 0 ? "copies in sync take turns" : "only the primary is in sync";
  switch (read) {
    case "fast":
      return [names(readers), "-", `level fast: ${where}; one that holds our last write`];
    case "voted":
      return [names(readers), names(all), `level voted: ${where}; a majority of fingerprints`];
    case "recount":
      return [names(all), names(all), "level recount: each runs it; a majority of results"];
  }
}

function ofWrite({ primary, slaves, state }: Route): readonly string[] {
  if (primary === null) return ["-", "-", "there is no primary now"];
  const acknowledging = names([primary, ...slaves]);
  const why = state === "writable"
    ? "the primary, done when every copy in sync has it on disk"
    : "the primary, but too few copies are in sync: it waits or is refused";
  return [names([primary]), acknowledging, why];
}

function ofSchema({ primary, slaves }: Route): readonly string[] {
  const all = [...(primary === null ? [] : [primary]), ...slaves];
  return [names(all), names(all), "the master's job: on all copies, schema hashes compared"];
}

function names(servers: readonly ServerRef[]): string {
  return servers.length === 0 ? "-" : servers.map(({ rid }) => `r${rid}`).join(" ");
}

interface Together {
  readonly sql: string;
  readonly read: ReadLevel;
  readonly isRead: boolean;
  readonly regions: readonly string[];
}

type Line = readonly string[];

/** Several regions: where the tables come together, and what is sent about for that. */
async function together(
  admin: ClusterAdmin,
  { sql, read, isRead, regions }: Together,
): Promise<readonly Line[]> {
  const all = (runsOn: string, why: string): Line => [
    ...["(all)", regions.join(" "), "-", "-"],
    ...[runsOn, "-", why],
  ];
  if (!isRead) return [all("-", "refused: a statement changes tables of one region only")];
  const plan = await admin.gathering(sql, read).catch(refusal);
  if (plan instanceof MinisqlError) return [all("-", `refused: ${plan.message}`)];
  if (plan === null) return [all("-", "on a server that holds all of them")];
  const size = `${plan.rowsMax} rows and ${plan.bytesMax / MIB} MiB`;
  const why = `no server holds all of them: it runs with ${plan.regions.join(" and ")}, and ` +
    `the others' rows are gathered there, ${size} at most`;
  return [
    ...plan.pieces.map(({ region, rid, table, columns, where }): Line => {
      const chosen = where === null ? "any row" : `rows where ${where}`;
      const whole = `${chosen}, columns ${columns.join(", ")}`;
      return [
        `(${table})`,
        region,
        "-",
        "-",
        `r${plan.rid}`,
        "-",
        `gathered from r${rid}: ${whole}`,
      ];
    }),
    all(`r${plan.rid}`, why),
  ];
}

const MIB = 1024 * 1024;

function refusal(error: unknown): MinisqlError {
  if (error instanceof MinisqlError && error.code === "UNSUPPORTED") return error;
  throw error;
}
