/** Copying tables whatever their columns and keys are. */
import assert from "node:assert/strict";
import type { CopyLimits } from "../../src/region/copy/limits.ts";
import { LIMIT } from "./engine_fixture.ts";
import { TYPE_CASES } from "./engine_type_cases.ts";
import { type CopyBench, type CopyContract, copyTest, rowsSql } from "./region_copy_fixture.ts";

const BOTH = ["source", "target"] as const;
const SMALL: Partial<CopyLimits> = { chunkRowsFirst: 7, chunkRowsMax: 7, parts: 2, leafRows: 2 };

interface KeyCase {
  readonly name: string;
  /** Columns of the key, and the key. */
  readonly key: string;
  /** SQL literals, one list a row. */
  readonly rows: readonly string[];
  /** As engines' refused types are called. */
  readonly type?: string;
}

const COMPOSITE = Array.from(
  { length: 60 },
  (_, n) => `${n % 3 - 1}, '${"bAcé"[n % 4]}${n}', '${n % 5}.${n % 10}'`,
);

const MOMENTS =
  "a DATE, b TIME(3), c DATETIME(6), d TIMESTAMP(6), e YEAR, PRIMARY KEY (a, b, c, d, e)";

function moments(dates: readonly string[], more: readonly string[]): readonly string[] {
  const times = [...more, "'2038-01-19 03:14:07.999999'"];
  return dates.flatMap((a) =>
    ["'-838:59:59'", "'12:00:00.125'"].flatMap((b) =>
      times.flatMap((c) => times.flatMap((d) => ["0", "2155"].map((e) => [a, b, c, d, e].join())))
    )
  );
}

const KEY_CASES: readonly KeyCase[] = [
  {
    name: "composite",
    key: "a INT, b VARCHAR(9), c DECIMAL(5,1), PRIMARY KEY (b, a, c)",
    rows: COMPOSITE,
  },
  {
    name: "in any letters",
    key: "a VARCHAR(20) PRIMARY KEY",
    rows: ["'a'", "'B'", "'c'", "'Ä1'", "'straße'", "'Zz'", "' '", "'_'", "'1'", "'ñ'", "'😀'"],
  },
  {
    name: "of bytes of text",
    key: "a VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY",
    rows: ["'a'", "'A'", "'b'", "'B'", "'ä'", "'Ä'", "''", "'😀'", "'\\\\'", "'\\''", "'\\0'"],
  },
  {
    name: "of latin1",
    key: "a VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY",
    rows: ["'a'", "'B'", "'€'", "'ÿ'", "'ö'", "'z'", "''"],
    type: "latin1",
  },
  {
    name: "of bytes",
    key: "a VARBINARY(20) PRIMARY KEY",
    rows: ["x''", "x'00'", "x'0000'", "x'61'", "x'ff'", "x'c3a9'", "x'f0288c28'", "x'7f'"],
  },
  {
    name: "of a label",
    key: "a ENUM('z', 'm', 'a', 'it''s'), b SET('q', 'b', 'a'), PRIMARY KEY (a, b)",
    rows: ["z", "m", "a", "it''s", ""].flatMap((a) =>
      ["", "q", "b", "a", "q,b", "b,a"].map((b) => `'${a}', '${b}'`)
    ),
  },
  {
    name: "of whole numbers beyond doubles",
    key: "a BIGINT UNSIGNED PRIMARY KEY",
    rows: ["0", "9007199254740992", "9007199254740993", "9007199254740994", "9223372036854775807"],
  },
  {
    name: "of the widest numbers",
    key: "a BIGINT UNSIGNED PRIMARY KEY",
    rows: ["0", "9223372036854775807", "9223372036854775808", "18446744073709551615"],
    type: "wide keys",
  },
  {
    name: "of fractions",
    key: "a DOUBLE, b FLOAT, PRIMARY KEY (a, b)",
    rows: ["-1.5, 0.1", "0.1, 0.1", "0.1, 0.3", "0.30000000000000004, 16777216", "1e300, 1e-30"],
  },
  {
    name: "of exact fractions",
    key: "a DECIMAL(30,10) PRIMARY KEY",
    rows: ["-1.5", "0", "0.0000000001", "12345678901234567890.0123456789", "7"],
  },
  {
    name: "of moments",
    key: MOMENTS,
    rows: moments(["'1000-01-01'", "'9999-12-31'"], ["'2024-01-01 00:00:00.000001'"]),
  },
  {
    name: "of moments that are none",
    key: MOMENTS,
    rows: moments(["'0000-00-00'", "'2024-00-31'", "'2024-02-29'"], ["'0000-00-00'"]),
    type: "zero dates in keys",
  },
  {
    name: "of bits",
    key: "a BIT(64) PRIMARY KEY",
    rows: ["0", "1", "49", "255", "9007199254740993", "18446744073709551615"],
  },
  {
    name: "of addresses",
    key: "a UUID, b INET6, PRIMARY KEY (a, b)",
    rows: ["'::'", "'2001:db8::1'", "'ffff::'"].flatMap((b) => [
      `'123e4567-e89b-12d3-a456-426614174000', ${b}`,
      `'00000000-e89b-12d3-a456-426614174fff', ${b}`,
    ]),
    type: "uuid",
  },
];

export function copyKeysContract(contract: CopyContract): void {
  for (const each of KEY_CASES) {
    if (contract.refusedTypes.includes(each.type ?? "")) continue;
    copyTest(contract, `a key ${each.name}`, (bench) => compareKeys(bench, each));
  }

  copyTest(contract, "a key in other letters is another row", async (bench) => {
    await bench.make("k", "CREATE TABLE k (a VARCHAR(9) PRIMARY KEY, v INT)");
    for (const side of BOTH) {
      await bench.run(side, `INSERT INTO k VALUES ${rowsSql(20, (n) => `'row ${n}', ${n}`)}`);
    }
    await bench.run("target", "UPDATE k SET a = 'ROW 7' WHERE v = 7");
    assert.equal((await bench.copy({ limits: SMALL })).rows, 1);
    await bench.assertAlike();
    assert.deepEqual(bench.rowsReplaced("k"), { before: [["ROW 7", 7]], after: [["row 7", 7]] });
  });

  copyTest(contract, "columns of all types", async (bench) => {
    const cases = TYPE_CASES.filter(({ name }) => !contract.refusedTypes.includes(name));
    for (const [at, { column, values }] of cases.entries()) {
      const ddl = `CREATE TABLE t${at} (id INT PRIMARY KEY, ${column})`;
      await bench.make(`t${at}`, ddl, at % 2 === 0 ? ["source"] : BOTH);
      const target = /^u /.test(column) && !/INVISIBLE/.test(column) ? "u" : "v";
      const rows = rowsSql(values.length, (n) => `${n}, ${values[n]}`);
      await stored(bench, "source", `INSERT INTO t${at} (id, ${target}) VALUES ${rows}`);
      if (at % 2 === 0) continue;
      const moved = rowsSql(values.length, (n) => `${n}, ${values[(n + 1) % values.length]}`);
      await stored(bench, "target", `INSERT INTO t${at} (id, ${target}) VALUES ${moved}`);
    }
    await bench.copy();
    await bench.assertAlike();
  });
}

async function compareKeys(bench: CopyBench, { key, rows }: KeyCase): Promise<void> {
  await bench.make("k", `CREATE TABLE k (${key}, v INT)`);
  const values = rowsSql(rows.length, (n) => `${rows[n]}, ${n}`);
  await stored(bench, "source", `INSERT INTO k VALUES ${values}`);
  await bench.copy({ limits: SMALL });
  await bench.assertAlike();
  await bench.run("target", "UPDATE k SET v = -1 WHERE v % 3 = 1", "DELETE FROM k WHERE v % 4 = 0");
  const { perTable } = await bench.copy({ limits: SMALL });
  await bench.assertAlike();
  assert.ok((perTable[0]?.copied ?? 0) < rows.length, "some rows were right");
  await bench.run("source", "DELETE FROM k WHERE v % 2 = 0");
  await bench.copy({ limits: SMALL });
  await bench.assertAlike();
}

/** As they stand, also values that no client may write. */
async function stored(bench: CopyBench, side: "source" | "target", sql: string): Promise<void> {
  await bench.at(side, (session) => session.run(sql, { ...LIMIT, copying: true }));
}
