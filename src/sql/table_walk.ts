/** A walk over a query's tokens that finds the tables in it, wherever they are. */
import { MinisqlError } from "../protocol/errors.ts";
import type { Cursor } from "./cursor.ts";

export type TableRole = "read" | "written";

export interface TableUse {
  /** The database named in front of the table, or null for the session's own. */
  readonly database: string | null;
  readonly table: string;
  readonly role: TableRole;
}

/** A table in a FROM list, with the name that the rest of the statement knows it by. */
export interface TableRef {
  readonly database: string | null;
  readonly table: string;
  readonly alias: string;
  /** A derived table or a common table expression: nothing that could be written to. */
  readonly derived: boolean;
}

/** Words that end a FROM list when they stand where a table or an alias could. */
const AFTER_TABLES = new Set([
  ...["WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "INTO"],
  ...["FOR", "LOCK", "WINDOW", "SET", "PROCEDURE", "RETURNING", "FETCH", "VALUES", "VALUE"],
  ...["SELECT", "WITH"],
]);

/** Words that go on with a join: none of them is an alias. */
const JOIN_WORDS = new Set([
  ...["JOIN", "INNER", "CROSS", "LEFT", "RIGHT", "NATURAL", "STRAIGHT_JOIN", "FULL", "OUTER"],
  ...["ON", "USING", "USE", "FORCE", "IGNORE", "PARTITION", "AS", "TABLESAMPLE"],
]);

const SET_OPERATIONS = ["UNION", "EXCEPT", "INTERSECT"];
const QUERY_STARTS = new Set(["SELECT", "WITH", "VALUES", "TABLE"]);

/** What is worth knowing of one query block: of a whole statement, or of one inside another. */
export interface Block {
  limit: boolean;
  orderBy: boolean;
  /** FOR UPDATE, FOR SHARE or LOCK IN SHARE MODE. */
  locking: boolean;
  /** INTO OUTFILE, INTO DUMPFILE, INTO variables. */
  into: boolean;
}

export function emptyBlock(): Block {
  return { limit: false, orderBy: false, locking: false, into: false };
}

/** Deeper than people and programs write, and well within what the stack holds. */
const NESTING_MAX = 500;

/** Names of common table expressions that can be seen from where the walk is. */
type Scope = ReadonlySet<string>;
const NO_NAMES: Scope = new Set();

export class TableWalk {
  readonly #cursor: Cursor;
  readonly #uses: TableUse[] = [];
  #depth = 0;
  /** Blocks inside the statement that cut their rows off without saying in which order. */
  looseLimits = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** Each table once for each role, in the order they appear. */
  get uses(): readonly TableUse[] {
    const seen = new Set<string>();
    return this.#uses.filter((use) => {
      const key = JSON.stringify([use.database, use.table, use.role]);
      return seen.size < seen.add(key).size;
    });
  }

  add(use: TableUse): void {
    this.#uses.push(use);
  }

  /** A table's name, with or without its database. */
  tableName(): { readonly database: string | null; readonly table: string } {
    // ODBC writes `.t` for a table of the session's own database.
    this.#cursor.take(".");
    const first = this.#cursor.name();
    if (!this.#cursor.take(".")) return { database: null, table: first };
    return { database: first, table: this.#cursor.name() };
  }

  startsQuery(): boolean {
    let ahead = 0;
    while (this.#cursor.peek(ahead).upper === "(") ahead++;
    const { kind, upper } = this.#cursor.peek(ahead);
    return kind === "word" && QUERY_STARTS.has(upper);
  }

  /** A whole query expression: WITH, set operations, parentheses, ORDER BY, LIMIT. */
  query(block: Block, scope: Scope = NO_NAMES): void {
    const inner = this.withClause(scope);
    this.#queryTerm(block, inner);
    while (this.#cursor.takeOneOf(...SET_OPERATIONS) !== null) {
      this.#cursor.takeOneOf("ALL", "DISTINCT");
      this.#queryTerm(block, inner);
    }
    this.#tail(block, inner);
  }

  /** Takes a WITH clause where there is one, and answers with the names seen behind it. */
  withClause(scope: Scope = NO_NAMES): Scope {
    const cursor = this.#cursor;
    if (!cursor.take("WITH")) return scope;
    const recursive = cursor.take("RECURSIVE");
    let names = scope;
    do {
      const name = cursor.name().toLowerCase();
      const seenInside = recursive ? new Set([...names, name]) : names;
      if (cursor.take("(")) cursor.skipToClose();
      cursor.expect("AS", "(");
      this.#subquery(seenInside);
      // CYCLE … RESTRICT follows a recursive expression in MariaDB.
      if (cursor.take("CYCLE")) { while (!cursor.take("RESTRICT")) cursor.name(); }
      names = new Set([...names, name]);
    } while (cursor.take(","));
    return names;
  }

  #queryTerm(block: Block, scope: Scope): void {
    const cursor = this.#cursor;
    if (cursor.take("(")) {
      this.#deeper(() => this.query(block, scope));
      cursor.expect(")");
    } else if (cursor.take("TABLE")) {
      this.#read(this.tableName(), scope);
    } else if (cursor.looksAt("SELECT") || cursor.looksAt("VALUES")) {
      this.#select(block, scope);
    } else {
      throw cursor.fault();
    }
  }

  #select(block: Block, scope: Scope): void {
    const cursor = this.#cursor;
    cursor.next();
    while (!this.#atQueryEnd()) {
      if (this.#keyword("FROM")) {
        cursor.next();
        if (!cursor.take("DUAL")) this.tables(scope);
      } else if (this.#keyword("INTO")) {
        // It may stand before FROM as well as at the end.
        block.into = true;
        cursor.next();
      } else if (this.#atTail()) {
        this.#tail(block, scope);
        return;
      } else {
        this.#expressionToken(scope);
      }
    }
  }

  /** ORDER BY, LIMIT, INTO and locking, up to the end of the query. */
  #tail(block: Block, scope: Scope): void {
    if (!this.#atTail() && !this.#keyword("INTO")) return;
    const before = block.limit && !block.orderBy;
    while (!this.#atQueryEnd()) {
      if (this.#keyword("ORDER")) block.orderBy = true;
      else if (this.#keyword("LIMIT") || this.#keyword("FETCH")) block.limit = true;
      else if (this.#keyword("INTO")) block.into = true;
      else if (this.#keyword("FOR") || this.#keyword("LOCK")) block.locking = true;
      this.#expressionToken(scope);
    }
    if (block.limit && !block.orderBy && !before) this.looseLimits++;
  }

  #atTail(): boolean {
    return this.#keyword("ORDER") || this.#keyword("LIMIT") || this.#keyword("FOR") ||
      this.#keyword("LOCK") || this.#keyword("FETCH");
  }

  #atQueryEnd(): boolean {
    const cursor = this.#cursor;
    if (cursor.done || cursor.looksAt(")") || cursor.looksAt(";")) return true;
    return SET_OPERATIONS.some((word) => this.#keyword(word)) || this.#atDuplicateClause();
  }

  /** What may stand behind the query of an INSERT … SELECT. */
  #atDuplicateClause(): boolean {
    return this.#cursor.looksAt("ON", "DUPLICATE") || this.#keyword("RETURNING");
  }

  /** Whether the next token is the word as a keyword, and not the part of a name after its dot. */
  #keyword(word: string): boolean {
    const token = this.#cursor.peek();
    return token.kind === "word" && token.upper === word && this.#cursor.previous.upper !== ".";
  }

  /** Steps over one token of an expression, or over a whole pair of parentheses. */
  #expressionToken(scope: Scope): void {
    if (this.#cursor.take("(")) this.#parenthesis(scope);
    else this.#cursor.next();
  }

  /** Behind an opening parenthesis in an expression: a subquery, or more of the expression. */
  #parenthesis(scope: Scope): void {
    this.#deeper(() => this.startsQuery() ? this.#subquery(scope) : this.#group(scope));
  }

  /** Keeps hostile nesting from running out of stack. */
  #deeper(walk: () => void): void {
    if (++this.#depth > NESTING_MAX) {
      throw new MinisqlError(
        "UNSUPPORTED",
        `Cannot read the statement: parentheses are nested more than ${NESTING_MAX} deep`,
      );
    }
    walk();
    this.#depth--;
  }

  #subquery(scope: Scope): void {
    this.query(emptyBlock(), scope);
    this.#cursor.expect(")");
  }

  #group(scope: Scope): void {
    while (!this.#cursor.take(")")) {
      if (this.#cursor.done) throw this.#cursor.fault();
      this.#expressionToken(scope);
    }
  }

  /** Walks expressions until `ends` says that the next token is not theirs, or the text ends. */
  expressions(ends: () => boolean, scope: Scope = NO_NAMES): void {
    while (!this.#cursor.done && !this.#cursor.looksAt(")") && !ends()) {
      this.#expressionToken(scope);
    }
  }

  /** A list of tables and joins, and all of them as references. */
  tables(scope: Scope = NO_NAMES): readonly TableRef[] {
    const refs: TableRef[] = [];
    const cursor = this.#cursor;
    this.#tableFactor(refs, scope);
    for (;;) {
      if (this.#atDuplicateClause()) return refs;
      if (cursor.take(",") || this.#joinOperator()) {
        this.#tableFactor(refs, scope);
      } else if (cursor.take("ON")) {
        this.expressions(() => this.#endsJoinCondition(), scope);
      } else if (cursor.take("USING", "(")) {
        cursor.skipToClose();
      } else {
        return refs;
      }
    }
  }

  #joinOperator(): boolean {
    let at = 0;
    while (JOIN_OPERATORS.has(this.#cursor.peek(at).upper)) at++;
    const last = this.#cursor.peek(at - 1).upper;
    if (at === 0 || (last !== "JOIN" && last !== "STRAIGHT_JOIN")) return false;
    for (; at > 0; at--) this.#cursor.next();
    return true;
  }

  #endsJoinCondition(): boolean {
    const token = this.#cursor.peek();
    if (this.#cursor.previous.upper === ".") return false;
    if (token.upper === "," || token.upper === "}" || token.upper === ";") return true;
    if (token.kind !== "word") return false;
    // LEFT( and RIGHT( are functions.
    const called = this.#cursor.peek(1).upper === "(";
    if (JOIN_OPERATORS.has(token.upper)) return !called || token.upper.endsWith("JOIN");
    return AFTER_TABLES.has(token.upper) && !(called && VALUE_FUNCTIONS.has(token.upper));
  }

  #tableFactor(refs: TableRef[], scope: Scope): void {
    const cursor = this.#cursor;
    cursor.take("LATERAL");
    if (cursor.take("{")) {
      cursor.name();
      this.#deeper(() => refs.push(...this.tables(scope)));
      cursor.expect("}");
    } else if (cursor.take("(")) {
      this.#deeper(() => this.#parenthesizedFactor(refs, scope));
    } else if (cursor.looksAt("JSON_TABLE", "(")) {
      cursor.next();
      cursor.next();
      this.#group(scope);
      refs.push(derived(this.#alias()));
    } else {
      this.#namedTable(refs, scope);
    }
  }

  #parenthesizedFactor(refs: TableRef[], scope: Scope): void {
    if (!this.startsQuery()) {
      refs.push(...this.tables(scope));
      this.#cursor.expect(")");
      return;
    }
    const at = this.#cursor.at;
    // `((select 1) x join t)` begins like a query and is a join.
    const before = this.#uses.length;
    const loose = this.looseLimits;
    this.query(emptyBlock(), scope);
    if (!this.#cursor.take(")")) {
      this.#cursor.moveTo(at);
      this.#uses.length = before;
      this.looseLimits = loose;
      refs.push(...this.tables(scope));
      this.#cursor.expect(")");
      return;
    }
    const alias = this.#alias();
    if (this.#cursor.take("(")) this.#cursor.skipToClose();
    refs.push(derived(alias));
  }

  #namedTable(refs: TableRef[], scope: Scope): void {
    const cursor = this.#cursor;
    const name = this.tableName();
    const own = this.#read(name, scope);
    if (cursor.take("PARTITION", "(")) cursor.skipToClose();
    if (cursor.take("FOR", "SYSTEM_TIME")) this.#systemTime(scope);
    const alias = this.#alias();
    this.#indexHints();
    refs.push({ ...name, alias: alias === "" ? name.table : alias, derived: !own });
  }

  #systemTime(scope: Scope): void {
    if (this.#cursor.take("ALL")) return;
    this.#cursor.take("AS", "OF");
    this.expressions(() => this.#endsJoinCondition() || this.#keyword("AS"), scope);
  }

  #indexHints(): void {
    const cursor = this.#cursor;
    while (
      cursor.peek(1).upper === "INDEX" || cursor.peek(1).upper === "KEY"
    ) {
      if (cursor.takeOneOf("USE", "FORCE", "IGNORE") === null) return;
      while (!cursor.take("(")) {
        if (cursor.done) throw cursor.fault();
        cursor.next();
      }
      cursor.skipToClose();
    }
  }

  /** An alias, or nothing. */
  #alias(): string {
    const cursor = this.#cursor;
    if (cursor.take("AS")) return cursor.next().value;
    const token = cursor.peek();
    if (token.kind === "quoted_name") return cursor.next().value;
    if (token.kind !== "word" || AFTER_TABLES.has(token.upper) || JOIN_WORDS.has(token.upper)) {
      return "";
    }
    return cursor.next().value;
  }

  /** Notes that a table is read; false where the name is a common table expression's. */
  #read(name: { database: string | null; table: string }, scope: Scope): boolean {
    if (name.database === null && scope.has(name.table.toLowerCase())) return false;
    this.add({ ...name, role: "read" });
    return true;
  }
}

const JOIN_OPERATORS = new Set([
  ...["NATURAL", "LEFT", "RIGHT", "FULL", "OUTER", "INNER", "CROSS", "JOIN", "STRAIGHT_JOIN"],
]);

/** Keywords that are functions too when a parenthesis follows. */
const VALUE_FUNCTIONS = new Set(["VALUES", "VALUE"]);

function derived(alias: string): TableRef {
  return { database: null, table: alias, alias, derived: true };
}
