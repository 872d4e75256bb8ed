/** What a statement is and touches, seen from its text alone: its kind, its tables, its limits. */
import { sqlError } from "../protocol/errors.ts";
import { Cursor } from "./cursor.ts";
import type { Token } from "./lexer.ts";
import {
  categoryOf,
  kindAt,
  type StatementCategory,
  type StatementKind,
} from "./statement_kind.ts";
import { type Block, emptyBlock, type TableRef, type TableUse, TableWalk } from "./table_walk.ts";

export interface Classification {
  readonly kind: StatementKind;
  readonly category: StatementCategory;
  /** Each table named in the statement, once for each role it has. */
  readonly tables: readonly TableUse[];
  /** LIMIT and ORDER BY of the statement itself, not of queries inside it. */
  readonly hasLimit: boolean;
  readonly hasOrderBy: boolean;
  /** Somewhere in it, rows are cut off by LIMIT in no said order. */
  readonly hasLooseLimit: boolean;
  /** A query that locks rows, or that puts its result into a file or variables. */
  readonly locking: boolean;
  readonly into: boolean;
}

/**
 * Classifies one statement; a `;` may end it. Raises MySQL's syntax error where the text is not
 * one, as far as must be read to know the tables.
 */
export function classify(sql: string, tokens?: readonly Token[]): Classification {
  const cursor = new Cursor(sql, tokens);
  while (cursor.take(";"));
  if (cursor.done) throw sqlError(1065, "42000", "Query was empty");
  const walk = new TableWalk(cursor);
  const block = emptyBlock();
  const kind = new Classifier(cursor, walk, block).statement();
  return {
    kind,
    category: categoryOf(kind),
    tables: walk.uses,
    hasLimit: block.limit,
    hasOrderBy: block.orderBy,
    hasLooseLimit: walk.looseLimits > 0 || (block.limit && !block.orderBy),
    locking: block.locking,
    into: block.into,
  };
}

const INSERT_OPTIONS = ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"];
const CHANGE_OPTIONS = ["LOW_PRIORITY", "QUICK", "IGNORE"];

class Classifier {
  readonly #cursor: Cursor;
  readonly #walk: TableWalk;
  readonly #block: Block;

  constructor(cursor: Cursor, walk: TableWalk, block: Block) {
    this.#cursor = cursor;
    this.#walk = walk;
    this.#block = block;
  }

  statement(): StatementKind {
    const kind = this.#body();
    // Other kinds may have anything behind what was read, but no second statement.
    if (READ_WHOLE.has(kind) && !this.#cursor.done && !this.#cursor.looksAt(";")) {
      throw this.#cursor.fault();
    }
    // The body of a routine may hold many statements.
    if (kind !== "create_routine" && kind !== "alter_routine") this.#refuseSecondStatement();
    return kind;
  }

  #body(): StatementKind {
    if (this.#cursor.looksAt("(") || this.#cursor.looksAt("WITH")) return this.#query();
    const kind = kindAt(this.#cursor);
    this.#visit(kind);
    return kind;
  }

  /** A statement that begins with a parenthesis or a common table expression. */
  #query(): StatementKind {
    const start = this.#cursor.at;
    if (this.#cursor.looksAt("WITH")) {
      const scope = this.#walk.withClause();
      const kind = kindAt(this.#cursor);
      if (kind === "update") return this.#update(scope), kind;
      if (kind === "delete") return this.#delete(scope), kind;
      this.#walk.query(this.#block, scope);
      return "select";
    }
    if (!this.#walk.startsQuery()) throw this.#cursor.fault();
    this.#cursor.moveTo(start);
    this.#walk.query(this.#block);
    return "select";
  }

  #visit(kind: StatementKind): void {
    switch (kind) {
      case "select":
      case "values":
      case "table":
        return this.#walk.query(this.#block);
      case "insert":
      case "replace":
        return this.#insert();
      case "update":
        return this.#update();
      case "delete":
        return this.#delete();
      case "load":
        return this.#load();
      case "explain":
      case "describe":
        return this.#explain();
      case "do":
      case "set":
      case "call":
        return this.#walk.expressions(() => this.#cursor.looksAt(";"));
      default:
        return visitNames(kind, this.#cursor, this.#walk);
    }
  }

  #insert(): void {
    const cursor = this.#cursor;
    cursor.next();
    while (cursor.takeOneOf(...INSERT_OPTIONS) !== null);
    cursor.take("INTO");
    this.#walk.add({ ...this.#walk.tableName(), role: "written" });
    if (cursor.take("PARTITION", "(")) cursor.skipToClose();
    if (cursor.looksAt("(") && !this.#walk.startsQuery()) {
      cursor.next();
      cursor.skipToClose();
    }
    // VALUES ROW(…) would be a query by itself; behind INSERT it is walked like any expression.
    const values = cursor.looksAt("VALUES") || cursor.looksAt("VALUE") || cursor.looksAt("SET");
    if (!values) this.#walk.query(this.#block);
    this.#walk.expressions(() => cursor.looksAt(";"));
  }

  #update(scope?: ReadonlySet<string>): void {
    const cursor = this.#cursor;
    cursor.expect("UPDATE");
    while (cursor.takeOneOf(...CHANGE_OPTIONS) !== null);
    const refs = this.#walk.tables(scope);
    cursor.expect("SET");
    const targets = this.#assignedTables(refs, scope);
    for (const { database, table } of targets) this.#walk.add({ database, table, role: "written" });
    this.#rest(scope);
  }

  /** The tables whose columns are assigned to. A bare column may be any table's: then all are. */
  #assignedTables(
    refs: readonly TableRef[],
    scope: ReadonlySet<string> | undefined,
  ): readonly TableRef[] {
    const cursor = this.#cursor;
    const real = refs.filter((ref) => !ref.derived);
    const qualifiers: (string | null)[] = [];
    do {
      const parts = [cursor.name()];
      while (cursor.take(".")) parts.push(cursor.name());
      qualifiers.push(parts.at(-2) ?? null);
      if (cursor.takeOneOf("=", ":=") === null) throw cursor.fault();
      this.#walk.expressions(() => cursor.looksAt(",") || this.#atRest(), scope);
    } while (cursor.take(","));
    if (qualifiers.includes(null)) return real;
    return real.filter((ref) => qualifiers.some((qualifier) => sameName(qualifier, ref.alias)));
  }

  #atRest(): boolean {
    const cursor = this.#cursor;
    return cursor.previous.upper !== "." &&
      ["WHERE", "ORDER", "LIMIT", "RETURNING", ";"].includes(cursor.peek().upper);
  }

  #delete(scope?: ReadonlySet<string>): void {
    const cursor = this.#cursor;
    cursor.expect("DELETE");
    while (cursor.takeOneOf(...CHANGE_OPTIONS, "HISTORY") !== null);
    const targetsFirst = !cursor.take("FROM");
    const start = cursor.at;
    const targets = this.#deleteTargets();
    if (targetsFirst ? cursor.take("FROM") : cursor.take("USING")) {
      this.#deleteFrom(targets, this.#walk.tables(scope));
    } else {
      cursor.moveTo(start);
      const refs = this.#walk.tables(scope);
      this.#deleteFrom(refs.map((ref) => ref.alias), refs);
    }
    this.#rest(scope);
  }

  /** `t1, db.t2.*`: the names that the tables to delete from are known by. */
  #deleteTargets(): readonly string[] {
    const cursor = this.#cursor;
    const names: string[] = [];
    do {
      let name = cursor.name();
      while (cursor.take(".")) {
        if (cursor.take("*")) break;
        name = cursor.name();
      }
      names.push(name);
    } while (cursor.take(","));
    return names;
  }

  #deleteFrom(targets: readonly string[], refs: readonly TableRef[]): void {
    for (const target of targets) {
      for (const ref of refs) {
        if (ref.derived || !sameName(target, ref.alias)) continue;
        this.#walk.add({ database: ref.database, table: ref.table, role: "written" });
      }
    }
  }

  /** WHERE, ORDER BY, LIMIT and RETURNING of an UPDATE or DELETE. */
  #rest(scope?: ReadonlySet<string>): void {
    const cursor = this.#cursor;
    this.#walk.expressions(() => {
      if (cursor.previous.upper === ".") return false;
      if (cursor.looksAt("ORDER", "BY")) this.#block.orderBy = true;
      if (cursor.looksAt("LIMIT")) this.#block.limit = true;
      return cursor.looksAt(";");
    }, scope);
  }

  #load(): void {
    const cursor = this.#cursor;
    while (!cursor.done && !cursor.take("INTO", "TABLE")) cursor.next();
    this.#walk.add({ ...this.#walk.tableName(), role: "written" });
    this.#walk.expressions(() => cursor.looksAt(";"));
  }

  /** DESCRIBE of a table, or EXPLAIN of a statement, whose tables are then only looked at. */
  #explain(): void {
    const cursor = this.#cursor;
    const first = cursor.next();
    while (cursor.takeOneOf("EXTENDED", "PARTITIONS", "ANALYZE") !== null);
    if (cursor.take("FORMAT", "=")) cursor.next();
    const inner = kindAt(cursor);
    const query = this.#walk.startsQuery() || inner !== "unknown";
    if (!query) {
      if (cursor.take("FOR", "CONNECTION")) return void cursor.next();
      this.#walk.add({ ...this.#walk.tableName(), role: "read" });
      // A column or a pattern may follow.
      if (!cursor.done && !cursor.looksAt(";")) cursor.next();
      return;
    }
    const walk = new TableWalk(cursor);
    new Classifier(cursor, walk, emptyBlock()).#body();
    // MariaDB's ANALYZE runs the statement; EXPLAIN ANALYZE of MySQL runs queries only.
    const runs = first.upper === "ANALYZE";
    for (const use of walk.uses) this.#walk.add(runs ? use : { ...use, role: "read" });
  }

  #refuseSecondStatement(): void {
    const cursor = this.#cursor;
    while (!cursor.done && !cursor.looksAt(";")) cursor.next();
    while (cursor.take(";"));
    if (!cursor.done) throw cursor.fault();
  }
}

/** Kinds whose whole text was understood: what is left over is a fault. */
const READ_WHOLE: ReadonlySet<StatementKind> = new Set([
  ...["select", "values", "table", "insert", "replace", "update", "delete"] as const,
]);

/** Table names differ by case on most servers, aliases do not; taking one for another is safe here. */
function sameName(a: string | null, b: string): boolean {
  return a !== null && a.toLowerCase() === b.toLowerCase();
}

/** Statements whose tables stand at fixed places. */
function visitNames(kind: StatementKind, cursor: Cursor, walk: TableWalk): void {
  switch (kind) {
    case "create_table":
    case "alter_table":
    case "drop_table":
    case "rename_table":
    case "truncate":
    case "create_index":
    case "drop_index":
      return visitDdl(kind, cursor, walk);
    case "create_view":
    case "alter_view":
      while (!cursor.done && !cursor.take("AS")) cursor.next();
      return walk.query(emptyBlock());
    case "maintain_table":
    case "checksum_table":
      while (!cursor.done && cursor.takeOneOf("TABLE", "TABLES") === null) cursor.next();
      return nameList(cursor, walk, kind === "checksum_table" ? "read" : "written");
    default:
      return;
  }
}

function nameList(cursor: Cursor, walk: TableWalk, role: "read" | "written"): void {
  do walk.add({ ...walk.tableName(), role }); while (cursor.take(","));
}

function visitDdl(kind: StatementKind, cursor: Cursor, walk: TableWalk): void {
  const written = () => walk.add({ ...walk.tableName(), role: "written" });
  if (kind === "create_index" || kind === "drop_index") {
    while (!cursor.done && !cursor.take("ON")) cursor.next();
    return written();
  }
  while (!cursor.done && cursor.takeOneOf("TABLE", "TABLES") === null) {
    if (kind === "truncate" && cursor.at > 0) break;
    cursor.next();
  }
  while (cursor.takeOneOf("IF", "NOT", "EXISTS") !== null);
  if (kind === "drop_table") return nameList(cursor, walk, "written");
  written();
  if (kind === "rename_table") return renames(cursor, walk);
  if (kind === "create_table" || kind === "alter_table") otherTables(kind, cursor, walk);
}

function renames(cursor: Cursor, walk: TableWalk): void {
  do {
    if (cursor.previous.upper === ",") walk.add({ ...walk.tableName(), role: "written" });
    if (cursor.take("WAIT")) cursor.next();
    cursor.expect("TO");
    walk.add({ ...walk.tableName(), role: "written" });
  } while (cursor.take(","));
}

/** The tables that a CREATE or ALTER TABLE refers to, copies from or renames to. */
function otherTables(kind: StatementKind, cursor: Cursor, walk: TableWalk): void {
  if (kind === "create_table" && (cursor.take("LIKE") || cursor.take("(", "LIKE"))) {
    return walk.add({ ...walk.tableName(), role: "read" });
  }
  while (!cursor.done) {
    const atQuery = cursor.looksAt("SELECT") || cursor.looksAt("WITH") || cursor.looksAt("VALUES");
    if (kind === "create_table" && atQuery && walk.startsQuery() && !insideOptions(cursor)) {
      walk.query(emptyBlock());
    } else if (cursor.take("REFERENCES")) {
      walk.add({ ...walk.tableName(), role: "read" });
    } else if (kind === "alter_table" && cursor.take("RENAME")) {
      if (cursor.looksAt("COLUMN") || cursor.looksAt("INDEX") || cursor.looksAt("KEY")) continue;
      cursor.takeOneOf("TO", "AS", "=");
      walk.add({ ...walk.tableName(), role: "written" });
    } else {
      cursor.next();
    }
  }
}

/** `WITH SYSTEM VERSIONING`, `WITH PARSER` and `VALUES LESS THAN` begin no query. */
function insideOptions(cursor: Cursor): boolean {
  const second = cursor.peek(1).upper;
  return ["SYSTEM", "PARSER", "LESS", "IN", "VALIDATION"].includes(second);
}
