/** The steps of dropping a table, each of which may have been done already. */
import { object } from "../base/shape.ts";
import { type JobRecord, regionName, tableName } from "../protocol/model.ts";
import { forgetTable, isAlone } from "./forget_table.ts";
import { type JobEnd, type JobTask, type JobWork, NOTHING } from "./jobs.ts";
import { removeRegion } from "./remove_region.ts";
import { dropFromRegion } from "./schema_order.ts";
import { regionOf, replicasTurn, requestOf, schemaTurn, type WorkDeps } from "./work.ts";

const dropRequest = object({ table: tableName, region: regionName });

export class DropWork implements JobWork {
  readonly #deps: WorkDeps;

  constructor(deps: WorkDeps) {
    this.#deps = deps;
  }

  /** Which of several drops ends the region must be beyond doubt. */
  turns(job: JobRecord): readonly string[] {
    return [schemaTurn(regionOf(job)), replicasTurn(regionOf(job))];
  }

  async run(job: JobRecord, { signal }: JobTask): Promise<JobEnd> {
    const { view, zk, meta } = this.#deps;
    const { table, region } = requestOf(dropRequest, job);
    await zk.deleteTable(table);
    if (isAlone(view, table, region)) {
      const holders = view.placementsOf(region).map(({ rid }) => rid);
      await removeRegion(this.#deps, { region, table, holders }, signal);
    } else await dropFromRegion(this.#deps, { region, table, job: job.id }, signal);
    const { changes, done } = await forgetTable(this.#deps, table, region);
    return {
      changes,
      done: () => {
        done();
        meta.event({ event: "table.dropped", table, region });
      },
    };
  }

  /** A table half dropped is never brought back: it can only be dropped again. */
  undo(): Promise<JobEnd> {
    return Promise.resolve(NOTHING);
  }
}
