/** Reads, votes and looks at copies on MariaDB, with rows changed beside the cluster. */
import assert from "node:assert/strict";
import type { Connection } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import { SystemClock } from "../src/adapters/system_clock.ts";
import type { ReadLevel } from "../src/protocol/calls/region.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import type { RowsContext } from "../src/protocol/handlers.ts";
import type { Answer } from "../src/protocol/messages.ts";
import type { Row } from "../src/protocol/values.ts";
import { prepareBooks } from "../src/region/books.ts";
import { READ_LIMITS } from "../src/region/read/limits.ts";
import { Poll } from "../src/region/read/poll.ts";
import { ReadService } from "../src/region/read/read_service.ts";
import { Scrubber } from "../src/region/read/scrubber.ts";
import { Voter } from "../src/region/read/voter.ts";
import type { Peer } from "../src/region/readable.ts";
import { MemoryReporter } from "../src/adapters/memory_reporter.ts";
import { classify } from "../src/sql/classify.ts";
import { type MariadbEngine, openAdmin, openMariadbEngine } from "./support/mariadb_engines.ts";
import { fillReplica, TestReplica } from "./support/read_replica.ts";

const SETUP = [
  "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(40), price DECIMAL(10,2), seen TIMESTAMP(6))",
  "INSERT INTO items SELECT seq, CONCAT('item ', seq), seq * 1.5, '2024-01-01 00:00:00' " +
  "FROM seq_1_to_1000",
];
const CALLER = {
  role: "client",
  name: "",
  user: null,
  rid: null,
  incarnation: null,
  from: "",
} as const;

class Copy {
  readonly fixture: MariadbEngine;
  readonly replica: TestReplica;
  readonly reads: ReadService;
  readonly voter: Voter;
  readonly scrubber: Scrubber;
  readonly admin: Connection;

  constructor(copies: Copies, rid: number, fixture: MariadbEngine, admin: Connection) {
    const { clock } = copies;
    const { engine } = fixture;
    const deps = { clock, engine, limits: READ_LIMITS };
    const poll = new Poll(deps);
    this.fixture = fixture;
    this.admin = admin;
    this.replica = new TestReplica(copies, "shop", rid, engine);
    this.reads = new ReadService({ ...deps, poll });
    this.voter = new Voter(deps);
    const replicas = () => [this.replica];
    const reporter = new MemoryReporter();
    this.scrubber = new Scrubber({ ...deps, poll, reporter }, { replicas, everyMs: null });
  }

  async close(): Promise<void> {
    await this.admin.end();
    await this.reads.close();
    await this.voter.close();
    await this.fixture.close();
  }
}

/** Three copies in databases of their own, which talk to each other without a network. */
class Copies {
  readonly clock = new SystemClock();
  readonly all: Copy[] = [];

  static async open(server: MariadbServer): Promise<Copies> {
    const copies = new Copies();
    for (let rid = 1; rid <= 3; rid++) {
      const fixture = await openMariadbEngine(server);
      const admin = await openAdmin(server, fixture.database);
      const copy = new Copy(copies, rid, fixture, admin);
      copies.all.push(copy);
      await prepareBooks(fixture.engine);
      copy.replica.isPrimary = rid === 1;
      copy.replica.inSync = [1, 2, 3];
      await fillReplica(copy.replica, SETUP);
    }
    return copies;
  }

  copy(rid: number): Copy {
    const copy = this.all[rid - 1];
    assert.ok(copy !== undefined);
    return copy;
  }

  peer(_from: number, rid: number): Peer {
    const { voter, replica, scrubber } = this.copy(rid);
    const answers = {
      vote: (request: never, context: never) => voter.vote(replica, request, context),
      tally: (request: never, context: never) => voter.tally(() => replica, request, context),
      challenge: ({ tables }: { readonly tables: readonly string[] }) =>
        Promise.resolve(scrubber.challenge(replica, tables)),
    } as unknown as Record<string, (request: unknown, context: unknown) => Promise<never>>;
    return {
      rid,
      call: async (op, request, { timeoutMs, signal }) =>
        await answers[op]?.(request, context(timeoutMs, signal)) as never,
    };
  }

  async read(
    rid: number,
    sql: string,
    level: ReadLevel = "voted",
  ): Promise<{ readonly rows: readonly Row[]; readonly answer: Answer<"query"> }> {
    const rows: Row[] = [];
    const { replica, reads } = this.copy(rid);
    const { kind, tables } = classify(sql);
    const answer = await reads.read({
      regions: [{ replica, after: 0 }],
      statement: { sql, kind },
      tables,
      level,
      timeoutMs: 30_000,
    }, {
      ...context(30_000),
      rows: (_columns, more) => Promise.resolve(void rows.push(...more)),
    });
    return { rows, answer };
  }

  async write(...statements: readonly string[]): Promise<void> {
    for (const { replica } of this.all) await replica.apply(...statements);
  }

  async close(): Promise<void> {
    for (const copy of this.all) await copy.close();
  }
}

function context(
  within: number,
  signal: AbortSignal = new AbortController().signal,
): Omit<RowsContext, "rows"> {
  return { caller: CALLER, signal, within };
}

async function failure(promise: Promise<unknown>): Promise<MinisqlError> {
  const error = await promise.then((value) => value, (reason) => reason);
  assert.ok(error instanceof MinisqlError, Deno.inspect(error));
  return error;
}

let shared: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await shared?.stop();
});

function story(what: string, body: (copies: Copies) => Promise<void>): void {
  Deno.test(`region reads on MariaDB: ${what}`, async () => {
    shared ??= await startMariadb();
    const copies = await Copies.open(shared);
    try {
      await body(copies);
    } finally {
      await copies.close();
    }
  });
}

story("every level answers alike", async (copies) => {
  const sql = "SELECT * FROM items WHERE id BETWEEN 10 AND 12 ORDER BY id";
  const { rows } = await copies.read(2, sql, "fast");
  assert.deepEqual(rows[0], [10, "item 10", "15.00", "2024-01-01 00:00:00.000000"]);
  assert.deepEqual((await copies.read(2, sql, "voted")).rows, rows);
  assert.deepEqual((await copies.read(2, sql, "recount")).rows, rows);
  assert.deepEqual((await copies.read(1, sql, "latest")).rows, rows);
  const { agree } = (await copies.read(3, sql, "recount")).answer.receipt;
  assert.ok(agree.includes(3) && agree.length >= 2);
});

const LIES = {
  edited: "UPDATE items SET price = 1 WHERE id = 77",
  swapped: "UPDATE items SET price = 165 - price WHERE id IN (50, 60)",
  added: "INSERT INTO items VALUES (5000, 'stone', 0, '2024-01-01')",
  deleted: "DELETE FROM items WHERE id = 500",
};
for (const [what, lie] of Object.entries(LIES)) {
  for (const isRestless of [false, true]) {
    const way = isRestless ? ", also in a transaction" : "";
    story(`rows ${what} in the database itself are never shown${way}`, async (copies) => {
      const { replica, admin } = copies.copy(2);
      replica.isRestless = isRestless;
      const honest = await copies.read(2, "SELECT * FROM items ORDER BY id");
      await admin.query(lie);
      const { code } = await failure(copies.read(2, "SELECT COUNT(*) FROM items"));
      assert.equal(code, "DIVERGED");
      assert.equal(replica.lost.length, 1);
      const { rows } = await copies.read(3, "SELECT * FROM items ORDER BY id");
      assert.deepEqual(rows, honest.rows);
    });
  }
}

story("a row changed without a trace is found by recounting and by counting", async (copies) => {
  const { replica, admin, scrubber } = copies.copy(2);
  const sql = "SELECT price FROM items WHERE id = 77";
  await admin.query("CREATE TEMPORARY TABLE kept SELECT * FROM _minisql_fingerprint");
  await admin.query(LIES.edited);
  await admin.query("REPLACE INTO _minisql_fingerprint SELECT * FROM kept");
  assert.equal((await copies.read(2, sql)).rows.length, 1);
  assert.equal((await failure(copies.read(2, sql, "recount"))).code, "DIVERGED");
  replica.trouble = null;
  const limits = { timeoutMs: 30_000, signal: new AbortController().signal };
  const { copies: [told] } = await scrubber.verify(replica, "items", limits);
  assert.notEqual(told?.kept.sum, told?.counted.sum);
  assert.equal(replica.lost.length, 2);
});

story("reads are right while tables are written to and changed", async (copies) => {
  const sql = "SELECT COUNT(*), SUM(price) FROM items";
  const voted = new Map<number, Set<string>>();
  let isOver = false;
  const reading = async (level: ReadLevel) => {
    while (!isOver) {
      try {
        const { rows: [row], answer: { receipt: { seq } } } = await copies.read(2, sql, level);
        if (level === "voted") voted.set(seq, (voted.get(seq) ?? new Set()).add(String(row)));
      } catch (error) {
        assert.ok(error instanceof MinisqlError && error.code === "BEHIND", String(error));
      }
    }
  };
  const readers = (["voted", "voted", "fast", "voted"] as const).map(reading);
  try {
    for (let round = 0; round < 8; round++) await changeAll(copies, round);
  } finally {
    isOver = true;
    await Promise.all(readers);
  }
  assert.deepEqual(copies.copy(2).replica.lost, []);
  assert.ok(voted.size > 5, "reads at several positions");
  for (const [seq, rows] of voted) assert.equal(rows.size, 1, `one answer at position ${seq}`);
});

/** Two writes and a schema change. */
async function changeAll(copies: Copies, round: number): Promise<void> {
  await copies.write(`UPDATE items SET price = price + 1 WHERE id <= ${round * 10}`);
  await copies.write(`INSERT INTO items (id, price) VALUES (${2000 + round}, 1)`);
  for (const { replica, admin, fixture } of copies.all) {
    await replica.begin("changing");
    await admin.query(`ALTER TABLE items ADD COLUMN extra${round} INT`);
    await fixture.engine.maintainFingerprint("items");
    await replica.end();
  }
}

story("1,000,000 rows go through little memory", async (copies) => {
  const sql = "SELECT a.id * 1000 + b.id, a.name FROM items AS a CROSS JOIN items AS b";
  const { replica, reads } = copies.copy(2);
  let rows = 0;
  let most = 0;
  const before = Deno.memoryUsage().heapUsed;
  await reads.read({
    regions: [{ replica, after: 0 }],
    statement: { sql, kind: "select" },
    tables: [{ table: "items" }],
    level: "voted",
    timeoutMs: 120_000,
  }, {
    ...context(120_000),
    rows: async (_columns, more) => {
      rows += more.length;
      if (rows % 50_000 !== 0) return;
      // A client that takes its time now and then.
      await copies.clock.sleep(5);
      most = Math.max(most, Deno.memoryUsage().heapUsed - before);
    },
  });
  assert.equal(rows, 1_000_000);
  assert.ok(most < 100_000_000, `${most} bytes more than before`);
});
