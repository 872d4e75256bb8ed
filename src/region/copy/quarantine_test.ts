import assert from "node:assert/strict";
import { MemoryDisk } from "../../adapters/memory_disk.ts";
import { MemoryReporter } from "../../adapters/memory_reporter.ts";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import type { TableSchema } from "../../ports/engine.ts";
import type { Row } from "../../protocol/values.ts";
import { QuarantineFile, undoSql } from "./quarantine.ts";

const COLUMN = {
  nullable: false,
  defaultSql: null,
  autoIncrement: false,
  generatedSql: null,
  collation: null,
  onUpdateSql: null,
  invisible: false,
};
const SCHEMA: TableSchema = {
  name: "t",
  columns: [
    { ...COLUMN, name: "a", kind: "text", type: "varchar(9)" },
    { ...COLUMN, name: "b", kind: "bytes", type: "varbinary(9)" },
    { ...COLUMN, name: "w", kind: "integer", type: "int(11)", generatedSql: "`v` * 2" },
    { ...COLUMN, name: "v", kind: "integer", type: "int(11)", nullable: true },
  ],
  indexes: [{ name: "PRIMARY", unique: true, columns: ["a", "b"], method: "btree" }],
  foreignKeys: [],
  triggers: [],
  storage: "innodb",
  hash: "0000abcd",
  createSql: "CREATE TABLE t (…)",
};

interface Bench {
  readonly disk: MemoryDisk;
  readonly reporter: MemoryReporter;
  open(bytesMax?: number): Promise<QuarantineFile>;
  contents(): Promise<string>;
}

async function bench(): Promise<Bench> {
  const [memory, reporter, clock] = [new MemoryDisk(), new MemoryReporter(), new VirtualClock()];
  const disk = await memory.mount();
  return {
    disk: memory,
    reporter,
    async open(bytesMax) {
      const file = await disk.open("kept.ndjson", { create: true });
      return new QuarantineFile({ file, clock, reporter }, "shop", bytesMax);
    },
    async contents() {
      const file = await disk.open("kept.ndjson", { create: false });
      return new TextDecoder().decode(await file.read(0, file.size));
    },
  };
}

function rowOf(v: number | null): Row {
  return ["it's", bytes(0, 255), v === null ? null : v * 2, v];
}

const bytes = (...values: number[]) => new Uint8Array(values);

Deno.test("quarantine: what was replaced is undone by statements, the last first", async () => {
  const { open, contents } = await bench();
  const file = await open();
  await file.keep({ schema: SCHEMA, before: [rowOf(1)], after: [rowOf(5)] });
  await file.keep({ schema: SCHEMA, before: [rowOf(5)], after: [] });
  await file.keep({ schema: SCHEMA, before: [], after: [rowOf(null)] });
  const key = "(`a`='it''s' AND `b`=x'00ff')";
  assert.deepEqual(undoSql(await contents()), [
    `DELETE FROM \`t\` WHERE ${key}`,
    "INSERT INTO `t` (`a`,`b`,`v`) VALUES ('it''s',x'00ff',5)",
    `DELETE FROM \`t\` WHERE ${key}`,
    "INSERT INTO `t` (`a`,`b`,`v`) VALUES ('it''s',x'00ff',1)",
  ]);
  assert.deepEqual(file.counts, { kept: 4, lost: 0 });
});

Deno.test("quarantine: a table is described once, and every line says when", async () => {
  const { open, contents } = await bench();
  const file = await open();
  for (const v of [1, 2]) await file.keep({ schema: SCHEMA, before: [rowOf(v)], after: [] });
  await file.keep({ schema: SCHEMA, before: [], after: [] });
  const lines = (await contents()).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ is, table }) => `${is} ${table}`), [
    "table t",
    "rows t",
    "rows t",
  ]);
  assert.equal(lines[0].ddl, SCHEMA.createSql);
  assert.ok(lines.every(({ at }) => at === 1_767_225_600_000));
});

Deno.test("quarantine: at its limit it says that more was replaced, and the repair goes on", async () => {
  const { open, contents, reporter } = await bench();
  const file = await open(1500);
  for (let v = 0; v < 50; v++) {
    await file.keep({ schema: SCHEMA, before: [rowOf(v)], after: [] });
  }
  const { kept, lost } = file.counts;
  assert.ok(kept > 3 && lost > 3 && kept + lost === 50);
  const lines = (await contents()).trimEnd().split("\n");
  assert.equal(JSON.parse(lines.at(-1) ?? "").is, "cut");
  assert.equal(undoSql(await contents()).length, kept);
  assert.equal(reporter.lines.filter(({ level }) => level === "warning").length, 1);
});

Deno.test("quarantine: on a full disk it keeps what is whole, and the repair goes on", async () => {
  const { disk, open, contents } = await bench();
  const file = await open();
  await file.keep({ schema: SCHEMA, before: [rowOf(1)], after: [] });
  disk.capacityBytes = (await contents()).length + 20;
  await file.keep({ schema: SCHEMA, before: [rowOf(3)], after: [] });
  assert.deepEqual(file.counts, { kept: 1, lost: 1 });
  assert.equal(undoSql(await contents()).length, 1);
});

Deno.test("quarantine: a torn last line is passed over, and nonsense is named", async () => {
  const { open, contents } = await bench();
  const file = await open();
  await file.keep({ schema: SCHEMA, before: [rowOf(1)], after: [] });
  const whole = await contents();
  assert.equal(undoSql(`${whole}{"is":"rows","at":1,"tab`).length, 1);
  assert.throws(() => undoSql(`${whole}{"is":"rows"}\n`), /line 3: /);
  assert.throws(() => undoSql(`${whole}{"is":\n`), /line 3: /);
  assert.throws(() => undoSql(whole.split("\n").slice(1).join("\n")), /before its columns/);
});
