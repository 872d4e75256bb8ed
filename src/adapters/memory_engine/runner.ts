/** Statements as text, on tables that are given, with tables that come of them. */
import type { Rows, RunOptions } from "../../ports/engine.ts";
import type { DdlStatement } from "../../sql/ddl/model.ts";
import { parseDdl } from "../../sql/ddl/parser.ts";
import { MysqlRandom } from "../sqlite/functions_random.ts";
import { noSuchTable } from "../sqlite/schema_errors.ts";
import { tableSchema } from "../sqlite/schema_port.ts";
import { refuseControl } from "../sqlite/session_other.ts";
import type {
  DeleteStatement,
  InsertStatement,
  SelectStatement,
  UpdateStatement,
} from "../sqlite/translate_ast.ts";
import { parseStatement } from "../sqlite/translate_parse_statement.ts";
import { type Change, type ChangeOptions, insert, remove, update } from "./change.ts";
import { DATABASE, type MemoryDatabase } from "./database.ts";
import { define, type Tables } from "./define.ts";
import type { Facts } from "./evaluate.ts";
import { select } from "./query.ts";
import type { Table } from "./table.ts";
import { unsupported } from "./values.ts";

type ChangeStatement = InsertStatement | UpdateStatement | DeleteStatement;

export type Statement =
  | { readonly kind: "query"; readonly query: SelectStatement["query"] }
  | { readonly kind: "change"; readonly change: ChangeStatement }
  /** SHOW CREATE TABLE. */
  | { readonly kind: "show"; readonly table: string }
  | { readonly kind: "definition"; readonly definition: DdlStatement };

/** MySQL's generator takes its seeds from this range. */
const SEED_LIMIT = 0x3fff_ffff;
const KEPT_MAX = 5000;
const SHOW_CREATE = /^\s*SHOW\s+CREATE\s+TABLE\s+`?(.*?)`?\s*;?\s*$/is;

/** The same text runs on every copy, so it is read once for all of them. */
const kept = new Map<string, Statement>();

const NOTHING = { affected: 0, insertId: null };

export class Runner {
  readonly #database: MemoryDatabase;
  #lastInsertId = 0;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  parse(sql: string): Statement {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    refuseControl(sql);
    const statement = parse(sql);
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(sql, statement);
    return statement;
  }

  query(
    { query }: Extract<Statement, { kind: "query" }>,
    tables: Tables,
    options: RunOptions,
  ): Rows {
    const found = select(query, (name) => tableOf(tables, name), this.#facts(options));
    return { ...found, result: NOTHING };
  }

  /** The table as it would be made again, with the number its next row gets. */
  show({ table }: Extract<Statement, { kind: "show" }>, tables: Tables): Rows {
    const { model, nextId } = tableOf(tables, table);
    const next = BigInt(Math.max(nextId, this.#database.drawn(table)));
    const columns = ["Table", "Create Table"].map((name) => ({ name, kind: "text" } as const));
    return { columns, rows: [[table, tableSchema(model, next).createSql]], result: NOTHING };
  }

  change(
    { change }: Extract<Statement, { kind: "change" }>,
    tables: Tables,
    options: RunOptions,
  ): { readonly tables: Tables; readonly rows: Rows } {
    const name = nameOf(change);
    const { context = {}, copying = false } = options;
    const { table, result, firstId } = this.#run(change, {
      facts: this.#facts(options),
      insertId: context.insertId === undefined ? null : Number(context.insertId),
      drawn: this.#database.drawn(name),
      copying,
      database: DATABASE,
      tableOf: (each) => tableOf(tables, each),
    });
    if (firstId !== null) this.#lastInsertId = firstId;
    if (context.insertId === undefined) this.#database.draw(name, table.nextId);
    const isSame = tables.get(name) === table;
    const rows = { columns: [], rows: [], result };
    return { tables: isSame ? tables : new Map(tables).set(name, table), rows };
  }

  #run(statement: ChangeStatement, options: ChangeOptions): Change {
    switch (statement.kind) {
      case "insert":
        return insert(statement, options);
      case "update":
        return update(statement, options);
      case "delete":
        return remove(statement, options);
    }
  }

  define(
    { definition }: Extract<Statement, { kind: "definition" }>,
    tables: Tables,
    options: RunOptions,
  ): { readonly tables: Tables; readonly rows: Rows } {
    const defined = define(tables, definition, {
      database: DATABASE,
      facts: this.#facts(options),
      foreignKeyChecks: true,
    });
    for (const [name, table] of tables) {
      if (defined.get(name) !== table) this.#database.forgetDrawn(name);
    }
    return {
      tables: defined,
      rows: { columns: [], rows: [], result: { ...NOTHING, warnings: 0 } },
    };
  }

  #facts({ context = {} }: RunOptions): Facts {
    const { clock, random } = this.#database;
    const { timestampMicros, lastInsertId, randSeed1, randSeed2 } = context;
    let generator: MysqlRandom | null = null;
    const seed = () => Math.floor(random.next() * SEED_LIMIT);
    return {
      nowMicros: timestampMicros ?? clock.wallMicros(),
      lastInsertId: lastInsertId === undefined ? this.#lastInsertId : Number(lastInsertId),
      entropy: random,
      get random() {
        return generator ??= new MysqlRandom(randSeed1 ?? seed(), randSeed2 ?? seed());
      },
    };
  }
}

function parse(sql: string): Statement {
  const shown = SHOW_CREATE.exec(sql);
  if (shown !== null) return { kind: "show", table: (shown[1] ?? "").replaceAll("``", "`") };
  const rows = parseStatement(sql);
  if (rows?.kind === "query") return { kind: "query", query: rows.query };
  if (rows !== null) return { kind: "change", change: rows };
  const definition = parseDdl(sql);
  if (definition === null) throw unsupported(`the statement ${sql.slice(0, 40)}`);
  return { kind: "definition", definition };
}

function nameOf(statement: ChangeStatement): string {
  if (statement.kind === "insert") return statement.table.name;
  return statement.from.kind === "table" ? statement.from.table.name : "";
}

function tableOf(tables: Tables, name: string): Table {
  const table = tables.get(name);
  if (table === undefined) throw noSuchTable(DATABASE, name);
  return table;
}
