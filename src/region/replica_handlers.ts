/** What other replicas, masters and curious people ask of this server's copies. */
import { MinisqlError } from "../protocol/errors.ts";
import type { CallerInfo, RegionHandlers } from "../protocol/handlers.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { Poll } from "./read/poll.ts";
import type { Scrubber } from "./read/scrubber.ts";
import type { Voter } from "./read/voter.ts";
import type { Replica } from "./replica.ts";
import type { Replicas } from "./replicas.ts";
import type { TableOrders } from "./table_orders.ts";

export interface ReplicaHandlersDeps {
  readonly replicas: Replicas;
  readonly orders: TableOrders;
  readonly voter: Voter;
  readonly poll: Poll;
  readonly scrubber: Scrubber;
}

type StatementCall = "query" | "evaluate" | "begin" | "savepoint" | "commit" | "rollback";
type GatherCall = "originals" | "contribute" | "planGather";

export function replicaHandlers(
  deps: ReplicaHandlersDeps,
): Omit<RegionHandlers, StatementCall | GatherCall> {
  const { replicas, orders, voter, scrubber } = deps;
  const { source, limits } = replicas.deps;
  return {
    makeTable: (request) => orders.makeTable(request),
    removeTable: (request) => orders.removeTable(request),
    changeTable: (request, context) => orders.changeTable(request, context),
    handOver: (request, context) => orders.handOver(request, context),
    follow: async (request, { caller }) => {
      requireSender(request.from, caller);
      return await (await replicas.toFollow(request.region)).follow(request);
    },
    rewind: (request) => replicas.require(request.region).rewind(request),
    replicate: (request) => replicas.require(request.region).replicate(request),
    // deno-lint-ignore require-await -- a refusal is a rejection.
    resync: async (request) => replicas.require(request.region).resync(request),
    vote: (request, context) => voter.vote(replicas.view(request.region), request, context),
    tally: (request, context) => voter.tally((region) => replicas.view(region), request, context),
    challenge: async ({ region, epoch, tables }) => {
      const view = replicas.view(region);
      if (epoch >= view.epoch) scrubber.challenge(view, tables);
      return await Promise.resolve({});
    },
    openCopy: async (request, context) => {
      const replica = replicas.require(request.region);
      if (replica.primary === null) {
        throw new MinisqlError("NOT_PRIMARY", `This server does not lead region ${request.region}`);
      }
      return await replica.primary.whileSchemasStay(
        context.signal,
        () => source.open(request, replica.copy.tables, context),
      );
    },
    ...source.handlers,
    verify: ({ region, table }, { signal, within }) => {
      const timeoutMs = within ?? limits.statementMs;
      return scrubber.verify(replicas.view(region), table, { timeoutMs, signal });
    },
    replicas: async ({ region }) => {
      const found = region === undefined ? replicas.all : [replicas.find(region) ?? []].flat();
      return await Promise.resolve({ rid: replicas.deps.rid(), replicas: found.map(described) });
    },
    entries: (request) => entries(replicas.require(request.region), request),
  };
}

/** A server speaks for itself only. */
function requireSender(rid: number, caller: CallerInfo): void {
  if (caller.role === "region" && (caller.rid === null || caller.rid === rid)) return;
  throw new MinisqlError("FORBIDDEN", `Cannot follow server ${rid} for ${caller.name}`);
}

function described(replica: Replica): Answer<"replicas">["replicas"][number] {
  const { copy, copying, state } = replica;
  const { progress } = copying;
  return {
    region: replica.region,
    role: replica.role,
    epoch: replica.epoch,
    last: copy.last.seq,
    committed: replica.committed,
    applied: copy.applied.value,
    inSync: state?.isr.map(({ rid }) => rid) ?? [],
    trouble: copy.unfit,
    progress: progress === null
      ? null
      : { done: progress.done, of: progress.of, what: `copying ${progress.table}` },
    tables: copy.tables.map((table) => ({
      table,
      fingerprint: copy.history.latest(table),
      verifiedAt: copy.verifiedAt.get(table) ?? null,
    })),
  };
}

async function entries(
  { copy, committed }: Replica,
  { region, from, limit }: Request<"entries">,
): Promise<Answer<"entries">> {
  const { log } = copy.deps;
  const first = log.first(region);
  const start = Math.max(first, from ?? copy.last.seq - limit + 1);
  const found = start > copy.last.seq
    ? []
    : await log.read(region, start, { entries: limit, bytes: 8 * 1024 * 1024 });
  return { first, committed, entries: found.map(({ epoch, seq, body }) => ({ epoch, seq, body })) };
}
