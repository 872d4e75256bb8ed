/** Expressions in the definition of a table: defaults, conditions, generated columns. */
import { sqlError } from "../../protocol/errors.ts";
import { lex } from "../../sql/lexer.ts";
import { literalSql } from "./ddl_new_column.ts";
import type { ExpressionUse, TranslatedExpression, TranslateExpression } from "./ddl_sql.ts";
import type { ColumnModel } from "./schema_model.ts";
import type { SqlValue } from "./types.ts";
import { asTruth } from "./translate_coerce.ts";
import { columnType } from "./translate_column_type.ts";
import { ExpressionTranslator } from "./translate_expression.ts";
import { plainPlace } from "./translate_from.ts";
import { parseExpression } from "./translate_parse_statement.ts";
import { newContext } from "./translate_query.ts";
import { type Clause, Scope, type ScopeColumn } from "./translate_scope.ts";
import { quotedName } from "./translate_value.ts";

const CLAUSES: Readonly<Record<ExpressionUse, Clause>> = {
  default: "DEFAULT",
  check: "CHECK",
  generated: "GENERATED ALWAYS AS",
};

/** Puts expressions of definitions into SQLite's SQL, for a database of this name. */
export function translateDefinition(database: string): TranslateExpression {
  return (sql, columns, use) => translate({ sql, columns, use, database });
}

interface Definition {
  readonly sql: string;
  readonly columns: readonly ColumnModel[];
  readonly use: ExpressionUse;
  readonly database: string;
}

function translate({ sql, columns, use, database }: Definition): TranslatedExpression {
  if (use !== "default") refuseInconstant(sql, CLAUSES[use]);
  const context = newContext(sql, { database, table: () => null, view: () => null });
  const place = { ...plainPlace(scopeOf(columns)), clause: CLAUSES[use] };
  const value = new ExpressionTranslator(context).value(parseExpression(sql), place);
  if (use !== "default" && value.volatile) throw notAllowed(sql, CLAUSES[use]);
  const text = use === "check" ? asTruth(value) : value.sql;
  return { sql: withValues(text, context.parameters.values), kind: value.type.kind };
}

function scopeOf(columns: readonly ColumnModel[]): Scope {
  const named = columns.map((column): ScopeColumn => ({
    name: column.name,
    sql: quotedName(column.name),
    type: columnType(column),
    table: "",
    invisible: column.invisible,
  }));
  const table = { name: "", database: null, base: null, columns: named, rowid: null };
  return new Scope(null, [table], named.filter((column) => !column.invisible));
}

/** Functions whose answer depends on when, where or by whom they are asked. */
const INCONSTANT = new Set(
  `NOW CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP SYSDATE CURDATE CURRENT_DATE CURTIME CURRENT_TIME
  UTC_DATE UTC_TIME UTC_TIMESTAMP RAND UUID UUID_SHORT USER CURRENT_USER SESSION_USER SYSTEM_USER
  DATABASE SCHEMA VERSION CONNECTION_ID LAST_INSERT_ID ROW_COUNT FOUND_ROWS SLEEP BENCHMARK GET_LOCK
  RELEASE_LOCK LOAD_FILE`.split(/\s+/),
);
/** Of those, the ones that are called without parentheses. */
const BARE = new Set(
  `CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP CURRENT_DATE CURRENT_TIME UTC_DATE UTC_TIME
  UTC_TIMESTAMP CURRENT_USER`.split(/\s+/),
);

/** What a row is must not change by itself, so conditions and columns may not ask such things. */
function refuseInconstant(sql: string, clause: Clause): void {
  const tokens = lex(sql).filter((token) => token.kind !== "space" && token.kind !== "comment");
  tokens.forEach((token, at) => {
    const called = tokens[at + 1]?.upper === "(";
    const isCall = token.kind === "word" && INCONSTANT.has(token.upper) &&
      (called || BARE.has(token.upper));
    const noArguments = token.upper === "UNIX_TIMESTAMP" && tokens[at + 2]?.upper === ")";
    const isQuery = token.kind === "word" && token.upper === "SELECT";
    const isVariable = token.kind === "user_variable" || token.kind === "system_variable";
    if (isCall || noArguments || isQuery || isVariable) {
      throw notAllowed(isCall ? `${token.text.toLowerCase()}()` : token.text, clause);
    }
  });
}

function notAllowed(what: string, clause: Clause): Error {
  return sqlError(
    1901,
    "HY000",
    `Function or expression '${what}' cannot be used in the ${clause} clause`,
  );
}

/** A definition is kept as text, so that values stand in it where a statement has parameters. */
function withValues(sql: string, values: readonly SqlValue[]): string {
  return sql.replace(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?(\d+)/g,
    (found, number) =>
      number === undefined ? found : literalSql(values[Number(number) - 1] ?? null),
  );
}
