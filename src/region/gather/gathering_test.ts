/** Rows brought together from servers that are made up, on a real engine. */
import assert from "node:assert/strict";
import { SeededRandom } from "../../adapters/seeded_random.ts";
import { SqliteEngine } from "../../adapters/sqlite/engine.ts";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import type { EngineInfo } from "../../ports/engine.ts";
import type { GatheredRegion } from "../../protocol/calls/region.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Answer, Request } from "../../protocol/messages.ts";
import type { Row } from "../../protocol/values.ts";
import type { Caller } from "../../rpc/caller.ts";
import { is } from "../../../tests/support/is.ts";
import { READ_LIMITS, type ReadLimits } from "../read/limits.ts";
import { Places } from "../read/places.ts";
import { Gathering } from "./gathering.ts";

const HASH = "0000abcd";
const ORIGINAL: Answer<"originals">["tables"][number] = {
  table: "t",
  hash: HASH,
  columns: [
    {
      name: "id",
      kind: "integer",
      type: "int",
      nullable: false,
      collation: null,
      invisible: false,
    },
    {
      ...{ name: "data", kind: "bytes", type: "varbinary(20)", nullable: true, collation: null },
      invisible: false,
    },
  ],
  indexes: [{ name: "PRIMARY", unique: true, columns: ["id"], method: "btree" }],
};
const ROWS: readonly Row[] = [[0, 1, "AP8="], [0, 2, null], [0, 3, ""]];

/** What a made-up server does when it is asked for rows. */
interface Source {
  readonly rows: readonly (readonly Row[])[];
  /** Raised behind them. */
  readonly failure?: MinisqlError;
  /** How many it says there were. */
  readonly said?: number;
  readonly seq?: number;
  readonly engine?: Partial<EngineInfo>;
}

const GOOD: Source = { rows: [ROWS.slice(0, 2), ROWS.slice(2)] };
const LOST = new MinisqlError("OUTCOME_UNKNOWN", "the link was lost");

class Bench {
  readonly clock = new VirtualClock();
  readonly engine: SqliteEngine;
  readonly asked: string[] = [];
  readonly requests: Request<"contribute">[] = [];
  readonly #sources: Readonly<Record<number, Source>>;
  readonly #limits: ReadLimits;

  constructor(sources: Readonly<Record<number, Source>>, limits: Partial<ReadLimits> = {}) {
    this.engine = new SqliteEngine({ clock: this.clock, random: new SeededRandom(1) });
    this.#sources = sources;
    this.#limits = { ...READ_LIMITS, ...limits };
  }

  /** What a query sees of the rows that were gathered for it. */
  async run(sql: string, region: Partial<GatheredRegion> = {}, signal = NEVER) {
    const { clock, engine } = this;
    const limits = this.#limits;
    const places = new Places(clock, { max: 1, what: "places" });
    const connect = (rid: number) => Promise.resolve(this.#caller(rid));
    const servers = Object.keys(this.#sources).map(Number);
    const regions = [{ region: "r1", after: 5, tables: ["t"], servers, ...region }];
    const request = { sql, local: [], regions };
    const gathering = new Gathering({ clock, engine, limits, connect }, places, request, "voted");
    const wait = { withinMs: 10_000, signal };
    const { rows } = await gathering.use(wait, async ({ session }) => {
      await session.begin("snapshot");
      return await session.run(sql, { timeoutMs: 1000 });
    });
    return { rows, receipts: gathering.receipts };
  }

  #caller(rid: number): Pick<Caller, "call" | "rows"> {
    const source = this.#sources[rid];
    if (source === undefined) throw new MinisqlError("UNAVAILABLE", `nobody is ${rid}`);
    const call = (op: string) => {
      this.asked.push(`${op} ${rid}`);
      const engine = { ...this.engine.info, ...source.engine };
      return Promise.resolve({ engine, tables: [ORIGINAL] });
    };
    const rows = (op: string, request: Request<"contribute">) => {
      this.asked.push(`${op} ${rid}`);
      this.requests.push(request);
      return replyOf(rid, source);
    };
    return { call, rows } as unknown as Pick<Caller, "call" | "rows">;
  }
}

const NEVER = new AbortController().signal;

function replyOf(rid: number, { rows, failure, said, seq = 7 }: Source) {
  const receipt = { region: "r1", epoch: 1, seq, rid, agree: [rid], dissent: [], ms: 1 };
  const count = said ?? rows.flat().length;
  return {
    answer: failure === undefined
      ? Promise.resolve({ receipt, rows: count })
      : new Promise(() => {}),
    async *[Symbol.asyncIterator]() {
      for (const batch of rows) yield await Promise.resolve(batch);
      if (failure !== undefined) throw failure;
    },
  };
}

Deno.test("gathering: rows are what they were, and the receipt says whose", async () => {
  const bench = new Bench({ 4: GOOD });
  const { rows, receipts } = await bench.run("SELECT * FROM t WHERE id > 0 ORDER BY id");
  assert.deepEqual(rows, [[1, new Uint8Array([0, 255])], [2, null], [3, new Uint8Array()]]);
  assert.deepEqual(bench.requests, [{
    ...{ region: "r1", after: 5, read: "voted" },
    pieces: [{ table: "t", hash: HASH, columns: ["id", "data"], where: "`id` > 0" }],
  }]);
  assert.deepEqual(receipts, [{
    ...{ region: "r1", epoch: 1, seq: 7 },
    gathered: {
      ...{ rid: 4, agree: [4], dissent: [] },
      tables: [{ table: "t", rows: 3, where: "`id` > 0" }],
    },
  }]);
});

Deno.test("gathering: what a server has sent before it failed is not kept", async () => {
  for (
    const bad of [
      { ...GOOD, failure: LOST },
      { ...GOOD, failure: new MinisqlError("DIVERGED", "out-voted") },
      { ...GOOD, said: 4 },
      { ...GOOD, seq: 4 },
      { rows: [[[1, 1, null]]] },
      { rows: [[[0, 1]]] },
    ]
  ) {
    const bench = new Bench({ 4: bad, 5: GOOD }, { gatherPieceRows: 1, gatherRows: 3 });
    const { rows, receipts } = await bench.run("SELECT COUNT(id), COUNT(data) FROM t");
    assert.deepEqual(rows, [[3, 2]], Deno.inspect(bad));
    assert.equal(receipts[0]?.gathered?.rid, 5);
    assert.deepEqual(bench.asked, ["originals 4", "contribute 4", "contribute 5"]);
  }
});

Deno.test("gathering: when nobody can, the last one's reason is told", async () => {
  const bench = new Bench({ 4: { ...GOOD, failure: LOST } });
  const sql = "SELECT * FROM t";
  const servers = [9, 4];
  await assert.rejects(
    bench.run(sql, { servers }),
    is("UNAVAILABLE", /rows of t \(region r1\): the link was lost/),
  );
  await assert.rejects(bench.run(sql, { servers: [] }), is("UNAVAILABLE", /no server/));
});

Deno.test("gathering: what is wrong everywhere is not tried elsewhere", async () => {
  const wrong = new MinisqlError("SQL", "Unknown column", { errno: 1054, sqlState: "42S22" });
  const bench = new Bench({ 4: { rows: [], failure: wrong }, 5: GOOD });
  await assert.rejects(bench.run("SELECT * FROM t"), is("SQL", /Unknown column/, 1054));
  assert.deepEqual(bench.asked, ["originals 4", "contribute 4"]);
});

Deno.test("gathering: rows and bytes are counted over all pieces, and end it", async () => {
  const rows = new Bench({ 4: GOOD, 5: GOOD }, { gatherRows: 2 });
  await assert.rejects(rows.run("SELECT * FROM t"), is("UNSUPPORTED", /more than 2 rows/));
  assert.deepEqual(rows.asked, ["originals 4", "contribute 4"]);
  const bytes = new Bench({ 4: GOOD }, { gatherBytes: 10 });
  await assert.rejects(bytes.run("SELECT * FROM t"), is("UNSUPPORTED", /gather-size/));
});

Deno.test("gathering: another kind of database might compare otherwise", async () => {
  const bench = new Bench({ 4: { ...GOOD, engine: { version: "1.2.3" } } });
  await assert.rejects(
    bench.run("SELECT id FROM t"),
    is("UNSUPPORTED", /from server 4: its database might compare.*version is .*not 1\.2\.3/),
  );
});

Deno.test("gathering: it ends with whoever waits for it", async () => {
  const bench = new Bench({ 4: { ...GOOD, failure: LOST }, 5: GOOD });
  const signal = AbortSignal.abort(new MinisqlError("CANCELLED", "no more"));
  await assert.rejects(bench.run("SELECT id FROM t", {}, signal), is("CANCELLED", /no more/));
});
