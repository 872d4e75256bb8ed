/** Copying a region over one that is there: what differs is found, and little else travels. */
import assert from "node:assert/strict";
import { MemoryDisk } from "../../src/adapters/memory_disk.ts";
import { MemoryReporter } from "../../src/adapters/memory_reporter.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import type { CopyLimits } from "../../src/region/copy/limits.ts";
import { QuarantineFile, undoSql } from "../../src/region/copy/quarantine.ts";
import { LIMIT } from "./engine_fixture.ts";
import {
  type CopyBench,
  type CopyContract,
  copyTest,
  REGION,
  rowsSql,
} from "./region_copy_fixture.ts";

const T = "CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, w VARCHAR(20))";
const BOTH = ["source", "target"] as const;
/** A chunk has a few parts, a part a few rows, so that small tables show all there is to it. */
const SMALL: Partial<CopyLimits> = {
  chunkRowsFirst: 40,
  chunkRowsMax: 40,
  parts: 3,
  leafRows: 4,
  pieceRows: 3,
  statementKeys: 2,
  statementBytes: 30,
};

export function copyDamageContract(contract: CopyContract): void {
  fewRowsTests(contract);
  undoTests(contract);
  manyRowsTests(contract);
  randomTests(contract);
}

/** The same rows on both sides; quickly also where there are many. */
async function fill(bench: CopyBench, rows: number): Promise<void> {
  await bench.make("t", T);
  for (const side of BOTH) {
    await bench.at(side, async (session) => {
      await session.begin("write");
      for (let from = 0; from < rows; from += 2000) {
        const some = rowsSql(Math.min(2000, rows - from), (n) => `${n}, ${n * 7}, 'w${n}'`, from);
        await session.run(`INSERT INTO t VALUES ${some}`, LIMIT);
      }
      await session.commit();
    });
  }
}

function fewRowsTests(contract: CopyContract): void {
  copyTest(contract, "one row among 100,000 is found, and only it travels", async (bench) => {
    await fill(bench, 100_000);
    await bench.run("target", "UPDATE t SET v = -1 WHERE id = 77777");
    const { rows, bytes, perTable } = await bench.copy();
    assert.equal(rows, 1);
    assert.ok(bytes < 40_000, `${bytes} bytes travelled`);
    assert.deepEqual(perTable.map(({ copied, removed }) => [copied, removed]), [[1, 1]]);
    await bench.assertAlike();
    assert.deepEqual(bench.rowsReplaced("t"), {
      before: [[77777, -1, "w77777"]],
      after: [[77777, 544439, "w77777"]],
    });
    assert.equal(bench.replaced.length, 1, "what was there and what is there now, together");
  });

  copyTest(contract, "rows that are missing or too many, at the ends too", async (bench) => {
    await fill(bench, 20_000);
    await bench.run("source", "DELETE FROM t WHERE id IN (0, 5000, 19999)");
    await bench.run(
      "target",
      "DELETE FROM t WHERE id IN (1, 7000, 7001, 7002, 19998)",
      "INSERT INTO t VALUES (-5, 1, 'x'), (900000, 1, 'y')",
    );
    const { rows, perTable } = await bench.copy();
    assert.equal(rows, 5);
    assert.deepEqual(perTable.map(({ copied, removed }) => [copied, removed]), [[5, 5]]);
    await bench.assertAlike();
    assert.equal(bench.rowsReplaced("t").before.length, 5);
  });

  copyTest(contract, "values that changed places", async (bench) => {
    await fill(bench, 5000);
    await bench.run(
      "target",
      "UPDATE t SET v = 21 WHERE id = 100",
      "UPDATE t SET v = 700 WHERE id = 3",
      "UPDATE t SET v = v + 1 WHERE id = 3000",
      "UPDATE t SET v = v - 1 WHERE id = 4000",
    );
    assert.equal((await bench.copy()).rows, 4);
    await bench.assertAlike();
  });

  copyTest(contract, "unique values that changed places, far apart", async (bench) => {
    await bench.make("u", "CREATE TABLE u (id INT PRIMARY KEY, v INT UNIQUE, w INT UNIQUE)");
    const rows = rowsSql(400, (n) => `${n}, ${n}, ${n === 0 ? "NULL" : n}`);
    for (const side of BOTH) await bench.run(side, `INSERT INTO u VALUES ${rows}`);
    await bench.run(
      "target",
      "UPDATE u SET v = NULL WHERE id = 5",
      "UPDATE u SET v = 5 WHERE id = 390",
      "UPDATE u SET v = 390 WHERE id = 5",
      // In the middle of nowhere at the source.
      "DELETE FROM u WHERE id = 200",
      "INSERT INTO u VALUES (1000, 200, NULL)",
    );
    const { perTable } = await bench.copy({ limits: SMALL });
    assert.deepEqual(perTable.map(({ copied, removed }) => [copied, removed]), [[3, 3]]);
    await bench.assertAlike();
  });
}

function undoTests(contract: CopyContract): void {
  copyTest(contract, "what was replaced can be put back", async (bench) => {
    await fill(bench, 3000);
    await bench.make("gone", "CREATE TABLE gone (id INT PRIMARY KEY)", ["target"]);
    await bench.run(
      "target",
      "INSERT INTO gone VALUES (1), (2)",
      "UPDATE t SET w = 'é''\\\\' WHERE id IN (5, 2500)",
      "DELETE FROM t WHERE id = 7",
      "INSERT INTO t VALUES (-1, 1, NULL), (9000, 2, '')",
    );
    const content = () => bench.at("target", (session) => session.recompute("t", LIMIT));
    const before = await content();
    const [clock, disk] = [new SystemClock(), await new MemoryDisk().mount()];
    const file = await disk.open("replaced", { create: true });
    const aside = new QuarantineFile({ file, clock, reporter: new MemoryReporter() }, REGION);
    await bench.copy({ limits: SMALL, quarantine: (replaced) => aside.keep(replaced) });
    await bench.assertAlike();
    assert.notDeepEqual(await content(), before);
    const written = new TextDecoder().decode(await file.read(0, file.size));
    await bench.run("target", "CREATE TABLE gone (id INT PRIMARY KEY)", ...undoSql(written));
    assert.deepEqual(await content(), before);
    const gone = await bench.at("target", (session) => session.recompute("gone", LIMIT));
    assert.equal(gone.rows, 2);
  });
}

function manyRowsTests(contract: CopyContract): void {
  copyTest(contract, "where most rows differ they travel once, and all", async (bench) => {
    await fill(bench, 20_000);
    await bench.run("target", "UPDATE t SET v = v + 1 WHERE id < 19000");
    const limits = { chunkRowsFirst: 10_000, chunkRowsMax: 10_000, chunkMs: 100_000 };
    const { rows, perTable } = await bench.copy({ limits });
    assert.ok(rows >= 19_000 && rows <= 20_000, `${rows} rows`);
    const calls = bench.asked.get("copyRows") ?? 0;
    assert.ok(calls < 40, `${calls} calls: after a while rows come without their checksums`);
    assert.deepEqual(perTable.map(({ copied, removed }) => [copied, removed]), [[19_000, 19_000]]);
    await bench.assertAlike();
  });

  copyTest(contract, "rows where the source has none", async (bench) => {
    await fill(bench, 10_000);
    await bench.run("source", "DELETE FROM t");
    const { rows, perTable } = await bench.copy();
    assert.deepEqual([rows, perTable[0]?.removed], [0, 10_000]);
    await bench.assertAlike();
    assert.equal(bench.rowsReplaced("t").before.length, 10_000);
  });

  copyTest(
    contract,
    "rows scattered among others travel without asking for each",
    async (bench) => {
      await fill(bench, 3000);
      await bench.run("target", "UPDATE t SET v = -1 WHERE id % 3 = 0");
      await bench.copy();
      await bench.assertAlike();
      assert.ok((bench.asked.get("copyRows") ?? 0) < 50, `${bench.asked.get("copyRows")} calls`);
    },
  );
}

function randomTests(contract: CopyContract): void {
  for (const seed of [1, 2, 3]) {
    copyTest(contract, `any damage is put right (seed ${seed})`, async (bench) => {
      const random = new SeededRandom(seed);
      const below = (limit: number) => Math.floor(random.next() * limit);
      await bench.make("t", T.replace("v INT", "v INT UNIQUE"));
      const damage = () => {
        const draws = [
          `DELETE FROM t WHERE id BETWEEN ${below(300)} AND ${below(300)}`,
          `INSERT IGNORE INTO t VALUES ${
            rowsSql(below(30) + 1, () => `${below(400) - 50}, ${below(900)}, 'x'`)
          }`,
          `REPLACE INTO t VALUES ${
            rowsSql(below(9) + 1, () => `${below(300)}, ${below(900)}, 'y'`)
          }`,
          `UPDATE t SET w = '${below(5)}' WHERE id % ${below(40) + 1} = 0`,
        ];
        return draws[below(draws.length)] as string;
      };
      for (let round = 0; round < 8; round++) {
        for (let n = below(4); n >= 0; n--) await bench.run("source", damage());
        for (let n = below(4); n >= 0; n--) await bench.run("target", damage());
        await bench.copy({ limits: SMALL });
        await bench.assertAlike();
      }
    });
  }
}
