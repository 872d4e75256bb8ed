/** The catalog in a MySQL or MariaDB database: the tables of `init.sql`, InnoDB transactions. */
import { crc32Hex } from "../base/crc32.ts";
import type { Catalog, CatalogChange, CatalogState, EventQuery } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RecordedEvent } from "../protocol/events.ts";
import { createDatabase, errnoOf, UNKNOWN_DATABASE } from "./catalog/mysql_faults.ts";
import { MysqlLane } from "./catalog/mysql_lane.ts";
import type { MysqlLink } from "./catalog/mysql_link.ts";
import type { MysqlCatalogOptions } from "./catalog/mysql_options.ts";
import type { SqlRow } from "./catalog/record_table.ts";
import { columnsByTable, isMissing, mysqlSchema, VERSION_SQL } from "./catalog/schema.ts";
import { eventsOf, eventsQuery, stateOf, stateQueries, type StateRows } from "./catalog/state.ts";
import { selectSql, type Statement, type StatementLimits } from "./catalog/statements.ts";
import { CONTROL, type Control, CONTROL_TABLE } from "./catalog/tables.ts";
import {
  controlStatements,
  drawRid,
  fence,
  planChanges,
  readControl,
} from "./catalog/write_plan.ts";

/** Few round trips for thousands of rows, and packets far below any server's limit. */
const LIMITS: StatementLimits = { rowsMax: 500, textMax: 1_000_000 };

/** What a write does to the control row, and besides. */
interface Write<T> {
  readonly control: Control;
  readonly statements: readonly Statement[];
  readonly value: T;
}

export class MysqlCatalog implements Catalog {
  readonly #options: MysqlCatalogOptions;
  readonly #clock: Clock;
  /** Reads have a connection of their own: a write that waits for a lock does not hold them up. */
  readonly #writes: MysqlLane;
  readonly #reads: MysqlLane;

  constructor(deps: { readonly clock: Clock }, options: MysqlCatalogOptions) {
    this.#clock = deps.clock;
    this.#options = options;
    this.#writes = new MysqlLane(deps.clock, options, options.database);
    this.#reads = new MysqlLane(deps.clock, options, options.database);
  }

  async prepare(): Promise<void> {
    const doing = "prepare the catalog";
    const end = this.#clock.now() + this.#options.timeoutMs;
    const leftMs = () => Math.max(0, end - this.#clock.now());
    const makeTables = (link: MysqlLink) => this.#makeTables(doing, link);
    try {
      await this.#writes.run(doing, makeTables, leftMs());
    } catch (error) {
      if (errnoOf(error) !== UNKNOWN_DATABASE) throw error;
      await this.#makeDatabase(leftMs());
      await this.#writes.run(doing, makeTables, leftMs());
    }
  }

  async claim(term: number): Promise<void> {
    const doing = "claim the catalog";
    await this.#write(doing, (before) => ({
      control: fence(doing, before, term),
      statements: [],
      value: undefined,
    }));
  }

  async load(): Promise<CatalogState> {
    const doing = "read the catalog";
    return await this.#reads.run(doing, async (link) => {
      await link.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
      const rows: Record<string, readonly SqlRow[]> = {};
      for (const [part, sql] of Object.entries(stateQueries("text"))) {
        rows[part] = await link.query(sql);
      }
      await link.query("COMMIT");
      return stateOf(doing, rows as StateRows);
    });
  }

  async apply(term: number, changes: readonly CatalogChange[]): Promise<void> {
    const doing = "change the catalog";
    await this.#write(doing, (before) => {
      const plan = planChanges(fence(doing, before, term), changes, LIMITS);
      return { ...plan, value: undefined };
    });
  }

  async nextRid(term: number): Promise<number> {
    const doing = "draw a server number from the catalog";
    return await this.#write(doing, (before) => ({
      control: drawRid(doing, fence(doing, before, term)),
      statements: [],
      value: before.nextRid,
    }));
  }

  async events(query: EventQuery): Promise<readonly RecordedEvent[]> {
    const { sql, values } = eventsQuery(query, "text");
    const rows = await this.#reads.run("read events", (link) => link.query(sql, values));
    return eventsOf(rows);
  }

  async close(): Promise<void> {
    await Promise.all([this.#writes.close(), this.#reads.close()]);
  }

  /** One transaction that holds the control row from before the plan until after the commit. */
  async #write<T>(doing: string, plan: (before: Control) => Write<T>): Promise<T> {
    return await this.#writes.run(doing, async (link) => {
      await link.query("START TRANSACTION");
      const before = readControl(doing, await link.query(CONTROL_FOR_UPDATE));
      const { control, statements, value } = plan(before);
      for (const { sql, values } of [...statements, ...controlStatements(before, control)]) {
        await link.query(sql, values);
      }
      await link.commit();
      return value;
    });
  }

  /** Under a lock, so that of two who come at once the second sees what the first has made. */
  async #makeTables(doing: string, link: MysqlLink): Promise<void> {
    const lock = `minisql_catalog_${crc32Hex(this.#options.database)}`;
    const seconds = Math.floor(this.#options.timeoutMs / 2000);
    const [row] = await link.query("SELECT GET_LOCK(?, ?) AS `got`", [lock, seconds]);
    if (Number(row?.got) !== 1) {
      throw new MinisqlError("UNAVAILABLE", `Cannot ${doing}: another master is at it; try again`);
    }
    try {
      await makeMissing(doing, link);
    } finally {
      if (link.alive) await link.query("SELECT RELEASE_LOCK(?)", [lock]);
    }
  }

  async #makeDatabase(limitMs: number): Promise<void> {
    const { database } = this.#options;
    const lane = new MysqlLane(this.#clock, this.#options, null);
    try {
      await lane.run(
        `make database ${database} for the catalog`,
        (link) => link.query(createDatabase(database)),
        limitMs,
      );
    } finally {
      await lane.close();
    }
  }
}

const CONTROL_FOR_UPDATE = selectSql(CONTROL, "WHERE `id` = 1 FOR UPDATE", "text");

/** Runs `init.sql` unless all of its tables are there. */
async function makeMissing(doing: string, link: MysqlLink): Promise<void> {
  const columns = await presentColumns(link);
  const known = columns.get(CONTROL_TABLE)?.has("version") === true;
  const [row] = known ? await link.query(VERSION_SQL) : [];
  if (!isMissing(doing, { columns, version: row?.version ?? null })) return;
  for (const sql of mysqlSchema()) await link.query(sql);
}

/** The columns of every table in the database. */
async function presentColumns(link: MysqlLink): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await link.query(
    "SELECT TABLE_NAME AS `in_table`, COLUMN_NAME AS `named` FROM information_schema.COLUMNS " +
      "WHERE TABLE_SCHEMA = DATABASE()",
  );
  return columnsByTable(rows);
}
