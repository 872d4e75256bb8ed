/** What of a dump is for the server it was made on, and what is to be done here. */
import { statementOf } from "../../client/sql_text.ts";

export type DumpStep =
  /** A statement to run, on its own or with others of its kind. */
  | { readonly kind: "run"; readonly sql: string }
  /** Rows for this table: may be stored together with the rows beside them. */
  | { readonly kind: "rows"; readonly sql: string; readonly table: string }
  /** Settings of the session, which a later run needs again. */
  | { readonly kind: "set"; readonly sql: string }
  | { readonly kind: "nothing" };

const NOTHING: DumpStep = { kind: "nothing" };
const COMMENT = /^\/\*M?!\d*\s*([^]*?)\*\/$/;
/** What a dump sets and puts back: how the client and its server talk, not what tables hold. */
const OWN_SETTINGS = new Set([
  ...["names", "time_zone", "sql_mode", "sql_notes", "unique_checks", "character_set_client"],
  ...["character_set_results", "collation_connection", "character_set_connection", "autocommit"],
  ...["saved_cs_client", "note_verbosity", "sql_log_bin", "insert_method"],
]);

/** Its database, its locks, its transactions: rows are stored together here in their own way. */
const OF_SERVER =
  /^(?:CREATE\s+(?:DATABASE|SCHEMA)|USE|LOCK\s+TABLES?|UNLOCK\s+TABLES?|BEGIN|START\s+TRANSACTION|COMMIT)\b/i;

/** What stands above a statement for people; comments that a server executes are none of it. */
const REMARKS = /^(?:\s+|--(?=\s|$)[^\n]*|#[^\n]*|\/\*(?!M?!)[^]*?\*\/)+/;

export function withoutRemarks(sql: string): string {
  return sql.replace(REMARKS, "").trim();
}

export function dumpStep(sql: string): DumpStep {
  const own = withoutRemarks(sql);
  if (own === "") return NOTHING;
  const inner = COMMENT.exec(own)?.[1]?.trim();
  if (inner !== undefined && inner.startsWith("\\-")) return NOTHING;
  const text = inner ?? own;
  if (/^SET\s/i.test(text)) return settingsStep(text);
  if (inner !== undefined && /\b(?:DISABLE|ENABLE)\s+KEYS\b/i.test(text)) return NOTHING;
  if (OF_SERVER.test(text)) return NOTHING;
  const statement = statementOf(sql);
  if (statement?.kind !== "insert" && statement?.kind !== "replace") return { kind: "run", sql };
  const written = statement.tables.find(({ role }) => role === "written");
  return { kind: "rows", sql, table: written?.table ?? "" };
}

/** Of all that is set only foreign key checks matter to what is stored. */
function settingsStep(text: string): DumpStep {
  if (/^SET\s+NAMES\b/i.test(text)) return NOTHING;
  const assignments = text.replace(/^SET\s+/i, "").replace(/;$/, "").split(",");
  const kept = assignments.flatMap((assignment) => {
    const match = /^\s*(?:SESSION\s+|GLOBAL\s+|LOCAL\s+)?(@{0,2})([\w.]+)\s*:?=\s*([^]*)$/i.exec(
      assignment,
    );
    if (match === null) return [assignment.trim()];
    const [, signs = "", full = "", value = ""] = match;
    const name = full.toLowerCase().replace(/^(?:session|global|local)\./, "");
    // `@OLD_…` is kept for the end, when it is put back.
    if (signs === "@" || OWN_SETTINGS.has(name)) return [];
    if (name !== "foreign_key_checks") return [assignment.trim()];
    return [`foreign_key_checks = ${value.includes("@") ? "1" : value.trim()}`];
  });
  return kept.length === 0 ? NOTHING : { kind: "set", sql: `SET ${kept.join(", ")}` };
}
