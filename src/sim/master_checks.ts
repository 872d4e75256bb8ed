/** What must hold of the control plane: at every instant, and once the world has calmed down. */
import { SqliteCatalog } from "../adapters/sqlite_catalog.ts";
import { Paths } from "../cluster/paths.ts";
import type { RegionState } from "../protocol/model.ts";
import { isLeaving } from "../master/candidates.ts";
import type { Reign } from "../master/reign.ts";
import type { SimClient } from "./master_client.ts";
import type { MasterCluster } from "./master_cluster.ts";
import { Violation } from "./violation.ts";

/** At no instant would two masters act. */
export function checkOneMaster(cluster: MasterCluster): void {
  const acting = cluster.acting().map(({ name }) => name);
  if (acting.length > 1) {
    throw new Violation("safety", `${acting.join(" and ")} would both act on a request`);
  }
}

/** No server obeys an older term after a newer one; no program has ended by itself. */
export function checkProcesses(cluster: MasterCluster): void {
  for (const { host, rids, obeyed, crimes } of cluster.regionStates) {
    if (crimes[0] !== undefined) throw new Violation("safety", crimes[0]);
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
  const leaving = view.servers.find(({ rid, status }) =>
    status !== "online" || view.live(rid)?.status !== status
  );
  if (leaving !== undefined) return `server ${leaving.rid} is ${leaving.status}`;
  for (const { state } of view.regions) {
    const why = incomplete(reign, state);
    if (why !== null) return why;
  }
  const lagging = cluster.masters.find((each) =>
    cluster.role(each)?.active?.id !== reign.active.id
  );
  return lagging === undefined ? null : `${lagging.name} does not know who leads`;
}

/** Why a region is not yet as it should be: as many copies as there can be, all in sync. */
function incomplete({ view }: Reign, state: RegionState): string | null {
  const { region, replicas, isr, copies = replicas.length, joining = [] } = state;
  if (state.state !== "open") return null;
  const servers = view.online.filter(({ rid }) => !isLeaving(view, rid)).length;
  const wanted = Math.min(copies, servers);
  if (replicas.length !== wanted) return `${region} has ${replicas.length} of ${wanted} copies`;
  if (joining.length > 0) return `${region} has servers ${joining.join(", ")} joining`;
  const inSync = isr.filter(({ rid, incarnation }) => view.live(rid)?.incarnation === incarnation);
  if (inSync.length === wanted && isr.length === wanted) return null;
  return `${region} is in sync on ${inSync.length} of ${wanted} servers`;
}

/** What was acknowledged is so: on the master that leads, at the servers, and in no two numbers. */
export function checkOutcome(cluster: MasterCluster, client: SimClient): void {
  const reign = cluster.leading?.reign ?? null;
  if (reign === null) throw new Violation("liveness", "no master leads");
  const { view } = reign;
  const rids = cluster.regionStates.flatMap((state) => [...state.rids]);
  if (new Set(rids).size !== rids.length) {
    throw new Violation("safety", `two servers share a number: ${rids.join(", ")}`);
  }
  for (const [table, belief] of client.beliefs) {
    const record = view.table(table);
    if (belief === "there" && record?.state !== "ready") {
      throw new Violation("safety", `${table} was acknowledged and is ${record?.state ?? "gone"}`);
    }
    if (belief === "gone" && record !== null) {
      throw new Violation("safety", `${table} was refused or dropped and is ${record.state}`);
    }
    if (record?.state !== "ready") continue;
    checkCopies(cluster, table, record.region);
    const mark = client.marks.get(table);
    if (mark === undefined || belief !== "there") continue;
    const found = /COMMENT '(.*?)'/.exec(record.ddl)?.[1] ?? null;
    if (found !== mark) {
      throw new Violation("safety", `${table} was altered to ${mark} and is ${found}`);
    }
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
    [
      "replicas in nodes",
      view?.regions.flatMap(({ state: { region, replicas } }) =>
        replicas.map((rid) => `${region} on ${rid}`)
      ) ?? [],
      placements.map(({ region, rid }) => `${region} on ${rid}`),
    ],
    [
      "definitions at the servers",
      [...cluster.shared.logs].flatMap(([region, log]) =>
        regions.includes(region) ? [...log.tables].map((each) => each.join(": ")) : []
      ),
      tables.map(({ name, ddl }) => `${name}: ${ddl}`),
    ],
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

/** Every replica holds a copy, and nobody else does, under the number that the master knows it by. */
function checkCopies(cluster: MasterCluster, table: string, region: string): void {
  const state = cluster.leading?.reign?.view.region(region)?.state;
  if (state?.state !== "open" || state.isr.length === 0) {
    throw new Violation("safety", `${table} is ready, but region ${region} is not open`);
  }
  const members = new Set(state.isr.map(({ rid }) => rid));
  for (const { host, rids, tables } of cluster.regionStates) {
    const isMember = [...rids].some((rid) => members.has(rid));
    if (isMember === (tables.get(table) === region)) continue;
    const what = isMember ? "is in sync for" : "is no replica of";
    const holds = isMember ? "no copy" : "a copy";
    throw new Violation("safety", `${host} ${what} ${table} and holds ${holds}`);
  }
}
