/** A statement read once: what it is, which tables it needs, and so who is to run it. */
import { READ_LEVELS, type ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { bind, type Parameter } from "../sql/bind.ts";
import { type Classification, classify } from "../sql/classify.ts";
import type { DdlStatement } from "../sql/ddl/model.ts";
import { parseDdl } from "../sql/ddl/parser.ts";
import { guard, scopeOf } from "../sql/guard/guard.ts";
import type { GuardFacts } from "../sql/guard/schema.ts";
import { lex, type Token } from "../sql/lexer.ts";
import { tableLookedUp } from "../sql/lookup.ts";
import { type ConditionsShow, readShow, type Show, tellsOfSchema } from "./show.ts";

/** A schema change that the master orders; TRUNCATE is a write like others. */
export type Definition = Exclude<DdlStatement, { readonly kind: "truncate" }>;

export type Plan =
  | {
    readonly to: "replica";
    readonly tables: readonly string[];
    /** What the text itself asks for, or its kind can do with only. */
    readonly level: ReadLevel | null;
  }
  | {
    readonly to: "primary";
    readonly tables: readonly string[];
    /** It ends a transaction that is open, as MySQL has it. */
    readonly commitsFirst: boolean;
  }
  /** Names no table: any region server can run it. */
  | { readonly to: "any" }
  | { readonly to: "master"; readonly definition: Definition }
  | { readonly to: "list"; readonly show: Show & { readonly kind: "tables" } }
  /** SHOW WARNINGS: about the statement before it. */
  | { readonly to: "diagnostics"; readonly show: ConditionsShow }
  /** SET, USE, BEGIN and their kin. */
  | { readonly to: "session" };

export interface Statement {
  readonly sql: string;
  readonly kind: Classification["kind"];
  readonly plan: Plan;
  readonly usesLastInsertId: boolean;
  /** Its placeholders. */
  readonly parameters: readonly Token[];
}

/** What can be known of a cluster by somebody who has only the text. */
export const NO_FACTS: GuardFacts = { database: null, server: null, table: () => null };

/**
 * Reads a text without executable comments. Raises what MySQL would for one that it could not
 * read, and the guard's refusal of one that no server would run.
 */
export function readStatement(sql: string): Statement {
  const tokens = lex(sql);
  const statement = classify(sql, tokens);
  requireOwnTables(sql, statement);
  return {
    sql,
    kind: statement.kind,
    plan: planOf(sql, tokens, statement),
    usesLastInsertId: tokens.some(isLastInsertId),
    parameters: tokens.filter(({ kind }) => kind === "parameter"),
  };
}

/**
 * The same for a query of one table in plain words, as most reads are; null for any other. It says no
 * more than `readStatement` would, and sooner.
 */
export function glance(sql: string): Statement | null {
  const table = tableLookedUp(sql);
  if (table === null || NEEDS_A_CLOSER_LOOK.test(sql)) return null;
  const plan = { to: "replica", tables: [table], level: null } as const;
  return { sql, kind: "select", plan, usesLastInsertId: false, parameters: [] };
}

/** Tables that are not for clients, and what may stand for LAST_INSERT_ID(). */
const NEEDS_A_CLOSER_LOOK = /_minisql|last_insert_id/i;

/** The statement with its parameters filled in. */
export function bound(statement: Statement, params: readonly Parameter[]): Statement {
  const { parameters } = statement;
  if (params.length === 0 && parameters.length === 0) return statement;
  const sql = bind(statement.sql, params, parameters);
  const { to } = statement.plan;
  // These have been read further than where parameters may stand.
  return to === "master" || to === "list"
    ? readStatement(sql)
    : { ...statement, sql, parameters: [] };
}

function planOf(sql: string, tokens: readonly Token[], statement: Classification): Plan {
  const tables = [...new Set(statement.tables.map(({ table }) => table))];
  switch (statement.kind) {
    case "select":
    case "values":
    case "table":
    case "describe":
    case "explain":
    case "checksum_table":
    case "help":
      return tables.length === 0
        ? { to: "any" }
        : { to: "replica", tables, level: levelOf(tokens, statement) };
    case "show":
      return planShow(readShow(sql, tokens));
    case "insert":
    case "replace":
    case "update":
    case "delete":
      return { to: "primary", tables, commitsFirst: false };
    case "truncate":
      return { to: "primary", tables, commitsFirst: true };
    case "create_table":
    case "drop_table":
      requireRepeatable(sql);
      return { to: "master", definition: readDefinition(sql) };
    case "alter_table":
    case "rename_table":
    case "create_index":
    case "drop_index":
      return { to: "master", definition: readDefinition(sql) };
    case "set":
    case "set_transaction":
    case "use":
    case "begin":
    case "commit":
    case "rollback":
    case "savepoint":
    case "rollback_to":
    case "release":
      return { to: "session" };
    default:
      requireRepeatable(sql);
      throw new MinisqlError("UNSUPPORTED", "Cannot run this statement: what it does is not known");
  }
}

function planShow(show: Show): Plan {
  switch (show.kind) {
    case "tables":
      return { to: "list", show };
    case "table":
      return { to: "replica", tables: [show.table], level: "fast" };
    case "conditions":
      return { to: "diagnostics", show };
    case "server":
      return { to: "any" };
  }
}

function readDefinition(sql: string): Definition {
  const definition = parseDdl(sql);
  if (definition !== null && definition.kind !== "truncate") return definition;
  throw new MinisqlError("UNSUPPORTED", "Cannot run this statement: it is on no table");
}

/** Raises the guard's refusal. It is asked only for what it judges by the text alone. */
function requireRepeatable(sql: string): void {
  const verdict = guard(sql, NO_FACTS);
  if (verdict.kind === "refused") throw verdict.error;
}

/** Raises the guard's refusal of tables in another database, or in minisql's own. */
function requireOwnTables(sql: string, { tables }: Classification): void {
  const isForeign = tables.some(({ database, table }) =>
    database !== null || table.toLowerCase().startsWith("_minisql")
  );
  if (isForeign) scopeOf(sql, NO_FACTS);
}

function isLastInsertId({ kind, upper, value }: Token): boolean {
  return kind === "word" && upper === "LAST_INSERT_ID" ||
    kind === "system_variable" && /(^|\.)(last_insert_id|identity)$/i.test(value);
}

const HINT = /\bminisql_read\s*\(\s*([^)]*?)\s*\)/i;

/** The level that a hint comment asks for, or the only one that makes sense. */
function levelOf(tokens: readonly Token[], statement: Classification): ReadLevel | null {
  if (statement.locking) return "latest";
  if (tellsOfSchema(statement.kind)) return "fast";
  for (const { kind, text } of tokens) {
    if (kind !== "comment" || !text.startsWith("/*+")) continue;
    const named = HINT.exec(text)?.[1];
    if (named !== undefined) return readLevel(named);
  }
  return null;
}

export function readLevel(named: string): ReadLevel {
  const level = READ_LEVELS.find((each) => each === named.toLowerCase());
  if (level !== undefined) return level;
  throw new MinisqlError(
    "BAD_REQUEST",
    `Cannot read at the level ${JSON.stringify(named)}: it must be one of ${
      READ_LEVELS.join(", ")
    }`,
  );
}
