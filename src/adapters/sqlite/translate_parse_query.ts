/** Reads queries: SELECT, VALUES, their combinations, WITH. */
import type { Cursor } from "../../sql/cursor.ts";
import type {
  CommonTable,
  Expr,
  Limit,
  OrderItem,
  Query,
  QueryBody,
  SelectBody,
  SelectItem,
  SetBody,
  WindowSpec,
} from "./translate_ast.ts";
import { parseWindowSpec } from "./translate_parse_call.ts";
import { ExpressionParser } from "./translate_parse_expression.ts";
import { parseFrom } from "./translate_parse_from.ts";
import { parenthesised, unsupported } from "./translate_parse_reader.ts";
import { isKeyword } from "./translate_words.ts";

const SELECT_HINTS = [
  ...["HIGH_PRIORITY", "SQL_SMALL_RESULT", "SQL_BIG_RESULT", "SQL_BUFFER_RESULT", "SQL_NO_CACHE"],
  ...["SQL_CACHE", "STRAIGHT_JOIN", "ALL"],
];

export class QueryParser {
  readonly cursor: Cursor;
  readonly expressions: ExpressionParser;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.expressions = new ExpressionParser(cursor, () => this.query());
  }

  /** A query with WITH, ORDER BY and LIMIT as they belong to it as a whole. */
  query(): Query {
    const from = this.cursor.at;
    const { recursive, tables } = this.with();
    const body = this.#unions();
    const orderBy = this.orderBy();
    const limit = this.limit();
    this.#locking();
    return {
      start: this.cursor.tokens[from]?.start ?? 0,
      end: this.cursor.previous.end,
      recursive,
      with: tables,
      body,
      orderBy,
      limit,
    };
  }

  with(): { readonly recursive: boolean; readonly tables: readonly CommonTable[] } {
    const { cursor } = this;
    if (!cursor.take("WITH")) return { recursive: false, tables: [] };
    const recursive = cursor.take("RECURSIVE");
    const tables: CommonTable[] = [];
    do {
      const name = cursor.name();
      const columns = cursor.looksAt("(") ? this.nameList() : null;
      cursor.expect("AS");
      const query = parenthesised(cursor, () => this.query());
      tables.push({ name, columns, query });
    } while (cursor.take(","));
    return { recursive, tables };
  }

  nameList(): readonly string[] {
    const { cursor } = this;
    return parenthesised(cursor, () => {
      const names = [cursor.name()];
      while (cursor.take(",")) names.push(cursor.name());
      return names;
    });
  }

  orderBy(): readonly OrderItem[] {
    return this.cursor.take("ORDER", "BY") ? this.expressions.orderItems() : [];
  }

  /** `LIMIT n`, `LIMIT offset, n`, `LIMIT n OFFSET offset`. */
  limit(): Limit | null {
    const { cursor } = this;
    if (!cursor.take("LIMIT")) return null;
    const first = this.#wholeNumber();
    if (cursor.take(",")) return { offset: first, count: this.#wholeNumber() };
    return { count: first, offset: cursor.take("OFFSET") ? this.#wholeNumber() : 0n };
  }

  #wholeNumber(): bigint {
    const token = this.cursor.next();
    if (token.kind === "parameter") {
      throw unsupported("Cannot run a statement with `?`: write the values");
    }
    if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw this.cursor.fault(token);
    return BigInt(token.text);
  }

  /** Row locks: the engine locks the whole database for a writer, which is more. */
  #locking(): void {
    const { cursor } = this;
    for (;;) {
      if (cursor.take("LOCK", "IN", "SHARE", "MODE")) continue;
      if (cursor.take("FOR", "UPDATE") || cursor.take("FOR", "SHARE")) {
        if (cursor.take("OF")) {
          do cursor.name(); while (cursor.take(","));
        }
        if (cursor.takeOneOf("NOWAIT", "SKIP") !== null) {
          throw unsupported("Cannot run NOWAIT or SKIP LOCKED: this engine has no row locks");
        }
        continue;
      }
      return;
    }
  }

  /** UNION and EXCEPT from the left; INTERSECT binds tighter. */
  #unions(): QueryBody {
    let left = this.#intersections();
    for (;;) {
      const word = this.cursor.takeOneOf("UNION", "EXCEPT");
      if (word === null) return left;
      const operator = word === "UNION" ? "union" : "except";
      left = this.#combined(operator, left, () => this.#intersections());
    }
  }

  #intersections(): QueryBody {
    let left = this.#operand();
    while (this.cursor.take("INTERSECT")) {
      left = this.#combined("intersect", left, () => this.#operand());
    }
    return left;
  }

  #combined(
    operator: SetBody["operator"],
    left: QueryBody,
    operand: () => QueryBody,
  ): SetBody {
    const all = this.cursor.takeOneOf("ALL", "DISTINCT") === "ALL";
    return { kind: "set", operator, all, left, right: operand() };
  }

  #operand(): QueryBody {
    const { cursor } = this;
    if (cursor.looksAt("(")) {
      const query = parenthesised(cursor, () => this.query());
      const bare = query.with.length === 0 && query.orderBy.length === 0 && query.limit === null;
      return bare ? query.body : { kind: "nested", query };
    }
    if (cursor.take("VALUES")) return this.#values();
    cursor.expect("SELECT");
    return this.#select();
  }

  #values(): QueryBody {
    const rows: (readonly Expr[])[] = [];
    do {
      this.cursor.take("ROW");
      rows.push(parenthesised(this.cursor, () => this.expressions.exprList()));
    } while (this.cursor.take(","));
    return { kind: "values", rows };
  }

  #select(): SelectBody {
    const { cursor } = this;
    let distinct = false;
    for (;;) {
      if (cursor.takeOneOf("DISTINCT", "DISTINCTROW") !== null) distinct = true;
      else if (cursor.takeOneOf(...SELECT_HINTS) === null) break;
    }
    if (cursor.looksAt("SQL_CALC_FOUND_ROWS")) {
      throw unsupported("Cannot run SQL_CALC_FOUND_ROWS: run SELECT COUNT(*) beside the query");
    }
    const items = this.#items();
    this.#refuseInto();
    const from = cursor.take("FROM") ? parseFrom(this) : null;
    const where = cursor.take("WHERE") ? this.expressions.expr() : null;
    const { groupBy, rollup } = this.#groupBy();
    const having = cursor.take("HAVING") ? this.expressions.expr() : null;
    const windows = this.#windows();
    this.#refuseInto();
    return { kind: "select", distinct, items, from, where, groupBy, rollup, having, windows };
  }

  #refuseInto(): void {
    if (this.cursor.looksAt("INTO")) {
      throw unsupported("Cannot run SELECT ... INTO: read the rows and write them from the client");
    }
  }

  #groupBy(): { readonly groupBy: readonly Expr[]; readonly rollup: boolean } {
    const { cursor } = this;
    if (!cursor.take("GROUP", "BY")) return { groupBy: [], rollup: false };
    const groupBy = this.expressions.orderItems();
    const ordered = groupBy.some((item) => item.descending);
    if (ordered) throw unsupported("Cannot run GROUP BY ... DESC: add an ORDER BY");
    return { groupBy: groupBy.map((item) => item.expr), rollup: cursor.take("WITH", "ROLLUP") };
  }

  #windows(): readonly { readonly name: string; readonly spec: WindowSpec }[] {
    const { cursor } = this;
    const windows: { name: string; spec: WindowSpec }[] = [];
    if (!cursor.take("WINDOW")) return windows;
    do {
      const name = cursor.name();
      cursor.expect("AS");
      windows.push({ name, spec: parseWindowSpec(this.expressions) });
    } while (cursor.take(","));
    return windows;
  }

  #items(): readonly SelectItem[] {
    const items: SelectItem[] = [];
    do items.push(this.#item(items.length === 0)); while (this.cursor.take(","));
    return items;
  }

  #item(first: boolean): SelectItem {
    const { cursor } = this;
    if (first && cursor.take("*")) return { star: true, table: null, database: null };
    const star = this.#qualifiedStar();
    if (star !== null) return star;
    const from = cursor.at;
    const expr = this.expressions.expr();
    const text = cursor.textFrom(from);
    const alias = this.itemAlias();
    return alias === null
      ? { star: false, expr, name: itemName(expr, text), aliased: false }
      : { star: false, expr, name: alias, aliased: true };
  }

  #qualifiedStar(): SelectItem | null {
    const { cursor } = this;
    if (!cursor.atName || cursor.peek(1).upper !== ".") return null;
    if (cursor.peek(2).upper === "*") {
      const table = cursor.name();
      cursor.expect(".", "*");
      return { star: true, table, database: null };
    }
    if (cursor.peek(3).upper !== "." || cursor.peek(4).upper !== "*") return null;
    const database = cursor.name();
    cursor.expect(".");
    const table = cursor.name();
    cursor.expect(".", "*");
    return { star: true, table, database };
  }

  /** An alias of a select item, which may be a string. */
  itemAlias(): string | null {
    const { cursor } = this;
    const token = cursor.peek();
    if (cursor.take("AS")) {
      if (cursor.peek().kind === "string") return cursor.next().value;
      if (cursor.peek().kind === "word" && isKeyword(cursor.peek().upper)) throw cursor.fault();
      return cursor.name();
    }
    if (token.kind === "string" || token.kind === "quoted_name") return cursor.next().value;
    return token.kind === "word" && !isKeyword(token.upper) ? cursor.next().value : null;
  }
}

/** The name MySQL gives a column without alias: the name, a string's content, or the text. */
export function itemName(expr: Expr, text: string): string {
  if (expr.kind === "column") return expr.name;
  if (expr.kind !== "literal") return text;
  switch (expr.value.type) {
    case "text":
      return expr.value.text.trimStart();
    case "boolean":
      return expr.value.value ? "TRUE" : "FALSE";
    case "null":
      return "NULL";
    case "integer":
    case "decimal":
    case "double":
      return withoutParentheses(text);
    default:
      return text;
  }
}

/** A number as it was written, without a plus sign and what stands around it. */
function withoutParentheses(text: string): string {
  let bare = text.trim();
  for (;;) {
    if (bare.startsWith("+")) bare = bare.slice(1).trim();
    else if (bare.startsWith("(") && bare.endsWith(")")) bare = bare.slice(1, -1).trim();
    else return bare;
  }
}
