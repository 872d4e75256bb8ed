/** Two engines, one that a region is copied from and one that it is copied to, and a link between. */
import assert from "node:assert/strict";
import { MemoryNetwork } from "../../src/adapters/memory_network.ts";
import { MemoryReporter } from "../../src/adapters/memory_reporter.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import type { Engine, EngineSession } from "../../src/ports/engine.ts";
import type { LogPosition } from "../../src/ports/log.ts";
import type { CallName } from "../../src/protocol/messages.ts";
import {
  prepareBooks,
  readApplied,
  readOwned,
  readSessions,
  writeApplied,
  writeSessions,
} from "../../src/region/books.ts";
import { doubtBook } from "../../src/region/last_claims.ts";
import {
  copyRegion,
  type CopyRegionOptions,
  type RegionCopied,
} from "../../src/region/copy/copy_region.ts";
import { CopySource } from "../../src/region/copy/copy_source.ts";
import type { CopyLimits } from "../../src/region/copy/limits.ts";
import type { Replaced } from "../../src/region/copy/replaced.ts";
import { Channel } from "../../src/rpc/channel.ts";
import { RpcServer } from "../../src/rpc/server.ts";
import { greeting, hello } from "../support/rpc.ts";
import { assertInStep, LIMIT, runAll, withSession } from "./engine_fixture.ts";

export const REGION = "shop";
const EPOCH = 3;
const ADDRESS = { host: "source", port: 9091 };

export interface CopyEngines {
  readonly source: Engine;
  readonly target: Engine;
  close(): Promise<void>;
}

export interface CopyContract {
  readonly name: string;
  /** Types and kinds of keys that both engines refuse. */
  readonly refusedTypes: readonly string[];
  /** Makes the fingerprints that are kept wrong; null where nobody can. */
  readonly miscount: string | null;
  /** Rows of the largest table that is copied. */
  readonly manyRows: number;
  open(): Promise<CopyEngines>;
}

export class CopyBench {
  readonly source: Engine;
  readonly target: Engine;
  readonly network: MemoryNetwork;
  /** What the target has asked for. */
  readonly asked = new Map<CallName, number>();
  /** What was told to the quarantine. */
  readonly replaced: Replaced[] = [];
  readonly views: CopySource;
  readonly position: LogPosition = { epoch: EPOCH, seq: 41 };
  readonly #clock = new SystemClock();
  #server: RpcServer | null = null;

  private constructor({ source, target }: CopyEngines, limits: Partial<CopyLimits>) {
    this.source = source;
    this.target = target;
    const random = new SeededRandom(1);
    this.network = new MemoryNetwork({ clock: this.#clock, random });
    const deps = { clock: this.#clock, random: new SystemRandom(), reporter: new MemoryReporter() };
    this.views = new CopySource({ ...deps, engine: source }, limits);
  }

  static async start(engines: CopyEngines, limits: Partial<CopyLimits>): Promise<CopyBench> {
    const bench = new CopyBench(engines, limits);
    await prepareBooks(bench.source);
    await prepareBooks(bench.target);
    await bench.at("source", async (session) => {
      await writeApplied(session, REGION, { ...bench.position, state: "sound" });
    });
    await bench.#serve();
    return bench;
  }

  async close(): Promise<void> {
    await this.#server?.close(0);
    await this.views.close();
  }

  /** Does something in a session of one side. */
  async at<T>(side: "source" | "target", body: (session: EngineSession) => Promise<T>): Promise<T> {
    return await withSession(this[side], body);
  }

  /** Runs statements on one side. */
  async run(side: "source" | "target", ...statements: string[]): Promise<void> {
    await this.at(side, (session) => runAll(session, ...statements));
  }

  /** Makes a table, on both sides where nothing else is said, and keeps its fingerprint. */
  async make(table: string, ddl: string, sides: readonly ("source" | "target")[] = BOTH) {
    for (const side of sides) {
      await this.run(side, ddl);
      await this[side].maintainFingerprint(table);
    }
  }

  /** Copies the region over a link of its own. */
  async copy(options: Partial<CopyRegionOptions> = {}): Promise<RegionCopied> {
    const deps = { clock: this.#clock, random: new SystemRandom() };
    const network = this.network.host("target");
    const channel = new Channel({ ...deps, network }, { address: ADDRESS, greeting });
    try {
      const { caller } = await channel.connect();
      const to = { engine: this.target, clock: this.#clock, reporter: new MemoryReporter() };
      return await copyRegion({ ...to, call: caller }, {
        region: REGION,
        epoch: EPOCH,
        tables: await this.target.tables(),
        signal: new AbortController().signal,
        quarantine: (replaced) => Promise.resolve(void this.replaced.push(replaced)),
        ...options,
      });
    } finally {
      channel.close();
    }
  }

  /** Fails unless the target holds what the source does, counts it rightly, and says so. */
  async assertAlike(): Promise<void> {
    const tables = await this.source.tables();
    assert.deepEqual(await this.target.tables(), tables);
    for (const table of tables) {
      const theirs = await this.at("source", (session) => session.recompute(table, LIMIT));
      const mine = await this.at(
        "target",
        (session) => assertInStep(this.target, session, table),
      );
      assert.deepEqual(mine, theirs, table);
    }
    const books = await this.at("target", (session) => readApplied(session, REGION));
    assert.deepEqual(books, { ...this.position, state: "sound" });
    const owned = await this.at("target", readOwned);
    assert.deepEqual([...owned], tables.map((table) => [table, REGION]));
    // What the log says of a copy begins behind where it was made.
    const doubt = doubtBook(this.position.seq);
    const mine = new Map((await this.#sessions("target")).map((book) => [book.session, book]));
    assert.deepEqual(mine.get(doubt.session), doubt);
    mine.delete(doubt.session);
    assert.deepEqual([...mine.values()], await this.#sessions("source"));
  }

  async state(): Promise<string | undefined> {
    return (await this.at("target", (session) => readApplied(session, REGION)))?.state;
  }

  /** What is in the books of a side for client sessions. */
  async putSessions(side: "source" | "target", names: readonly string[]): Promise<void> {
    const books = names.map((session, n) => ({
      session,
      n: n + 1,
      seq: n + 7,
      result: `{"é":${n}}`,
    }));
    await this.at(side, (session) => writeSessions(session, REGION, books));
  }

  /** All rows told to the quarantine, of one table. */
  rowsReplaced(table: string): { readonly before: unknown[]; readonly after: unknown[] } {
    const told = this.replaced.filter(({ schema }) => schema.name === table);
    return {
      before: told.flatMap(({ before }) => before),
      after: told.flatMap(({ after }) => after),
    };
  }

  async #sessions(side: "source" | "target") {
    const books = await this.at(side, (session) => readSessions(session, REGION));
    return books.toSorted((a, b) => a.session < b.session ? -1 : 1);
  }

  async #serve(): Promise<void> {
    const { handlers } = this.views;
    const count = <R, C, A>(op: CallName, handler: (request: R, context: C) => Promise<A>) => {
      return (request: R, context: C) => {
        this.asked.set(op, (this.asked.get(op) ?? 0) + 1);
        return handler(request, context);
      };
    };
    this.#server = await RpcServer.start(
      { clock: this.#clock, network: this.network.host("source") },
      ADDRESS,
      {
        hello,
        handlers: {
          ...handlers,
          openCopy: async (request, context) =>
            await this.views.open(request, await this.source.tables(), context),
          copyChunk: count("copyChunk", handlers.copyChunk),
          copyRows: count("copyRows", handlers.copyRows),
        },
        onDefect: (error, op) => assert.fail(`${op}: ${Deno.inspect(error)}`),
      },
    );
  }
}

const BOTH = ["source", "target"] as const;

/** Runs a test body with two engines of its own, and these limits at the source. */
export function copyTest(
  contract: CopyContract,
  what: string,
  body: (bench: CopyBench) => Promise<void>,
  limits: Partial<CopyLimits> = {},
): void {
  Deno.test(`${contract.name}: ${what}`, async () => {
    const engines = await contract.open();
    const bench = await CopyBench.start(engines, limits);
    try {
      await body(bench);
    } finally {
      await bench.close();
      await engines.close();
    }
  });
}

/** VALUES for so many rows, each made from its number. */
export function rowsSql(count: number, row: (n: number) => string, from = 0): string {
  return Array.from({ length: count }, (_, at) => `(${row(from + at)})`).join();
}
