/** Both sides of gathering: what other servers are asked for here, and what they ask this one for. */
import type { GatheredRegion, ReadLevel } from "../../protocol/calls/region.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { CallContext, RegionHandlers, RowsContext } from "../../protocol/handlers.ts";
import type { Answer, Request } from "../../protocol/messages.ts";
import type { NamedTable } from "../../sql/gather/needs.ts";
import type { TableUse } from "../../sql/table_walk.ts";
import type { Piece } from "../read/pieces.ts";
import { pieceSql } from "../read/pieces.ts";
import { Places } from "../read/places.ts";
import type { Stage } from "../read/read.ts";
import type { ReadService } from "../read/read_service.ts";
import type { ReadableReplica } from "../readable.ts";
import { judge } from "../statement.ts";
import type { GatherDeps } from "./gather_deps.ts";
import { type GatherRequest, planGather } from "./gather_plan.ts";
import { Gathering } from "./gathering.ts";
import { requireGatherable } from "./refusals.ts";

export interface GathererDeps extends GatherDeps {
  readonly reads: ReadService;
  /** This server's copy of a region; raises `NO_REGION` where there is none. */
  readonly replica: (region: string) => ReadableReplica;
}

export interface Gathered {
  /** As the guard lets it through. */
  readonly sql: string;
  readonly tables: readonly Pick<TableUse, "table">[];
  readonly local: readonly ReadableReplica[];
  readonly regions: readonly GatheredRegion[];
  readonly level: ReadLevel;
}

/** Where the caller does not say how long it waits. */
const CONTRIBUTE_MS = 30_000;

type GatherCall = "originals" | "contribute" | "planGather";

export class Gatherer {
  readonly #deps: GathererDeps;
  readonly #places: Places;

  constructor(deps: GathererDeps) {
    this.#deps = deps;
    const { clock, limits } = deps;
    const max = limits.gathersMax;
    this.#places = new Places(clock, { max, what: "places for statements that gather rows" });
  }

  readonly handlers: Pick<RegionHandlers, GatherCall> = {
    originals: (request) => this.#originals(request),
    contribute: (request, context) => this.#contribute(request, context),
    planGather: (request, context) => this.#plan(request, context),
  };

  /** Raises a refusal of a statement that would not mean the same. */
  async stage(gathered: Gathered): Promise<Stage> {
    const { level } = gathered;
    const request = await this.#request(gathered);
    if (level === "recount") throw new Error("what is to be recounted was to be refused");
    return new Gathering(this.#deps, this.#places, request, level);
  }

  close(): void {
    this.#places.close();
  }

  async #request({ sql, tables, local, regions, level }: Gathered): Promise<GatherRequest> {
    requireGatherable(sql, level);
    const elsewhere = new Set(regions.flatMap((each) => each.tables.map(lower)));
    const here: NamedTable[] = [];
    for (const { table } of tables) {
      if (elsewhere.has(lower(table))) continue;
      const schemas = await Promise.all(local.map((replica) => replica.schema(table)));
      const schema = schemas.find((each) => each !== null);
      if (schema === undefined || schema === null) throw noSuchTable(table);
      here.push(schema);
    }
    return { sql, local: here, regions };
  }

  async #originals({ region, tables }: Request<"originals">): Promise<Answer<"originals">> {
    const replica = this.#deps.replica(region);
    const found = await Promise.all(tables.map(async (table) => {
      const schema = await replica.schema(table);
      if (schema === null) throw noSuchTable(table);
      const { hash, columns, indexes } = schema;
      return {
        ...{ table, hash },
        columns: columns.map(({ name, kind, type, nullable, collation, invisible }) => (
          { name, kind, type, nullable, collation, invisible }
        )),
        indexes: indexes.map(({ name, unique, columns, method }) => (
          { name, unique, columns, method }
        )),
      };
    }));
    return { engine: this.#deps.engine.info, tables: found };
  }

  async #contribute(
    { region, read, after, pieces }: Request<"contribute">,
    context: RowsContext,
  ): Promise<Answer<"contribute">> {
    const replica = this.#deps.replica(region);
    const cut: Piece[] = [];
    for (const piece of pieces) cut.push(await this.#piece(replica, piece));
    let rows = 0;
    const { caller, signal, within } = context;
    const counting: RowsContext = {
      ...{ caller, signal, within },
      rows: (columns, batch) => {
        rows += batch.length;
        return context.rows(columns, batch);
      },
    };
    const { receipt } = await this.#deps.reads.read({
      regions: [{ replica, after }],
      statement: { kind: "pieces", pieces: cut },
      tables: pieces,
      level: read,
      timeoutMs: within ?? CONTRIBUTE_MS,
    }, counting);
    return { receipt, rows };
  }

  /** Judged as any client's query is: another server's word is not more than that. */
  async #piece(
    replica: ReadableReplica,
    { table, hash, columns, where }: Request<"contribute">["pieces"][number],
  ): Promise<Piece> {
    const schema = await replica.schema(table);
    if (schema === null) throw noSuchTable(table);
    const chosen = columns.flatMap((name) =>
      schema.columns.find((each) => each.name === name) ?? []
    );
    if (schema.hash !== hash || chosen.length !== columns.length || chosen.length === 0) {
      const why = "it is not defined here as it was where that was planned";
      throw new MinisqlError("BEHIND", `Cannot send rows of table ${table}: ${why}`);
    }
    const piece = { table, hash, columns: chosen, where };
    const verdict = judge(pieceSql(piece), { server: null, table: () => schema });
    const isOne = verdict.tables.length === 1;
    if (verdict.category === "read" && verdict.statement === "select" && isOne) return piece;
    throw new MinisqlError(
      "BAD_REQUEST",
      `Cannot send rows of table ${table}: that is no condition`,
    );
  }

  async #plan(
    { sql, regions, gather, read = "voted" }: Request<"planGather">,
    { signal, within }: CallContext,
  ): Promise<Answer<"planGather">> {
    const { clock, limits } = this.#deps;
    const verdict = judge(sql, { server: null, table: () => null });
    const local = regions.map((region) => this.#deps.replica(region));
    const { tables } = verdict;
    const request = await this.#request({ sql, tables, local, regions: gather, level: read });
    const limit = { until: clock.now() + (within ?? CONTRIBUTE_MS), signal };
    const planned = await planGather(this.#deps, request, limit);
    return {
      pieces: planned.flatMap(({ region: { region }, rid, pieces }) =>
        pieces.map(({ standIn, where }) => ({
          ...{ region, rid, where, table: standIn.name },
          columns: standIn.columns.map(({ name }) => name),
        }))
      ),
      rowsMax: limits.gatherRows,
      bytesMax: limits.gatherBytes,
    };
  }
}

function lower(name: string): string {
  return name.toLowerCase();
}

function noSuchTable(table: string): MinisqlError {
  return sqlError(1146, "42S02", `Table '${table}' doesn't exist`);
}
