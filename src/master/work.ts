/** What the work of jobs has in common. */
import { object, type Shape } from "../base/shape.ts";
import type { Clock } from "../ports/clock.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type JobRecord, regionName } from "../protocol/model.ts";
import type { MetaManager } from "./meta_manager.ts";
import type { Orders } from "./orders.ts";
import type { ClusterView } from "./view.ts";
import type { ZkSyncManager } from "./zk_sync_manager.ts";

export interface WorkDeps {
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly meta: MetaManager;
  readonly zk: ZkSyncManager;
  readonly orders: Orders;
}

/** What was asked, of a job that says it in this shape. */
export function requestOf<T>(shape: Shape<T>, job: JobRecord): T {
  if (shape.fits(job.request)) return job.request;
  const why = shape.fault(job.request, "request");
  throw new MinisqlError("UNSUPPORTED", `Cannot understand job ${job.id}: ${why}`);
}

const ofRegion = object({ region: regionName });

/** The region that a job is about; of one that cannot be read, what it is about at all. */
export function regionOf({ request, subject }: JobRecord): string {
  return ofRegion.fits(request) ? request.region : subject;
}

/** Changes of a region's tables are made one after the other… */
export function schemaTurn(region: string): string {
  return `tables of ${region}`;
}

/** …and so are changes of the servers that hold it. One need not wait for the other. */
export function replicasTurn(region: string): string {
  return `replicas of ${region}`;
}
