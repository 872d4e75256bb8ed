/** What an operator does to a cluster: told first, asked about, followed to its end. */
import type { ClusterAdmin } from "../../client/api.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Request } from "../../protocol/messages.ts";
import type { ServerRecord } from "../../protocol/model.ts";

/** What is going to happen: sentences for the operator, and the order that makes it so. */
export interface Plan {
  readonly lines: readonly string[];
  /** Gives the order; the job that carries it out, or null where it is done already. */
  order(signal: AbortSignal): Promise<Ordered>;
}

export interface Ordered {
  readonly job: string | null;
  /** What was done or is under way, without a period. */
  readonly says: string;
  readonly answer: unknown;
}

export interface MoveRequest {
  readonly table: string;
  /** Null: the master chooses. */
  readonly from: number | null;
  readonly to: number | null;
  /** Only the primary's role moves. */
  readonly role: boolean;
}

export async function planMove(
  admin: ClusterAdmin,
  { table, from, to, role }: MoveRequest,
): Promise<Plan> {
  const route = await admin.locate(table);
  if (route === null) throw new MinisqlError("NO_SUCH_TABLE", `Table '${table}' doesn't exist`);
  const shared = route.tables.filter((each) => each !== table);
  const along = shared.length === 0 ? "" : ` (with ${shared.join(", ")}, which share its region)`;
  const source = from === null ? "the busiest server that has it" : `r${from}`;
  const target = to === null ? "the server that suits best" : `r${to}`;
  const what = role ? `The primary's role of ${table}` : `A copy of ${table}`;
  return {
    lines: [
      `${what}${along} moves from ${role ? "its primary" : source} to ${target}.`,
      "Reads go on; writes pause for a moment where the primary moves.",
    ],
    async order(signal) {
      const request: Request<"moveRegion"> = {
        table,
        ...(from === null ? {} : { from }),
        ...(to === null ? {} : { to }),
        ...(role ? { role } : {}),
      };
      const answer = await admin.master("moveRegion", request, { signal });
      const says = `${table} moves from r${answer.from} to r${answer.to}`;
      return { job: answer.job, says, answer };
    },
  };
}

export async function planDrain(
  admin: ClusterAdmin,
  rid: number,
  undo: boolean,
  signal: AbortSignal,
): Promise<Plan> {
  const { servers } = await admin.master("servers", {}, { signal });
  const server = servers.find((each) => each.rid === rid);
  if (server === undefined) {
    throw new MinisqlError("BAD_REQUEST", `Cannot drain r${rid}: there is no such server`);
  }
  const { regions } = await admin.master("regions", {}, { signal });
  const held = regions.filter(({ replicas }) => replicas.includes(rid));
  return {
    lines: undo ? [`r${rid} is given copies again.`] : drainLines(server, servers, held.length),
    async order(signal) {
      const answer = await admin.master("drain", { rid, ...(undo ? { undo } : {}) }, { signal });
      const says = undo
        ? `r${rid} is given copies again`
        : answer.job === null
        ? `r${rid} holds nothing; no copy will come to it`
        : `${answer.regions} ${answer.regions === 1 ? "region moves" : "regions move"} off r${rid}`;
      return { job: answer.job, says, answer };
    },
  };
}

function drainLines(
  { rid, host, port }: ServerRecord,
  servers: readonly ServerRecord[],
  held: number,
): readonly string[] {
  const others = servers.filter((each) => each.rid !== rid && each.status === "online");
  const room = others.length === 0
    ? "No other server is online to take them."
    : `Servers that may take them: ${others.map((each) => `r${each.rid}`).join(", ")}.`;
  return [
    `All ${held} regions of r${rid} at ${host}:${port} move elsewhere, and none comes to it.`,
    room,
  ];
}

export async function planStepDown(admin: ClusterAdmin, signal: AbortSignal): Promise<Plan> {
  const { master, masters } = await admin.master("status", {}, { signal });
  return {
    lines: [
      `Master ${master.id} (term ${master.term}) hands over to one of ` +
      `${masters - 1} that stand by. Reads and writes go on.`,
      ...(masters < 2 ? ["There is nobody to hand over to: it will be elected again."] : []),
    ],
    async order(signal) {
      const answer = await admin.master("stepDown", {}, { signal });
      const says = `Master ${master.id} has stepped down from term ${answer.term}`;
      return { job: null, says, answer };
    },
  };
}

export function planCancel(admin: ClusterAdmin, job: string): Plan {
  return {
    lines: [`Job ${job} is taken back as far as it has come.`],
    async order(signal) {
      const answer = await admin.master("cancelJob", { job }, { signal });
      const isRunning = answer.state === "running";
      const says = isRunning ? `Job ${job} is being taken back` : `Job ${job} is ${answer.state}`;
      return { job: isRunning ? job : null, says, answer };
    },
  };
}
