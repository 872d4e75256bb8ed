/** What must hold of the control plane: at every instant, and once the world has calmed down. */
import { SqliteCatalog } from "../adapters/sqlite_catalog.ts";
import { Paths } from "../cluster/paths.ts";
import type { MasterCluster } from "./master_cluster.ts";

export class Violation extends Error {
  override readonly name = "Violation";
  readonly kind: "safety" | "liveness";

  constructor(kind: "safety" | "liveness", message: string) {
    super(message);
    this.kind = kind;
  }
}

/** At no instant would two masters act. */
export function checkOneMaster(cluster: MasterCluster): void {
  const acting = cluster.acting().map(({ name }) => name);
  if (acting.length > 1) {
    throw new Violation("safety", `${acting.join(" and ")} would both act on a request`);
  }
}

/** No server obeys an older term after a newer one; no program has ended by itself. */
export function checkProcesses(cluster: MasterCluster): void {
  for (const { host, rids, obeyed } of cluster.regionStates) {
    const older = obeyed.findIndex((term, at) => at > 0 && term < (obeyed[at - 1] ?? 0));
    if (older >= 0) {
      throw new Violation("safety", `${host} obeyed term ${obeyed[older]} after a later one`);
    }
    if (rids.size > 1) {
      throw new Violation("safety", `${host} was given the numbers ${[...rids].join(", ")}`);
    }
  }
  for (const { name, failure } of cluster.processes) {
    if (failure !== null) {
      const error = failure as Error;
      throw new Violation("safety", `${name} ended: ${error.stack ?? String(failure)}`);
    }
  }
}

/** After the world has calmed down: why the cluster is not yet as it should be, or null. */
export function unsettled(cluster: MasterCluster): string | null {
  const reign = cluster.leading?.reign ?? null;
  if (reign === null) return "no master leads";
  const { view } = reign;
  if (view.online.length < cluster.regions.length) {
    return `${view.online.length} of ${cluster.regions.length} region servers are online`;
  }
  const job = view.jobs.find(({ state }) => state === "running");
  if (job !== undefined) return `job ${job.id}, ${job.kind} of ${job.subject}, is not finished`;
  const between = view.tables.find(({ state }) => state !== "ready");
  if (between !== undefined) {
    return `${between.name} is ${between.state} and nobody goes on with it`;
  }
  if (!reign.meta.available) return "the catalog is held to be lost";
  const lagging = cluster.masters.find((each) =>
    cluster.role(each)?.active?.id !== reign.active.id
  );
  return lagging === undefined ? null : `${lagging.name} does not know who leads`;
}

/** What was acknowledged is so: on the master that leads, at the servers, and in no two numbers. */
export function checkOutcome(cluster: MasterCluster): void {
  const reign = cluster.leading?.reign ?? null;
  if (reign === null) throw new Violation("liveness", "no master leads");
  const { view } = reign;
  const rids = cluster.regionStates.flatMap((state) => [...state.rids]);
  if (new Set(rids).size !== rids.length) {
    throw new Violation("safety", `two servers share a number: ${rids.join(", ")}`);
  }
  for (const [table, belief] of cluster.beliefs) {
    const record = view.table(table);
    if (belief === "there" && record?.state !== "ready") {
      throw new Violation("safety", `${table} was acknowledged and is ${record?.state ?? "gone"}`);
    }
    if (belief === "gone" && record !== null) {
      throw new Violation("safety", `${table} was refused or dropped and is ${record.state}`);
    }
    if (record?.state === "ready") checkCopies(cluster, table, record.region);
  }
}

/** Memory, catalog and coordination service say the same, and nothing is left of what is gone. */
export async function checkRecords(cluster: MasterCluster): Promise<void> {
  const view = cluster.leading?.reign?.view;
  const { catalog, coordinator } = cluster.world;
  const { tables, placements, jobs } = await new SqliteCatalog(catalog).load();
  const regions = [...new Set(tables.map(({ region }) => region))];
  const { tree } = coordinator;
  const paths = new Paths();
  const said: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["tables in memory", lines(view?.tables ?? []), lines(tables)],
    ["placements in memory", lines(view?.placements ?? []), lines(placements)],
    ["jobs in memory", lines(view?.jobs ?? []), lines(jobs)],
    ["table nodes", tree.children(paths.tables) ?? [], tables.map(({ name }) => name)],
    ["region nodes", tree.children(paths.regions) ?? [], regions],
    ["regions in memory", view?.regions.map(({ state }) => state.region) ?? [], regions],
    ["regions placed", [...new Set(placements.map(({ region }) => region))], regions],
  ];
  for (const [what, here, there] of said) {
    const [one, other] = [here, there].map((each) => [...each].sort().join("\n"));
    if (one === other) continue;
    throw new Violation("safety", `${what} are\n${one}\nand by the catalog\n${other}`);
  }
}

function lines(records: readonly object[]): readonly string[] {
  return records.map((record) => JSON.stringify(Object.entries(record).sort()));
}

/** No master and no server has come upon a defect of its own. */
export function checkReports(cluster: MasterCluster): void {
  const defect = cluster.world.reporter.lines.find(({ message }) => message.startsWith("A defect"));
  if (defect === undefined) return;
  const { message, fields } = defect;
  throw new Violation("safety", `${message}: ${(fields["error"] as Error | undefined)?.stack}`);
}

/** Every replica in sync holds a copy, under the number that the master knows it by. */
function checkCopies(cluster: MasterCluster, table: string, region: string): void {
  const state = cluster.leading?.reign?.view.region(region)?.state;
  if (state?.state !== "open" || state.isr.length === 0) {
    throw new Violation("safety", `${table} is ready, but region ${region} is not open`);
  }
  const joined = cluster.joined.has(table);
  for (const { rid } of state.isr) {
    if (joined && rid !== state.primary) continue;
    const server = cluster.regionStates.find(({ rids }) => rids.has(rid));
    if (server?.tables.get(table) !== region) {
      throw new Violation("safety", `server ${rid} is in sync for ${table} and holds no copy`);
    }
  }
}
