/** Reads that are one statement: when they are, and what becomes of them when something moves. */
import assert from "node:assert/strict";
import {
  type CopiesOptions,
  copiesTest,
  failure,
  type ReadCopies,
} from "../../../tests/support/read_copies.ts";
import { settle } from "../../../tests/support/wait.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Engine, Fingerprint } from "../../ports/engine.ts";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import { KeptLooks } from "./kept_looks.ts";
import { Patience } from "./patience.ts";
import { ReadSessions } from "./sessions.ts";

const SETUP = [
  "CREATE TABLE items (id INT PRIMARY KEY, price INT)",
  `INSERT INTO items VALUES ${Array.from({ length: 600 }, (_, at) => `(${at}, ${at})`)}`,
  "CREATE TABLE notes (id INT PRIMARY KEY)",
];
const ONE = { region: "shop", sql: "SELECT price FROM items WHERE id = 7" } as const;
const ALL = { region: "shop", sql: "SELECT price FROM items" } as const;
const DEARER = "UPDATE items SET price = price + 1 WHERE id = 7";

function shop(more: Partial<CopiesOptions> = {}): CopiesOptions {
  return { copies: 3, regions: { shop: SETUP }, ...more };
}

/** What is done to a server's database from now on, in order. */
function doings(copies: ReadCopies, rid: number): string[] {
  const { engine } = copies.server(rid);
  const done: string[] = [];
  const make = engine.session.bind(engine);
  engine.session = async () => {
    const session = await make();
    const { begin, fingerprint, stream } = session;
    session.begin = (mode) => {
      done.push(`begin ${mode}`);
      return begin.call(session, mode);
    };
    session.fingerprint = (table) => {
      done.push("fingerprint");
      return fingerprint.call(session, table);
    };
    session.stream = (sql, options) => {
      done.push("stream");
      return stream.call(session, sql, options);
    };
    return session;
  };
  return done;
}

copiesTest("quick read: one statement, and one look for those who vote", shop(), async (copies) => {
  const done = doings(copies, 2);
  await copies.ask(2, { ...ONE, read: "fast" });
  assert.deepEqual(done.splice(0), ["stream"]);
  await copies.ask(2, ONE);
  assert.deepEqual(done.splice(0), ["stream", "fingerprint"]);
  await copies.ask(1, { ...ONE, read: "latest" });
});

copiesTest(
  "quick read: those who must look before their last row share the look",
  shop({ limits: { heldRows: 100, batchRows: 50 } }),
  async (copies) => {
    const done = doings(copies, 2);
    await copies.ask(2, ALL);
    done.length = 0;
    await copies.wait(Promise.all(Array.from({ length: 30 }, () => copies.begin(2, ALL))));
    assert.equal(done.filter((each) => each === "stream").length, 30);
    assert.ok(done.filter((each) => each === "fingerprint").length <= 10, done.join());
  },
);

copiesTest("quick read: a commit under way makes it a transaction", shop(), async (copies) => {
  const done = doings(copies, 2);
  copies.server(2).only.isRestless = true;
  await copies.ask(2, ONE);
  assert.deepEqual(done.splice(0), ["begin snapshot", "fingerprint", "stream"]);
  copies.server(2).only.isRestless = false;
  await copies.ask(2, ONE);
  assert.deepEqual(done.splice(0), ["stream", "fingerprint"]);
});

copiesTest(
  "quick read: one during which something was committed is done over",
  shop(),
  async (copies) => {
    const { only, engine } = copies.server(2);
    await copies.write("shop", [DEARER], [2]);
    const make = engine.session.bind(engine);
    let isFirst = true;
    engine.session = async () => {
      const session = await make();
      const { stream } = session;
      session.stream = (sql, options) => {
        const rows = stream.call(session, sql, options);
        if (!isFirst) return rows;
        isFirst = false;
        const moved = only.apply(DEARER);
        return {
          columns: rows.columns,
          kept: () => rows.kept(),
          async *[Symbol.asyncIterator]() {
            await moved;
            yield* rows;
          },
        };
      };
      return session;
    };
    const { rows, answer } = await copies.ask(2, ONE);
    assert.equal(isFirst, false);
    assert.deepEqual([rows[0]?.[0], answer.receipt.seq], [8, 2]);
  },
);

copiesTest(
  "quick read: so is one that saw what was changed back at once",
  shop(),
  async (copies) => {
    const { only, engine } = copies.server(2);
    const back = "UPDATE items SET price = price - 1 WHERE id = 7";
    await copies.write("shop", [DEARER], [2]);
    await copies.write("shop", [back], [2]);
    const make = engine.session.bind(engine);
    let isFirst = true;
    engine.session = async () => {
      const session = await make();
      const { stream } = session;
      session.stream = (sql, options) => {
        if (!isFirst) return stream.call(session, sql, options);
        isFirst = false;
        const moved = only.apply(DEARER).then(() => stream.call(session, sql, options));
        return {
          columns: moved.then(({ columns }) => columns),
          kept: () => moved.then((rows) => rows.kept()),
          async *[Symbol.asyncIterator]() {
            yield* await moved;
            await only.apply(back);
          },
        };
      };
      return session;
    };
    const { rows, answer } = await copies.ask(2, ONE);
    assert.deepEqual([rows[0]?.[0], answer.receipt.seq], [7, 3]);
  },
);

copiesTest("quick read: a fast one tells no position below what it saw", shop(), async (copies) => {
  copies.server(2).only.isRestless = true;
  const { answer } = await copies.ask(2, { ...ONE, read: "fast" });
  assert.equal(answer.receipt.seq, 2);
});

copiesTest(
  "quick read: rows beyond what may be held back go once they are vouched for",
  shop({
    limits: { heldRows: 100, batchRows: 50 },
  }),
  async (copies) => {
    const done = doings(copies, 2);
    const { rows, answer } = await copies.ask(2, ALL);
    assert.equal(rows.length, 600);
    assert.ok(answer.receipt.agree.length >= 2);
    assert.deepEqual(done, ["stream", "fingerprint"]);
    await copies.server(2).edit(DEARER);
    assert.equal((await failure(copies.ask(2, ALL))).code, "DIVERGED");
  },
);

copiesTest(
  "quick read: how a query fails is told only if the rows were right",
  shop(),
  async (copies) => {
    const sql = "SELECT (SELECT id FROM items WHERE price = 9) FROM items WHERE id = 1";
    await copies.ask(2, { region: "shop", sql });
    await copies.server(2).edit("UPDATE items SET price = 9 WHERE id < 9");
    assert.equal((await failure(copies.ask(2, { region: "shop", sql }))).code, "DIVERGED");
  },
);

copiesTest(
  "quick read: tables that were not written to are still known",
  shop(),
  async (copies) => {
    await copies.write("shop", ["INSERT INTO notes VALUES (1)"]);
    const done = doings(copies, 2);
    const { answer } = await copies.ask(2, ONE);
    assert.equal(answer.receipt.seq, 2);
    assert.deepEqual(done, ["stream", "fingerprint"]);
  },
);

Deno.test("patience: failing again and again is tried less and less, and then anew", () => {
  const patience = new Patience();
  const passedUp = () => {
    let count = 0;
    while (!patience.allows(["r"])) count++;
    return count;
  };
  assert.equal(passedUp(), 0);
  const counts = Array.from({ length: 8 }, () => {
    patience.failed(["r"]);
    return passedUp();
  });
  assert.deepEqual(counts, [1, 3, 7, 15, 31, 63, 64, 64]);
  assert.equal(patience.allows(["other"]), true);
  patience.succeeded(["r"]);
  patience.failed(["r"]);
  assert.equal(passedUp(), 1);
});

Deno.test("kept looks: whoever asks during a look gets the one after it, all the same one", async () => {
  const looks: Deferred<Fingerprint>[] = [];
  const engine = {
    session: () =>
      Promise.resolve({
        usable: true,
        fingerprint: () => {
          looks.push(new Deferred());
          return looks.at(-1)?.promise;
        },
        close: () => Promise.resolve(),
      }),
  };
  const clock = new VirtualClock();
  let isCrowded = false;
  const sessions = new ReadSessions({ clock, engine: engine as unknown as Engine }, 4);
  const kept = new KeptLooks(sessions, clock, {
    limitMs: 1000,
    isCrowded: () => isCrowded,
    gatherMs: 5,
  });
  const fingerprint = (rows: number): Fingerprint => ({ rows, sum: "0", schema: "00000000" });
  const first = kept.after("t");
  await settle();
  const later = [kept.after("t"), kept.after("t")];
  const other = kept.after("u");
  await settle();
  assert.equal(looks.length, 2);
  looks[0]?.resolve(fingerprint(1));
  looks[1]?.resolve(fingerprint(9));
  assert.deepEqual([(await first)?.rows, (await other)?.rows], [1, 9]);
  await settle();
  assert.equal(looks.length, 3);
  looks[2]?.reject(new Error("the database is lost"));
  for (const each of later) await assert.rejects(each, /lost/);
  const fourth = kept.after("t");
  await settle();
  isCrowded = true;
  const fifth = kept.after("t");
  looks[3]?.resolve(fingerprint(4));
  assert.equal((await fourth)?.rows, 4);
  await settle();
  const sixth = kept.after("t");
  assert.equal(looks.length, 4);
  await clock.advance(5, settle);
  assert.equal(looks.length, 5);
  looks[4]?.resolve(fingerprint(5));
  assert.deepEqual([(await fifth)?.rows, (await sixth)?.rows], [5, 5]);
});
