/** Moves, drains and their taking back, as operators ask for them. */
import { difference } from "../cluster/compatibility.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { RegionState, ServerRecord } from "../protocol/model.ts";
import { holdersOf, isLeaving } from "./candidates.ts";
import { drainOf } from "./drain_work.ts";
import type { Reign } from "./reign.ts";
import { isInSync } from "./replica_steps.ts";

export async function moveRegion(
  reign: Reign,
  request: Request<"moveRegion">,
): Promise<Answer<"moveRegion">> {
  const state = regionAsked(reign, request);
  const { region } = state;
  const busy = reign.transfers.workOn(region);
  if (busy !== null) {
    const what = busy.kind.replaceAll("_", " ");
    const why = `Cannot move region ${region} now: ${what} is under way (job ${busy.id})`;
    throw new MinisqlError("UNAVAILABLE", why);
  }
  const { role = false } = request;
  const from = request.from ?? (role ? state.primary : busiest(reign, state));
  if (from === null || !state.replicas.includes(from)) {
    const there = state.replicas.join(", ");
    const who = from === null ? "no server" : `server ${from}`;
    const why = `Cannot move region ${region}: ${who} holds no copy of it, but ${there} do`;
    throw new MinisqlError("BAD_REQUEST", why);
  }
  const to = role ? heir(reign, state, from, request.to) : target(reign, state, from, request.to);
  const reason = "an operator asked for it";
  const job = await reign.transfers.move({ region, from, to, reason, ...(role ? { role } : {}) });
  return { job: job.id, region, from, to };
}

export async function drain(
  reign: Reign,
  { rid, undo = false }: Request<"drain">,
): Promise<Answer<"drain">> {
  const { view, jobs, meta } = reign;
  const server = view.server(rid);
  if (server === null) throw noServer(rid);
  const running = drainOf(view, rid);
  const regions = view.regions.filter(({ state }) => state.replicas.includes(rid)).length;
  if (undo) {
    if (running !== null) await jobs.cancel(running, "The drain was taken back");
    else if (isLeaving(view, rid)) {
      await meta.saveRegionInfo({ ...server, status: "online" });
      meta.event({ event: "server.undrained", rid });
    }
    return { job: running?.id ?? null, regions };
  }
  if (running !== null) return { job: running.id, regions };
  if (server.status === "drained" && regions === 0) return { job: null, regions };
  return { job: (await reign.drains.begin(server)).id, regions };
}

export async function cancelJob(
  { view, jobs }: Reign,
  { job: id }: Request<"cancelJob">,
): Promise<Answer<"cancelJob">> {
  const job = view.job(id);
  if (job === null) throw new MinisqlError("BAD_REQUEST", `Cannot cancel ${id}: no such job`);
  if (job.state === "running" && !await jobs.cancel(job)) {
    const what = job.kind.replaceAll("_", " ");
    const why = `Cannot cancel ${what} of ${job.subject}: it can only be brought to its end now`;
    throw new MinisqlError("UNSUPPORTED", why);
  }
  return { state: view.job(id)?.state ?? job.state };
}

function regionAsked({ view }: Reign, { region, table }: Request<"moveRegion">): RegionState {
  if ((region === undefined) === (table === undefined)) {
    throw new MinisqlError("BAD_REQUEST", "Cannot move: name either a region or a table");
  }
  const record = table === undefined ? null : view.table(table);
  if (table !== undefined && record === null) {
    const why = `Table '${table}' doesn't exist`;
    throw new MinisqlError("NO_SUCH_TABLE", why, { errno: 1146, sqlState: "42S02" });
  }
  const name = region ?? record?.region ?? "";
  const state = view.region(name)?.state;
  if (state === undefined) {
    throw new MinisqlError("BAD_REQUEST", `Cannot move region ${name}: there is none of that name`);
  }
  if (state.state !== "open") {
    throw new MinisqlError("UNAVAILABLE", `Cannot move region ${name} now: it is ${state.state}`);
  }
  return state;
}

/** Of those that hold it, the one that is to be emptied, or else has most to do. */
function busiest({ view }: Reign, { replicas }: RegionState): number | null {
  const weight = (rid: number) => {
    const load = view.server(rid)?.load;
    return (isLeaving(view, rid) ? Infinity : 0) + (load?.reads ?? 0) + (load?.writes ?? 0);
  };
  const [first = null] = [...replicas].sort((a, b) => weight(b) - weight(a) || a - b);
  return first;
}

/** The server that a copy goes to: the one asked for, if it can, else the one that suits best. */
function target(
  { view, transfers }: Reign,
  { region, replicas }: RegionState,
  from: number,
  asked: number | undefined,
): number {
  const found = asked ?? transfers.target(region, from);
  if (found === null) {
    const why = `Cannot move region ${region}: no other server is online that could take it`;
    throw new MinisqlError("UNAVAILABLE", why);
  }
  if (asked === undefined) return found;
  const live = view.live(asked);
  const cannot = (why: string) => new MinisqlError("BAD_REQUEST", `Cannot move ${region}: ${why}`);
  if (view.server(asked) === null && live === null) throw noServer(asked);
  if (live === null) throw cannot(`server ${asked} is offline`);
  if (isLeaving(view, asked)) throw cannot(`server ${asked} is being drained`);
  if (replicas.includes(asked)) throw cannot(`server ${asked} holds a copy of it already`);
  for (const { rid, engine } of holdersOf(view, replicas)) {
    const why = difference(live.engine, engine);
    if (why !== null) throw cannot(`server ${asked} differs from server ${rid}: its ${why}`);
  }
  return asked;
}

/** The server that the primary's role goes to. */
function heir(
  { view }: Reign,
  state: RegionState,
  from: number,
  asked: number | undefined,
): number {
  const cannot = (why: string) =>
    new MinisqlError("BAD_REQUEST", `Cannot hand over ${state.region}: ${why}`);
  if (state.primary !== from) throw cannot(`server ${from} is not its primary`);
  const heirs = state.replicas.filter((rid) => rid !== from && isInSync(view, state, rid));
  const to = asked ?? heirs.find((rid) => !isLeaving(view, rid)) ?? heirs[0];
  if (to === undefined) throw cannot("no other copy is in sync");
  if (!heirs.includes(to)) throw cannot(`server ${to} is not in sync with it`);
  return to;
}

function noServer(rid: ServerRecord["rid"]): MinisqlError {
  return new MinisqlError("BAD_REQUEST", `There is no server ${rid}; see the list of servers`);
}
