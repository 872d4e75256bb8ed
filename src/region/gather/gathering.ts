/**
 * The stage for one statement whose tables are not all here: a session of the engine on which the
 * others' rows, as many of them as the statement can need, stand in tables of the same names. The
 * statement then runs as it is. Of each region all rows are of one position, which its own servers
 * vouch for; the positions of several regions are not of one moment.
 */
import type { EngineSession } from "../../ports/engine.ts";
import type { ReadLevel, Receipt } from "../../protocol/calls/region.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Wait } from "../read/places.ts";
import { Places } from "../read/places.ts";
import type { Stage } from "../read/read.ts";
import type { Lent } from "../read/sessions.ts";
import { type Asking, fromAny, type Limit } from "./from_any.ts";
import type { GatherDeps } from "./gather_deps.ts";
import { type GatherRequest, planGather, type PlannedRegion } from "./gather_plan.ts";
import { Budget, Loader, unreadable } from "./loader.ts";

type Also = NonNullable<Receipt["also"]>[number];

export class Gathering implements Stage {
  readonly #deps: GatherDeps;
  readonly #places: Places;
  readonly #request: GatherRequest;
  readonly #level: Exclude<ReadLevel, "recount">;
  #receipts: readonly Also[] = [];

  constructor(
    deps: GatherDeps,
    places: Places,
    request: GatherRequest,
    level: Exclude<ReadLevel, "recount">,
  ) {
    this.#deps = deps;
    this.#places = places;
    this.#request = request;
    this.#level = level;
  }

  /** Of what was gathered last. */
  get receipts(): readonly Also[] {
    return this.#receipts;
  }

  async use<T>(wait: Wait, action: (lent: Lent) => Promise<T>): Promise<T> {
    const { clock, engine } = this.#deps;
    const limit: Limit = { until: clock.now() + wait.withinMs, signal: wait.signal };
    return await this.#places.use(wait, async () => {
      const planned = await planGather(this.#deps, this.#request, limit);
      const standIns = planned.flatMap(({ pieces }) => pieces.map(({ standIn }) => standIn));
      const session = await engine.sessionWith(standIns);
      try {
        await this.#gather(session, planned, limit);
        return await action({ session, isUsed: false });
      } catch (error) {
        throw onceOnly(error);
      } finally {
        await session.close();
      }
    });
  }

  async #gather(
    session: EngineSession,
    planned: readonly PlannedRegion[],
    limit: Limit,
  ): Promise<void> {
    const budget = new Budget(this.#deps.limits);
    const receipts: Also[] = [];
    for (const region of planned) {
      receipts.push(
        await fromAny(
          this.#deps,
          region.region,
          limit,
          (asking) => this.#load(session, region, budget, asking),
        ),
      );
    }
    this.#receipts = receipts;
  }

  async #load(
    session: EngineSession,
    planned: PlannedRegion,
    budget: Budget,
    asking: Asking,
  ): Promise<Also> {
    const { options } = asking;
    const loader = new Loader(session, planned, this.#deps.limits, budget);
    try {
      return await this.#pour(planned, loader, asking);
    } catch (error) {
      if (session.usable && !options.signal.aborted) await loader.undo(options);
      throw error;
    }
  }

  /** No faster than rows are stored here: those who send them wait. */
  async #pour(
    { region: { region, after }, pieces }: PlannedRegion,
    loader: Loader,
    { caller, options }: Asking,
  ): Promise<Also> {
    const request = {
      ...{ region, after, read: this.#level },
      pieces: pieces.map(({ standIn: { name, columns }, hash, where }) => ({
        ...{ table: name, hash, where },
        columns: columns.map((column) => column.name),
      })),
    };
    const reply = caller.rows("contribute", request, options);
    for await (const rows of reply) await loader.take(rows, options);
    await loader.finish(options);
    const { receipt, rows } = await reply.answer;
    const taken = loader.counts.reduce((sum, count) => sum + count, 0);
    if (rows !== taken) throw unreadable(`${taken} rows where ${rows} were sent`);
    if (receipt.region !== region || receipt.seq < after) throw unreadable("rows of the past");
    const { rid, epoch, seq, agree, dissent } = receipt;
    const tables = pieces.map(({ standIn, where }, at) => ({
      ...{ table: standIn.name, where },
      rows: loader.counts[at] ?? 0,
    }));
    return { region, epoch, seq, gathered: { rid, agree, dissent, tables } };
  }
}

/** "Can't reopen table" */
const REOPENED = 1137;

/** MySQL, other than MariaDB, reads a temporary table at one place of a statement only. */
function onceOnly(error: unknown): unknown {
  if (!(error instanceof MinisqlError) || error.errno !== REOPENED) return error;
  return new MinisqlError(
    "UNSUPPORTED",
    `Cannot run the statement on rows gathered from other servers: ${error.message}: MySQL reads ` +
      "a gathered table at one place of a statement only; name it once, or ask in two statements",
    { cause: error },
  );
}
