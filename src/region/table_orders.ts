/** The master's orders: making and removing copies of tables, changing schemas, handing over. */
import type { TermGuard } from "../cluster/term_guard.ts";
import { MinisqlError, sqlError } from "../protocol/errors.ts";
import type { CallContext } from "../protocol/handlers.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import { quoteName } from "../sql/names.ts";
import { forgetRegion, readOwned, spoilApplied, writeApplied, writeOwned } from "./books.ts";
import type { Replicas } from "./replicas.ts";

export interface TableOrdersDeps {
  readonly terms: TermGuard;
  readonly replicas: Replicas;
  readonly incarnation: string;
}

const MAKE_MS = 600_000;

export class TableOrders {
  readonly #deps: TableOrdersDeps;
  /** Orders on the same tables come one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: TableOrdersDeps) {
    this.#deps = deps;
  }

  async makeTable(request: Request<"makeTable">): Promise<Answer<"makeTable">> {
    this.#deps.terms.obey(request.term);
    return await this.#inTurn(() => this.#make(request));
  }

  /** The region goes with it, whose last table it was here. */
  async removeTable({ term, region }: Request<"removeTable">): Promise<Answer<"removeTable">> {
    this.#deps.terms.obey(term);
    await this.removeRegion(region);
    return {};
  }

  /** All there is of a region here, unless the cluster counts on it. */
  async removeRegion(region: string): Promise<void> {
    await this.#inTurn(() => this.#deps.replicas.giveUp(region, () => this.#discard(region)));
  }

  async changeTable(
    { term, region, job, sql }: Request<"changeTable">,
    context: CallContext,
  ): Promise<Answer<"changeTable">> {
    this.#deps.terms.obey(term);
    return { tables: await this.#change(region, job, sql, context) };
  }

  async handOver(
    { term, region, to }: Request<"handOver">,
    { signal }: CallContext,
  ): Promise<Answer<"handOver">> {
    this.#deps.terms.obey(term);
    const replica = this.#deps.replicas.require(region);
    if (replica.primary === null) throw notPrimary(region);
    return await replica.primary.handOver(to, signal);
  }

  async #change(region: string, job: string, sql: string, { signal }: CallContext) {
    const replica = this.#deps.replicas.require(region);
    if (replica.primary === null) throw notPrimary(region);
    const outcome = await replica.primary.changeSchema({ sql, context: {}, job, signal });
    if (outcome.errno !== null) {
      throw sqlError(outcome.errno, outcome.sqlState ?? "HY000", outcome.message ?? "");
    }
    return outcome.tables;
  }

  async #make({ region, table, ddl }: Request<"makeTable">): Promise<Answer<"makeTable">> {
    const { replicas, incarnation } = this.#deps;
    const known = replicas.find(region)?.copy.schema(table) ?? null;
    if (known !== null) return { incarnation, schemaHash: known.hash };
    const state = await replicas.look(region);
    // To a region that lives its own log brings tables.
    if (state?.state !== "creating" || !state.replicas.includes(replicas.deps.rid() ?? 0)) {
      const why = `region ${region} is not being made here`;
      throw new MinisqlError("NO_REGION", `Cannot make ${table}: ${why}`);
    }
    const schemaHash = await this.#makeHere(region, table, ddl);
    await replicas.adopt(region);
    return { incarnation, schemaHash };
  }

  /** The first copy of a table that nobody has written to yet. */
  async #makeHere(region: string, table: string, ddl: string): Promise<string> {
    const { replicas } = this.#deps;
    const { engine } = replicas.deps;
    const session = await engine.session();
    try {
      const owner = (await readOwned(session)).get(table) ?? null;
      if (owner !== null && owner !== region) await this.#discardOrphan(owner);
      else if (owner === null && await engine.schema(table) !== null) {
        throw new MinisqlError(
          "TABLE_EXISTS",
          `Cannot make ${table}: the database has a table of that name that is not minisql's; ` +
            "rename it, or move it to another database",
        );
      }
      // Said first: whoever finds the table later knows whose it is, and when the table is on disk
      // this is too.
      await session.begin("write");
      await writeOwned(session, region, [table]);
      await writeApplied(session, region, { epoch: 0, seq: 0, state: "sound" });
      await session.commit();
      if (await engine.schema(table) === null) await session.run(ddl, { timeoutMs: MAKE_MS });
      const made = await engine.schema(table);
      if (made === null) {
        throw new MinisqlError("BAD_REQUEST", `Cannot make ${table}: the statement makes another`);
      }
      await engine.maintainFingerprint(table);
      return (await engine.schema(table))?.hash ?? made.hash;
    } catch (error) {
      if (session.usable) await session.rollback().catch(() => {});
      throw error;
    } finally {
      await session.close();
    }
  }

  /** A region that is no more, or not here any more, has left something that is in the way. */
  async #discardOrphan(region: string): Promise<void> {
    const { replicas } = this.#deps;
    const replica = replicas.find(region);
    const isKept = replica !== null && replica.state !== null && !replicas.letGo.includes(replica);
    if (isKept) {
      throw new MinisqlError("TABLE_EXISTS", `Cannot make the table: region ${region} has it here`);
    }
    await replicas.giveUp(region, () => this.#discard(region));
  }

  /** Removes all there is of a region on this server. */
  async #discard(region: string): Promise<void> {
    const { engine, log } = this.#deps.replicas.deps;
    const session = await engine.session();
    try {
      // Said first: cut off in the middle it is no copy that anybody trusts, and is removed again.
      await session.begin("write");
      await spoilApplied(session, region);
      await session.commit();
      const owned = await readOwned(session);
      const tables = [...owned].filter(([, owner]) => owner === region).map(([name]) => name);
      for (const table of tables) {
        await session.run(dropSql(table), {
          timeoutMs: MAKE_MS,
          context: { foreignKeyChecks: false },
        });
        await engine.forgetFingerprint(table);
      }
      await session.begin("write");
      await forgetRegion(session, region);
      await session.commit();
    } finally {
      await session.close();
    }
    await log.drop(region);
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(action, action);
    this.#last = mine.catch(() => {});
    return mine;
  }
}

function dropSql(table: string): string {
  return `DROP TABLE IF EXISTS ${quoteName(table)}`;
}

function notPrimary(region: string): MinisqlError {
  return new MinisqlError("NOT_PRIMARY", `This server does not lead region ${region}`);
}
