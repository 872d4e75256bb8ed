/** The steps of changing a schema, each of which may have been done already. */
import { array, type Infer, object, text } from "../base/shape.ts";
import type { Answer } from "../protocol/messages.ts";
import { type JobRecord, regionName, tableName, type TableRecord } from "../protocol/model.ts";
import { type JobEnd, type JobTask, type JobWork, NOTHING } from "./jobs.ts";
import { changeSchema } from "./schema_order.ts";
import { regionOf, requestOf, schemaTurn, type WorkDeps } from "./work.ts";

/** What an `alter_table` job has recorded of its request. */
const alterRequest = object({
  /** Those that the statement is on. */
  tables: array(tableName),
  region: regionName,
  sql: text(),
  /** What tables are called afterwards, where that is something else. */
  renames: array(object({ from: tableName, to: tableName })),
});

export type AlterRequest = Infer<typeof alterRequest>;

/** Of a statement, so much is told in an event. */
const TOLD_MAX = 200;

export class AlterWork implements JobWork {
  readonly #deps: WorkDeps;

  constructor(deps: WorkDeps) {
    this.#deps = deps;
  }

  turns(job: JobRecord): readonly string[] {
    return [schemaTurn(regionOf(job))];
  }

  async run(job: JobRecord, task: JobTask): Promise<JobEnd> {
    const { view, zk } = this.#deps;
    const request = requestOf(alterRequest, job);
    const { region, renames, sql } = request;
    task.show({ phase: "every copy is being changed" });
    const tables = await changeSchema(this.#deps, { region, job: job.id, sql }, task.signal);
    for (const { table, schemaHash } of tables) await zk.putTable(table, { region, schemaHash });
    const taken = new Set(renames.map(({ to }) => to));
    const left = renames.flatMap(({ from }) => (taken.has(from) ? [] : [from]));
    for (const name of left) await zk.deleteTable(name);
    const records = this.#records(request, tables);
    return {
      changes: [
        ...left.map((name) => ({ change: "table.delete", name }) as const),
        ...records.map((table) => ({ change: "table.put", table }) as const),
      ],
      done: () => {
        for (const record of records) view.putTable(record);
        for (const name of left) view.dropTable(name);
        this.#tell(request);
      },
    };
  }

  /** A change that failed has changed nothing anywhere; one that was made stays. */
  undo(): Promise<JobEnd> {
    return Promise.resolve(NOTHING);
  }

  /** The region's tables as they are recorded from now on. */
  #records(
    { renames, region }: AlterRequest,
    tables: Answer<"changeTable">["tables"],
  ): readonly TableRecord[] {
    const { view } = this.#deps;
    const before = new Map(renames.map(({ from, to }) => [to, from]));
    return tables.flatMap(({ table, ddl }) => {
      const old = before.get(table) ?? table;
      const record = view.table(old);
      return record === null || record.region !== region ? [] : [{ ...record, name: table, ddl }];
    });
  }

  #tell({ tables, region, sql, renames }: AlterRequest): void {
    const told = sql.length > TOLD_MAX ? `${sql.slice(0, TOLD_MAX)}…` : sql;
    for (const table of tables) {
      const to = renames.find(({ from }) => from === table)?.to;
      const renamed = to === undefined ? {} : { to };
      this.#deps.meta.event({ event: "table.altered", table, region, sql: told, ...renamed });
    }
  }
}
