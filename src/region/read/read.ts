/** One read on its way: what was asked, how far it is, and what it stands on. */
import type { Clock } from "../../ports/clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { RowsContext } from "../../protocol/handlers.ts";
import type { ReadLevel, Receipt } from "../../protocol/calls/region.ts";
import type { TableUse } from "../../sql/table_walk.ts";
import type { ReadLimits } from "./limits.ts";
import { type Part, partsOf, type ReadRegion } from "./parts.ts";
import type { Wait } from "./places.ts";
import { RowsOut } from "./rows_out.ts";
import type { Lent } from "./sessions.ts";
import type { View } from "./snapshot.ts";
import type { Readable, ReadOptions } from "./statement.ts";
import type { Verdict } from "./verdict.ts";

export interface ReadRequest {
  /** At least one; the first is the one that the client named. */
  readonly regions: readonly [ReadRegion, ...ReadRegion[]];
  /** As the guard lets it through, with the tables of these regions that it found. */
  readonly statement: Readable;
  readonly tables: readonly Pick<TableUse, "table">[];
  readonly level: ReadLevel;
  readonly lastInsertId?: string | undefined;
  readonly timeoutMs: number;
  /** Where it must be run, if not on any session. */
  readonly stage?: Stage;
}

/** Sessions that have more to read than what is here, and what that more stands on. */
export interface Stage {
  use<T>(wait: Wait, action: (lent: Lent) => Promise<T>): Promise<T>;
  readonly receipts: NonNullable<Receipt["also"]>;
}

export class Read {
  readonly request: ReadRequest;
  readonly parts: readonly Part[];
  readonly context: RowsContext;
  readonly out: RowsOut;
  readonly #clock: Clock;
  readonly #batchRows: number;
  readonly #began: number;

  constructor(request: ReadRequest, context: RowsContext, clock: Clock, limits: ReadLimits) {
    this.request = request;
    this.context = context;
    this.parts = partsOf(request.regions, request.tables);
    this.out = new RowsOut(context, limits);
    this.#clock = clock;
    this.#batchRows = limits.batchRows;
    this.#began = clock.now();
  }

  get regions(): readonly string[] {
    return this.parts.map(({ replica }) => replica.region);
  }

  /** One statement on what is here, and nothing else. */
  get isPlain(): boolean {
    return this.request.stage === undefined && this.request.statement.kind !== "pieces";
  }

  get signal(): AbortSignal {
    return this.context.signal;
  }

  /** What is left of its time; raises `TIMEOUT` where nothing is. */
  get leftMs(): number {
    const { timeoutMs } = this.request;
    const left = timeoutMs - (this.#clock.now() - this.#began);
    if (left > 0) return left;
    throw new MinisqlError("TIMEOUT", `Cannot finish the read: it took over ${timeoutMs} ms`);
  }

  options(signal: AbortSignal = this.signal): ReadOptions {
    const { lastInsertId } = this.request;
    const context = lastInsertId === undefined ? {} : { context: { lastInsertId } };
    return { ...context, timeoutMs: this.leftMs, signal, batchRows: this.#batchRows };
  }

  /** Verdicts are of the parts in turn; there are none where nobody was asked. */
  receipt(views: readonly View[], verdicts: readonly Verdict[]): Receipt {
    const [{ replica, tables }] = this.parts as readonly [Part];
    const { region, epoch, rid } = replica;
    const [view] = views as readonly [View];
    const only = this.parts.length === 1 && tables.length === 1;
    const agree = [rid, ...verdicts.flatMap((verdict) => verdict.agree)]
      .filter((each) => verdicts.every((verdict) => verdict.agree.includes(each)));
    const here = this.parts.slice(1).map((part, at) => ({
      region: part.replica.region,
      epoch: part.replica.epoch,
      seq: views[at + 1]?.seq ?? 0,
    }));
    const also = [...here, ...this.request.stage?.receipts ?? []];
    return {
      ...{ region, epoch, seq: view.seq, rid },
      fingerprint: only ? view.fingerprints[0] ?? null : null,
      agree: distinct(agree),
      dissent: distinct(verdicts.flatMap((verdict) => verdict.dissent)),
      ms: Math.round((this.#clock.now() - this.#began) * 1000) / 1000,
      ...(also.length === 0 ? {} : { also }),
    };
  }
}

function distinct(rids: readonly number[]): readonly number[] {
  return [...new Set(rids)].sort((a, b) => a - b);
}
