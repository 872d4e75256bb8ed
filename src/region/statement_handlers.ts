/** What clients ask of regions: statements, and transactions of them. */
import type { Clock } from "../ports/clock.ts";
import type { GatheredRegion, ReadLevel, Receipt } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionHandlers, RowsContext } from "../protocol/handlers.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { StatementResult } from "../protocol/values.ts";
import type { Gatherer } from "./gather/gatherer.ts";
import type { LoadMeter } from "./load_meter.ts";
import type { RegionLimits } from "./limits.ts";
import type { Primary } from "./primary/primary.ts";
import type { Written } from "./primary/batch_writer.ts";
import type { ReadRequest } from "./read/read.ts";
import type { ReadService } from "./read/read_service.ts";
import type { Replica } from "./replica.ts";
import type { Replicas } from "./replicas.ts";
import { type Accepted, judge, notHere } from "./statement.ts";

export interface StatementDeps {
  readonly clock: Clock;
  readonly limits: RegionLimits;
  readonly replicas: Replicas;
  readonly reads: ReadService;
  readonly gatherer: Gatherer;
  readonly meter: LoadMeter;
  readonly rid: () => number | null;
}

const DEFAULT_LEVEL: ReadLevel = "voted";

type Query = Request<"query">;
type StatementCall = "query" | "evaluate" | "begin" | "savepoint" | "commit" | "rollback";

export class StatementHandlers {
  readonly #deps: StatementDeps;

  constructor(deps: StatementDeps) {
    this.#deps = deps;
  }

  readonly handlers: Pick<RegionHandlers, StatementCall> = {
    query: (request, context) => this.#query(request, context),
    evaluate: (request, context) => this.#evaluate(request, context),
    begin: async ({ region, epoch, readOnly = false, foreignKeyChecks = true }, context) => {
      const replica = this.#deps.replicas.require(region);
      const primary = this.#primary(replica, epoch);
      const { caller, signal } = context;
      await primary.ready(signal);
      const options = { caller, readOnly, foreignKeyChecks, signal };
      const transaction = await primary.transactions.begin(options);
      return { transaction, seq: replica.copy.applied.value };
    },
    savepoint: async ({ region, transaction, step, name }) => {
      await this.#leader(region).transactions.savepoint(transaction, step, name);
      return {};
    },
    commit: async ({ region, epoch, transaction, session, n }, { signal }) => {
      const started = this.#deps.clock.now();
      const replica = this.#deps.replicas.require(region);
      const primary = this.#primary(replica, epoch);
      const { seq } = await primary.commit(transaction, { session, n }, signal);
      this.#deps.meter.write(region, 0);
      return { receipt: this.#receipt(replica, primary, { seq }, started) };
    },
    rollback: async ({ region, transaction }) => {
      await this.#deps.replicas.find(region)?.primary?.transactions.rollback(transaction);
      return {};
    },
  };

  async #query(request: Query, context: RowsContext): Promise<Answer<"query">> {
    const { replicas } = this.#deps;
    const regions = [request.region, ...(request.also ?? []).map(({ region }) => region)];
    const held = regions.map((region) => replicas.require(region));
    const [replica] = held as [Replica];
    const verdict = judge(request.sql, {
      server: replica.copy.server,
      table: (name) =>
        held.map(({ copy }) => copy.schema(name)).find((each) => each !== null) ?? null,
    });
    if (request.gather !== undefined && (verdict.category !== "read" || isOpen(request))) {
      throw apart(verdict.statement);
    }
    if (request.transaction !== undefined) {
      return await this.#inTransaction(replica, verdict, request, context);
    }
    switch (verdict.category) {
      case "read":
        return await this.#read(verdict, request, context);
      case "write":
        if (held.length === 1) return await this.#write(replica, verdict, request, context);
        throw new MinisqlError(
          "UNSUPPORTED",
          "Cannot run a write on tables of several regions: read first, and write with what you read",
        );
      case "ddl":
        if (verdict.statement === "truncate") {
          return await this.#truncate(replica, verdict, request, context);
        }
        throw notHere("a change of schema");
      default:
        throw new MinisqlError(
          "BAD_REQUEST",
          `Cannot run ${verdict.statement} at a region: it is for the client's session to understand`,
        );
    }
  }

  async #read(verdict: Accepted, request: Query, context: RowsContext): Promise<Answer<"query">> {
    const { replicas, reads } = this.#deps;
    const also = (request.also ?? []).map(({ region, after }) => ({
      replica: replicas.view(region),
      after,
    }));
    const first = { replica: replicas.view(request.region), after: request.after ?? 0 };
    const read: ReadRequest = {
      regions: [first, ...also],
      statement: {
        ...{ sql: textOf(verdict), kind: verdict.statement },
        isLookup: verdict.isLookup ?? false,
      },
      tables: verdict.tables,
      level: request.read ?? DEFAULT_LEVEL,
      lastInsertId: request.lastInsertId,
      timeoutMs: this.#timeoutMs(context),
    };
    const { gather = [] } = request;
    if (gather.length === 0) return await reads.read(read, context);
    return await reads.read(await this.#staged(read, textOf(verdict), gather), context);
  }

  /** The same with the other tables' rows brought here. */
  async #staged(
    read: ReadRequest,
    sql: string,
    gather: readonly GatheredRegion[],
  ): Promise<ReadRequest> {
    const { tables, level } = read;
    const local = read.regions.map(({ replica }) => replica);
    const elsewhere = new Set(gather.flatMap((each) => each.tables));
    const stage = await this.#deps.gatherer.stage({ sql, tables, local, regions: gather, level });
    return { ...read, tables: tables.filter(({ table }) => !elsewhere.has(table)), stage };
  }

  async #write(
    replica: Replica,
    verdict: Accepted,
    request: Query,
    context: RowsContext,
  ): Promise<Answer<"query">> {
    const { clock, meter } = this.#deps;
    const started = clock.now();
    const primary = this.#primary(replica, request.epoch);
    const written = await primary.write({
      verdict,
      units: request.sql.length,
      lastInsertId: request.lastInsertId ?? null,
      foreignKeyChecks: request.foreignKeyChecks ?? true,
      numbered: numberedOf(request),
      signal: context.signal,
      deadline: started + this.#timeoutMs(context),
    });
    meter.write(replica.region, written.result.affected);
    return {
      result: written.result,
      receipt: this.#receipt(replica, primary, written, started),
    };
  }

  /** It empties the table at once, and cannot be undone: as a schema change it is. */
  async #truncate(
    replica: Replica,
    verdict: Accepted,
    request: Query,
    { signal }: RowsContext,
  ): Promise<Answer<"query">> {
    const { clock } = this.#deps;
    const started = clock.now();
    const primary = this.#primary(replica, request.epoch);
    const numbered = numberedOf(request);
    const job = numbered === null
      ? replica.copy.deps.random.id()
      : `${numbered.session.slice(0, 40)}:${numbered.n}`;
    const sql = textOf(verdict);
    const outcome = await primary.changeSchema({ sql, context: {}, job, signal });
    if (outcome.errno !== null) {
      throw new MinisqlError("SQL", outcome.message ?? "", {
        errno: outcome.errno,
        sqlState: outcome.sqlState ?? "HY000",
      });
    }
    const seq = replica.copy.applied.value;
    return {
      result: { affected: 0 },
      receipt: this.#receipt(replica, primary, { seq }, started),
    };
  }

  async #inTransaction(
    replica: Replica,
    verdict: Accepted,
    request: Query,
    context: RowsContext,
  ): Promise<Answer<"query">> {
    const { clock } = this.#deps;
    const started = clock.now();
    const { transactions } = this.#leader(replica.region);
    const id = request.transaction ?? "";
    const statement = {
      verdict,
      lastInsertId: request.lastInsertId ?? null,
      timeoutMs: this.#timeoutMs(context),
      signal: context.signal,
    };
    let result: StatementResult = { affected: 0 };
    if (verdict.category === "write") result = await transactions.write(id, statement);
    else if (verdict.category === "read") {
      const read = { sql: textOf(verdict), kind: verdict.statement };
      await transactions.read(id, read, statement, context);
    } else {
      const why = `Cannot run ${verdict.statement} in a transaction: it would end it; commit first`;
      throw new MinisqlError("UNSUPPORTED", why);
    }
    const seq = replica.copy.applied.value;
    const primary = this.#leader(replica.region);
    return { result, receipt: this.#receipt(replica, primary, { seq }, started) };
  }

  /** A query without tables may be asked of any server. */
  async #evaluate(
    { sql, lastInsertId }: Request<"evaluate">,
    context: RowsContext,
  ): Promise<Answer<"evaluate">> {
    const { replicas } = this.#deps;
    const { engine } = replicas.deps;
    const verdict = judge(sql, { server: null, table: () => null });
    if (verdict.category !== "read") {
      throw new MinisqlError("BAD_REQUEST", `Cannot run ${verdict.statement} without a region`);
    }
    const session = await engine.session();
    try {
      const { columns, rows, result } = await session.run(textOf(verdict), {
        timeoutMs: this.#timeoutMs(context),
        signal: context.signal,
        ...(lastInsertId === undefined ? {} : { context: { lastInsertId } }),
      });
      await context.rows(columns, rows);
      return { result };
    } finally {
      await session.close();
    }
  }

  #timeoutMs({ within }: RowsContext): number {
    return within ?? this.#deps.limits.statementMs;
  }

  #primary(replica: Replica, epoch: number): Primary {
    const { primary, region } = replica;
    if (epoch > replica.epoch) {
      throw new MinisqlError(
        "NOT_PRIMARY",
        `This server has not heard of epoch ${epoch} of ${region}`,
      );
    }
    if (primary === null || primary.ended !== null) {
      throw new MinisqlError("NOT_PRIMARY", `This server does not lead region ${region}`);
    }
    if (epoch < primary.epoch) {
      const why = `Cannot write in epoch ${epoch} of ${region}: epoch ${primary.epoch} has begun`;
      throw new MinisqlError("STALE_EPOCH", why);
    }
    return primary;
  }

  #leader(region: string): Primary {
    const { primary } = this.#deps.replicas.require(region);
    if (primary !== null) return primary;
    throw new MinisqlError("NOT_PRIMARY", `This server does not lead region ${region}`);
  }

  #receipt(
    replica: Replica,
    primary: Primary,
    { seq, fingerprints }: {
      readonly seq: number;
      readonly fingerprints?: Written["fingerprints"];
    },
    started: number,
  ): Receipt {
    const changed = [...fingerprints?.values() ?? []];
    return {
      region: replica.region,
      epoch: primary.epoch,
      seq,
      rid: this.#deps.rid() ?? 0,
      fingerprint: changed.length === 1 ? changed[0] ?? null : null,
      agree: primary.members.map(({ rid }) => rid),
      dissent: [],
      ms: Math.round((this.#deps.clock.now() - started) * 1000) / 1000,
    };
  }
}

function isOpen({ transaction }: Query): boolean {
  return transaction !== undefined;
}

function apart(statement: string): MinisqlError {
  const why = "only queries outside of transactions have rows gathered from other servers";
  return new MinisqlError(
    "UNSUPPORTED",
    `Cannot run ${statement} on tables of several regions: ${why}`,
  );
}

function numberedOf({ session, n }: Query): { session: string; n: number } | null {
  return session === undefined || n === undefined ? null : { session, n };
}

/** What the guard lets through; reads are never rewritten. */
function textOf(verdict: Accepted): string {
  return verdict.kind === "safe" ? verdict.sql : verdict.rewrite(verdict.expressions);
}
