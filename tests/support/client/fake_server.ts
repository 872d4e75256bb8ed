/** A made-up region server: it answers as the protocol says, and misbehaves as a test tells it. */
import type { MemoryNetwork } from "../../../src/adapters/memory_network.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { StatementResult } from "../../../src/protocol/values.ts";
import { MinisqlError, sqlError } from "../../../src/protocol/errors.ts";
import type { CallContext, RowsContext } from "../../../src/protocol/handlers.ts";
import type { Answer, Request } from "../../../src/protocol/messages.ts";
import type { ServerRef } from "../../../src/protocol/model.ts";
import { RpcServer } from "../../../src/rpc/server.ts";
import { classify } from "../../../src/sql/classify.ts";
import type { FakeRegion } from "./fake_region.ts";

/**
 * What a server does instead of, or beside, answering one call: raise an error, break the links
 * before or after it has done what was asked, or never answer.
 */
export type Trick = MinisqlError | "break_before" | "break_after" | "hang";

export interface Asked {
  readonly op: "query" | "evaluate" | "begin" | "commit" | "rollback" | "savepoint" | "replicas";
  readonly request: Readonly<Record<string, unknown>>;
}

interface OpenTransaction {
  readonly region: FakeRegion;
  readonly statements: string[];
  readonly savepoints: string[];
  readonly from: string;
}

export const FAKE_PORT = 9091;
const COLUMNS = [
  { name: "rid", kind: "integer" },
  { name: "seq", kind: "integer" },
] as const;

export class FakeServer {
  readonly ref: ServerRef;
  readonly regions = new Map<string, FakeRegion>();
  /** Everything asked of it, in order. */
  readonly asked: Asked[] = [];
  /** Used up one by one, by the next statements. */
  readonly tricks: Trick[] = [];
  /** How far it has applied each region's entries; all of them where nothing is said. */
  readonly appliedOnly = new Map<string, number>();
  /** Added to the positions that its answers tell, and to nothing else. */
  lies = 0;
  /** Calls whose caller has ended them. */
  cancelled = 0;
  /** What writes are answered with besides. */
  warned: Partial<Pick<StatementResult, "warnings" | "conditions">> = {};
  /** Batches of rows that a query gives before it ends. */
  batches: readonly (readonly (readonly [number, number])[])[] | null = null;
  onBatch: () => void = () => {};
  /** What a statement fails with, wherever it is run. */
  onQuery: (sql: string) => MinisqlError | null = () => null;
  readonly #network: MemoryNetwork;
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenTransaction>();
  #server: RpcServer | null = null;
  #transactions = 0;

  constructor(ref: ServerRef, clock: Clock, network: MemoryNetwork) {
    this.ref = ref;
    this.#clock = clock;
    this.#network = network;
  }

  get openTransactions(): number {
    return this.#open.size;
  }

  /** What was asked under one name. */
  of(op: Asked["op"]): readonly Asked["request"][] {
    return this.asked.filter((each) => each.op === op).map(({ request }) => request);
  }

  async start(): Promise<void> {
    const { host, port, rid } = this.ref;
    const deps = { clock: this.#clock, network: this.#network.host(host) };
    this.#server = await RpcServer.start(deps, { host, port }, {
      hello: () => Promise.resolve({ protocol: 1, role: "region", version: "0", rid, ready: true }),
      onDefect: (error) => {
        throw error;
      },
      handlers: {
        query: (request, context) =>
          this.#answer("query", request, context, () => this.#query(request, context)),
        evaluate: (request, context) =>
          this.#answer("evaluate", request, context, async () => {
            await context.rows(COLUMNS, [[rid, 0]]);
            return { result: { affected: 0 } };
          }),
        begin: (request, context) =>
          this.#answer("begin", request, context, () => this.#begin(request, context)),
        commit: (request, context) =>
          this.#answer("commit", request, context, () => this.#commit(request)),
        rollback: (request, context) =>
          this.#answer("rollback", request, context, () => {
            this.#open.delete(request.transaction);
            return {};
          }),
        savepoint: (request, context) =>
          this.#answer("savepoint", request, context, () => this.#savepoint(request)),
        replicas: (request) => {
          this.asked.push({ op: "replicas", request });
          return Promise.resolve(this.#replicas(request));
        },
      },
    });
  }

  /** As kill -9 does it. */
  crash(): void {
    this.#network.crash(this.ref.host);
    this.#open.clear();
  }

  async close(): Promise<void> {
    await this.#server?.close(0);
  }

  applied(region: FakeRegion): number {
    return Math.min(region.seq, this.appliedOnly.get(region.name) ?? Infinity);
  }

  /** Answers a call, or plays the trick that is next. */
  async #answer<T>(
    op: Asked["op"],
    request: Asked["request"],
    { signal }: CallContext,
    work: () => T | Promise<T>,
  ): Promise<T> {
    this.asked.push({ op, request });
    const trick = op === "rollback" ? undefined : this.tricks.shift();
    if (trick instanceof MinisqlError) throw trick;
    if (trick === "break_before") return await this.#break();
    if (trick === "hang") return await this.#hang(signal);
    const watched = () => this.cancelled++;
    signal.addEventListener("abort", watched);
    const answer = await work();
    signal.removeEventListener("abort", watched);
    if (trick === "break_after") return await this.#break();
    return answer;
  }

  #break(): Promise<never> {
    this.#network.cut("client", this.ref.host);
    for (const [id, { from }] of [...this.#open]) {
      if (from.startsWith("client")) this.#open.delete(id);
    }
    return new Promise(() => {});
  }

  #hang(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        this.cancelled++;
        reject(signal.reason);
      });
    });
  }

  #region(name: string, epoch: number): FakeRegion {
    const region = this.regions.get(name);
    if (region === undefined) throw new MinisqlError("NO_REGION", `Server has no region ${name}`);
    if (epoch < region.epoch) {
      throw new MinisqlError("STALE_EPOCH", `Epoch ${epoch} is over: it is ${region.epoch} now`);
    }
    return region;
  }

  #requirePrimary(region: FakeRegion): void {
    if (region.primary === this.ref.rid) return;
    throw new MinisqlError("NOT_PRIMARY", `Server ${this.ref.rid} is not the primary`);
  }

  async #query(request: Request<"query">, context: RowsContext): Promise<Answer<"query">> {
    const failure = this.onQuery(request.sql);
    if (failure !== null) throw failure;
    if (request.transaction !== undefined) return await this.#inTransaction(request, context);
    const region = this.#region(request.region, request.epoch);
    const { category, kind } = classify(request.sql);
    if (category === "write" || kind === "truncate") {
      this.#requirePrimary(region);
      const seq = region.commit([request.sql], request.session ?? "", request.n ?? 0);
      const insertId = kind === "insert" ? String(seq) : null;
      return {
        result: { affected: 1, insertId, ...this.warned },
        receipt: this.#receipt(region, seq),
      };
    }
    if (request.read === "latest") this.#requirePrimary(region);
    const seq = this.#readable(request.region, request.after ?? 0);
    const also = (request.also ?? []).map((other) => {
      this.#region(other.region, other.epoch);
      return { ...other, seq: this.#readable(other.region, other.after) };
    });
    // As if the other servers had been asked.
    const gathered = (request.gather ?? []).map(({ region: name, after }) => (
      { region: name, epoch: 1, seq: after }
    ));
    await this.#rows(seq, context);
    const others = [...also, ...gathered];
    const receipt = {
      ...this.#receipt(region, seq),
      ...(others.length === 0 ? {} : { also: others }),
    };
    return { result: { affected: 0 }, receipt };
  }

  async #rows(seq: number, context: RowsContext): Promise<void> {
    for (const batch of this.batches ?? [[[this.ref.rid, seq]]]) {
      await context.rows(COLUMNS, batch);
      this.onBatch();
    }
  }

  #readable(name: string, after: number): number {
    const region = this.regions.get(name);
    if (region === undefined) throw new MinisqlError("NO_REGION", `Server has no region ${name}`);
    const seq = this.applied(region);
    if (seq >= after) return seq;
    throw new MinisqlError("BEHIND", `Server ${this.ref.rid} is at ${seq}, not at ${after}`);
  }

  #receipt(region: FakeRegion, seq: number): Answer<"query">["receipt"] {
    const { rid } = this.ref;
    const { name, epoch } = region;
    return { region: name, epoch, seq: seq + this.lies, rid, agree: [rid], dissent: [], ms: 1 };
  }

  #begin(request: Request<"begin">, { caller }: CallContext): Answer<"begin"> {
    const region = this.#region(request.region, request.epoch);
    this.#requirePrimary(region);
    const transaction = `t${this.ref.rid}-${++this.#transactions}`;
    this.#open.set(transaction, { region, statements: [], savepoints: [], from: caller.from });
    return { transaction, seq: this.applied(region) };
  }

  #transaction(id: string): OpenTransaction {
    const transaction = this.#open.get(id);
    if (transaction !== undefined) return transaction;
    throw sqlError(1213, "40001", "The transaction was rolled back: it is not known here");
  }

  async #inTransaction(
    { transaction, sql }: Request<"query">,
    context: RowsContext,
  ): Promise<Answer<"query">> {
    const { region, statements } = this.#transaction(transaction ?? "");
    const receipt = this.#receipt(region, this.applied(region));
    if (classify(sql).category === "write") {
      statements.push(sql);
      return { result: { affected: 1 }, receipt };
    }
    await this.#rows(region.seq, context);
    return { result: { affected: 0 }, receipt };
  }

  #commit(request: Request<"commit">): Answer<"commit"> {
    const { session, n, transaction: id } = request;
    const region = this.#region(request.region, request.epoch);
    this.#requirePrimary(region);
    if (region.knows(session, n)) return { receipt: this.#receipt(region, region.seq) };
    const { statements } = this.#transaction(id);
    this.#open.delete(id);
    return { receipt: this.#receipt(region, region.commit(statements, session, n)) };
  }

  #savepoint({ transaction, step, name }: Request<"savepoint">): Answer<"savepoint"> {
    this.#transaction(transaction).savepoints.push(`${step} ${name}`);
    return {};
  }

  #replicas({ region: only }: Request<"replicas">): Answer<"replicas"> {
    const { rid } = this.ref;
    const held = [...this.regions.values()].filter(({ name }) =>
      only === undefined || name === only
    );
    return {
      rid,
      replicas: held.map((region) => ({
        ...{ region: region.name, role: region.primary === rid ? "primary" : "slave" },
        ...{ epoch: region.epoch, last: region.seq, committed: region.seq },
        ...{ applied: this.applied(region), inSync: region.inSync, trouble: null, progress: null },
        tables: region.tables.map((table) => ({
          ...{ table, verifiedAt: null },
          fingerprint: { rows: region.rows, sum: "0", schema: "00000000" },
        })),
      })),
    };
  }
}
