/** Reads whole statements on rows: queries, INSERT, REPLACE, UPDATE, DELETE. */
import { sqlError } from "../../protocol/errors.ts";
import { Cursor } from "../../sql/cursor.ts";
import type { Token } from "../../sql/lexer.ts";
import type {
  Assignment,
  DeleteStatement,
  Expr,
  InsertStatement,
  Node,
  RowStatement,
  TableName,
  UpdateStatement,
} from "./translate_ast.ts";
import { parseTableName, parseTables } from "./translate_parse_from.ts";
import { QueryParser } from "./translate_parse_query.ts";
import { atQuery, parenthesised, unsupported } from "./translate_parse_reader.ts";

/** The tree of one statement; null when it is of another kind (DDL, SHOW, SET, …). */
export function parseStatement(sql: string, tokens?: readonly Token[]): RowStatement | null {
  const cursor = new Cursor(sql, tokens);
  while (cursor.take(";"));
  if (cursor.done) throw sqlError(1065, "42000", "Query was empty");
  const statement = new StatementParser(cursor).statement();
  if (statement === null) return null;
  while (cursor.take(";"));
  if (!cursor.done) throw cursor.fault();
  return statement;
}

/** One expression that is the whole text, as in DEFAULT (…), CHECK (…) and AS (…). */
export function parseExpression(sql: string): Expr {
  const cursor = new Cursor(sql);
  const expr = new QueryParser(cursor).expressions.expr();
  if (!cursor.done) throw cursor.fault();
  return expr;
}

class StatementParser {
  readonly #cursor: Cursor;
  readonly #queries: QueryParser;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
    this.#queries = new QueryParser(cursor);
  }

  statement(): RowStatement | null {
    switch (this.#cursor.peek().upper) {
      case "SELECT":
      case "VALUES":
      case "(":
        return { kind: "query", query: this.#queries.query() };
      case "WITH":
        return this.#with();
      case "INSERT":
      case "REPLACE":
        return this.#insert();
      case "UPDATE":
        return this.#update();
      case "DELETE":
        return this.#delete();
      case "TABLE":
        throw unsupported("Cannot run TABLE: write SELECT * FROM it");
      default:
        return null;
    }
  }

  /** WITH stands before queries, UPDATE and DELETE alike. */
  #with(): RowStatement {
    const cursor = this.#cursor;
    const from = cursor.at;
    const common = this.#queries.with();
    const { upper } = cursor.peek();
    if (upper === "UPDATE") return { ...this.#update(), ...withOf(common) };
    if (upper === "DELETE") return { ...this.#delete(), ...withOf(common) };
    cursor.moveTo(from);
    return { kind: "query", query: this.#queries.query() };
  }

  #insert(): InsertStatement {
    const cursor = this.#cursor;
    const replace = cursor.next().upper === "REPLACE";
    cursor.takeOneOf("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY");
    const ignore = !replace && cursor.take("IGNORE");
    cursor.take("INTO");
    const table = parseTableName(this.#queries);
    const { columns, source } = this.#insertSource();
    const alias = this.#rowAlias();
    const onDuplicate = !replace && cursor.take("ON", "DUPLICATE", "KEY", "UPDATE")
      ? this.#assignments()
      : [];
    if (cursor.looksAt("RETURNING")) throw unsupported("Cannot run RETURNING: read the rows after");
    return { kind: "insert", replace, ignore, table, columns, source, alias, onDuplicate };
  }

  #insertSource(): Pick<InsertStatement, "columns" | "source"> {
    const cursor = this.#cursor;
    if (cursor.take("SET")) {
      const set = this.#assignments();
      return {
        columns: set.map((each) => each.column),
        source: { kind: "rows", rows: [set.map((each) => each.value)] },
      };
    }
    const named = cursor.looksAt("(") && !atQuery(cursor, 1);
    const columns = named ? this.#columnList() : null;
    if (cursor.takeOneOf("VALUES", "VALUE") !== null) {
      return { columns, source: { kind: "rows", rows: this.#rows() } };
    }
    return { columns, source: { kind: "query", query: this.#queries.query() } };
  }

  #columnList(): readonly Node<"column">[] {
    const cursor = this.#cursor;
    return parenthesised(cursor, () => {
      const columns: Node<"column">[] = [];
      if (cursor.looksAt(")")) return columns;
      do columns.push(this.#columnName()); while (cursor.take(","));
      return columns;
    });
  }

  #columnName(): Node<"column"> {
    const cursor = this.#cursor;
    const from = cursor.at;
    const names = [cursor.name()];
    while (names.length < 3 && cursor.take(".")) names.push(cursor.name());
    const [name = "", table = null, database = null] = names.toReversed();
    const fields = { database, table, name };
    return this.#queries.expressions.node("column", from, fields) as Node<"column">;
  }

  #rows(): readonly (readonly Expr[])[] {
    const cursor = this.#cursor;
    const rows: (readonly Expr[])[] = [];
    do {
      cursor.take("ROW");
      const row = parenthesised(
        cursor,
        () => cursor.looksAt(")") ? [] : this.#queries.expressions.exprList(),
      );
      rows.push(row);
    } while (cursor.take(","));
    return rows;
  }

  #rowAlias(): InsertStatement["alias"] {
    const cursor = this.#cursor;
    if (!cursor.take("AS")) return null;
    const name = cursor.name();
    return { name, columns: cursor.looksAt("(") ? this.#queries.nameList() : null };
  }

  #assignments(): readonly Assignment[] {
    const cursor = this.#cursor;
    const list: Assignment[] = [];
    do {
      const column = this.#columnName();
      if (!cursor.take("=")) cursor.expect(":=");
      list.push({ column, value: this.#queries.expressions.expr() });
    } while (cursor.take(","));
    return list;
  }

  #update(): UpdateStatement {
    const cursor = this.#cursor;
    cursor.expect("UPDATE");
    cursor.take("LOW_PRIORITY");
    const ignore = cursor.take("IGNORE");
    const from = parseTables(this.#queries);
    cursor.expect("SET");
    const set = this.#assignments();
    const rest = this.#rest(from.kind !== "table");
    return { kind: "update", ignore, with: [], recursive: false, from, set, ...rest };
  }

  /** WHERE, ORDER BY and LIMIT; the latter two only where a single table is changed. */
  #rest(joined: boolean): Pick<UpdateStatement, "where" | "orderBy" | "limit"> {
    const cursor = this.#cursor;
    const where = cursor.take("WHERE") ? this.#queries.expressions.expr() : null;
    const orderBy = joined ? [] : this.#queries.orderBy();
    if (joined) return { where, orderBy, limit: null };
    if (!cursor.take("LIMIT")) return { where, orderBy, limit: null };
    const token = cursor.next();
    if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw cursor.fault(token);
    return { where, orderBy, limit: { count: BigInt(token.text), offset: 0n } };
  }

  #delete(): DeleteStatement {
    const cursor = this.#cursor;
    cursor.expect("DELETE");
    cursor.take("LOW_PRIORITY");
    cursor.take("QUICK");
    const ignore = cursor.take("IGNORE");
    const common = { kind: "delete", ignore, with: [], recursive: false } as const;
    if (!cursor.take("FROM")) {
      const targets = this.#targets();
      cursor.expect("FROM");
      const from = parseTables(this.#queries);
      return { ...common, targets, from, ...this.#rest(true) };
    }
    const at = cursor.at;
    const targets = this.#targets();
    if (cursor.take("USING")) {
      const from = parseTables(this.#queries);
      return { ...common, targets, from, ...this.#rest(true) };
    }
    cursor.moveTo(at);
    const from = parseTables(this.#queries);
    if (from.kind !== "table") throw cursor.fault();
    return { ...common, targets: null, from, ...this.#rest(false) };
  }

  #targets(): readonly TableName[] {
    const cursor = this.#cursor;
    const targets: TableName[] = [];
    do {
      targets.push(parseTableName(this.#queries));
      // `t.*` is an old way to name the table.
      cursor.take(".", "*");
    } while (cursor.take(","));
    return targets;
  }
}

function withOf(
  common: ReturnType<QueryParser["with"]>,
): Pick<UpdateStatement, "with" | "recursive"> {
  return { with: common.tables, recursive: common.recursive };
}
