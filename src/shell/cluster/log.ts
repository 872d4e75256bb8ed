/** A table's replication log, as its primary keeps it: who changed what, and what it came to. */
import type { ClusterAdmin } from "../../client/api.ts";
import { type EntryBody, entryBodyShape } from "../../protocol/entry.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Answer } from "../../protocol/messages.ts";
import { moment, type View } from "../views.ts";

export interface LogOptions {
  /** The first position to show; the last entries where there is none. */
  readonly from: number | null;
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface LogSeen {
  readonly view: View;
  readonly answer: Answer<"entries">;
}

export async function seeLog(
  admin: ClusterAdmin,
  table: string,
  { from, limit, signal }: LogOptions,
): Promise<LogSeen> {
  const route = await admin.locate(table);
  if (route === null) {
    throw new MinisqlError("NO_SUCH_TABLE", `Table '${table}' doesn't exist`);
  }
  const server = route.primary ?? route.slaves[0];
  if (server === undefined) {
    throw new MinisqlError("UNAVAILABLE", `Cannot read the log of ${table}: no copy is online`);
  }
  const request = { region: route.region, limit, ...(from === null ? {} : { from }) };
  const answer = await admin.server(server, "entries", request, { signal });
  const tables = route.tables.length === 1 ? "" : `, shared by ${route.tables.join(", ")}`;
  const headline = `Region ${route.region}${tables}, as r${server.rid} keeps it: ` +
    `from position ${answer.first} on, committed up to ${answer.committed}`;
  return { view: logView(headline, answer), answer };
}

export function logView(headline: string, { entries }: Answer<"entries">): View {
  return {
    headline,
    headings: ["POSITION ", "EPOCH ", "TIME", "ROWS ", "STATEMENT", "FINGERPRINT AFTER"],
    rows: entries.flatMap(({ seq, epoch, body }) => {
      const place = [String(seq), String(epoch)];
      return linesOf(body).map((line, at) => [...(at === 0 ? place : ["", ""]), ...line]);
    }),
  };
}

type Line = readonly [time: string, rows: string, statement: string, fingerprint: string];

function linesOf(text: string): readonly Line[] {
  const body = parse(text);
  if (body === null) return [["", "", brief(text), ""]];
  switch (body.kind) {
    case "change":
      return changeLines(body);
    case "schema":
      return [[moment(body.at), "", brief(body.sql), `job ${body.job}`]];
    case "schema_done":
      return [[moment(body.at), "", schemaOutcome(body), fingerprints(body.fingerprints)]];
  }
}

/** An entry of a later version is shown as it is. */
function parse(text: string): EntryBody | null {
  try {
    const value: unknown = JSON.parse(text);
    return entryBodyShape.fits(value) ? value : null;
  } catch {
    return null;
  }
}

/** More of an entry, and of a statement, is in the answer itself. */
const STATEMENTS_SHOWN_MAX = 5;
const STATEMENT_LENGTH_MAX = 100;

/** A line for each statement; the fingerprints are those after the last. */
function changeLines(body: Extract<EntryBody, { kind: "change" }>): readonly Line[] {
  const { statements, at } = body;
  const shown = statements.slice(0, STATEMENTS_SHOWN_MAX);
  const hidden = statements.slice(shown.length);
  const lines = shown.map(({ sql, affected }): [string, string] => [String(affected), brief(sql)]);
  if (hidden.length > 0) {
    const affected = hidden.reduce((sum, statement) => sum + statement.affected, 0);
    lines.push([String(affected), `… and ${hidden.length} more statements`]);
  }
  if (lines.length === 0) lines.push(["", "-"]);
  return lines.map(([affected, sql], index) => [
    index === 0 ? moment(at) : "",
    affected,
    sql,
    index === lines.length - 1 ? fingerprints(body.fingerprints) : "",
  ]);
}

function brief(sql: string): string {
  const line = sql.replace(/\s+/g, " ");
  if (line.length <= STATEMENT_LENGTH_MAX) return line;
  const more = line.length - STATEMENT_LENGTH_MAX;
  return `${line.slice(0, STATEMENT_LENGTH_MAX).toWellFormed()}… (${more} more)`;
}

function schemaOutcome({ outcome }: Extract<EntryBody, { kind: "schema_done" }>): string {
  if (outcome.errno === null) return "schema changed";
  return `schema unchanged: ERROR ${outcome.errno} (${outcome.sqlState}): ${outcome.message}`;
}

type Fingerprints = Extract<EntryBody, { kind: "change" }>["fingerprints"];

/** `orders 12 rows 4711/9b2c01aa`: how many, the sum of their checksums, the schema's hash. */
function fingerprints(tables: Fingerprints): string {
  return Object.entries(tables).map(([table, { rows, sum, schema }]) =>
    `${table} ${rows} ${rows === 1 ? "row" : "rows"} ${sum}/${schema}`
  ).join("; ");
}
