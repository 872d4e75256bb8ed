/** What copying a region does, told on two engines and the link between them. */
import assert from "node:assert/strict";
import { copyDamageContract } from "./region_copy_damage.ts";
import { type CopyContract, copyTest, rowsSql } from "./region_copy_fixture.ts";
import { copyKeysContract } from "./region_copy_keys.ts";
import { copyTroubleContract } from "./region_copy_trouble.ts";

const ITEMS = "CREATE TABLE items (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40))";
const OWNERS = "CREATE TABLE owners (id INT PRIMARY KEY, name VARCHAR(40))";
const PETS = "CREATE TABLE pets (id INT PRIMARY KEY, owner INT NOT NULL, " +
  "CONSTRAINT pets_owner FOREIGN KEY (owner) REFERENCES owners (id) ON DELETE CASCADE)";

export function regionCopyContract(contract: CopyContract): void {
  tableTests(contract);
  foreignKeyTests(contract);
  copyDamageContract(contract);
  copyKeysContract(contract);
  copyTroubleContract(contract);
}

function tableTests(contract: CopyContract): void {
  copyTest(contract, "an empty server gets all there is", async (bench) => {
    await bench.make("items", ITEMS, ["source"]);
    const rows = rowsSql(3000, (n) => `${n + 1}, 'é${n}'`);
    await bench.run("source", `INSERT INTO items VALUES ${rows}`);
    await bench.make("none", "CREATE TABLE none (id INT PRIMARY KEY)", ["source"]);
    await bench.putSessions("source", ["a", "b"]);
    await bench.putSessions("target", ["b", "c"]);
    const copied = await bench.copy();
    assert.deepEqual(copied.position, bench.position);
    assert.equal(copied.rows, 3000);
    assert.deepEqual(
      copied.perTable.map(({ table, copied, removed }) => [table, copied, removed]),
      [
        ["items", 3000, 0],
        ["none", 0, 0],
      ],
    );
    await bench.assertAlike();
    assert.deepEqual(bench.replaced, []);
  });

  copyTest(contract, "what is equal already does not travel", async (bench) => {
    await bench.make("items", ITEMS);
    const rows = rowsSql(3000, (n) => `${n + 1}, '${n}'`);
    for (const side of ["source", "target"] as const) {
      await bench.run(side, `INSERT INTO items VALUES ${rows}`);
    }
    const { rows: travelled, bytes } = await bench.copy();
    assert.deepEqual([travelled, bytes, bench.asked.get("copyRows")], [0, 0, undefined]);
    await bench.assertAlike();
  });

  copyTest(contract, "tables are dropped, made and made anew as at the source", async (bench) => {
    const { at: _at } = bench;
    await bench.make("items", ITEMS, ["source"]);
    await bench.make("items", ITEMS.replace("40", "30"), ["target"]);
    await bench.make("old", "CREATE TABLE old (id INT PRIMARY KEY)", ["target"]);
    await bench.run("source", "INSERT INTO items VALUES (1, 'a')");
    await bench.run("target", "INSERT INTO items VALUES (1, 'b')", "INSERT INTO old VALUES (7)");
    await bench.copy();
    await bench.assertAlike();
    assert.deepEqual(bench.rowsReplaced("items").before, [[1, "b"]]);
    assert.deepEqual(bench.rowsReplaced("old").before, [[7]]);
  });

  copyTest(contract, "AUTO_INCREMENT goes on where it would at the source", async (bench) => {
    await bench.make("items", ITEMS);
    await bench.run("source", "INSERT INTO items VALUES (500, 'a')", "DELETE FROM items");
    await bench.copy();
    await bench.run("target", "INSERT INTO items (v) VALUES ('next')");
    const { rows } = await bench.at(
      "target",
      (session) => session.run("SELECT id FROM items", { timeoutMs: 1000 }),
    );
    assert.deepEqual(rows, [[501]]);
  });

  copyTest(contract, "tables without a primary key are copied as a whole", async (bench) => {
    await bench.make("log", "CREATE TABLE log (at INT, v VARCHAR(9))");
    const twice = "INSERT INTO log VALUES (1, 'a'), (1, 'a'), (NULL, NULL)";
    await bench.run("source", twice);
    await bench.run("target", twice);
    assert.equal((await bench.copy()).rows, 0);
    await bench.run("target", "INSERT INTO log VALUES (1, 'a')");
    assert.equal((await bench.copy()).rows, 3);
    await bench.assertAlike();
    assert.equal(bench.rowsReplaced("log").before.length, 4);
  });

  copyTest(contract, "many sessions come along", async (bench) => {
    await bench.putSessions("source", Array.from({ length: 3000 }, (_, n) => `session ${n}`));
    await bench.copy();
    await bench.assertAlike();
  });
}

function foreignKeyTests(contract: CopyContract): void {
  copyTest(contract, "tables that refer to each other come in any order", async (bench) => {
    await bench.make("owners", OWNERS, ["source"]);
    await bench.make("pets", PETS, ["source"]);
    // By name, the one that is referred to would come last.
    await bench.run(
      "source",
      "CREATE TABLE a (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES pets (id))",
    );
    await bench.source.maintainFingerprint("a");
    await bench.run(
      "source",
      "INSERT INTO owners VALUES (1, 'x'), (2, 'y')",
      "INSERT INTO pets VALUES (10, 1), (20, 2)",
      "INSERT INTO a VALUES (20)",
    );
    await bench.copy();
    await bench.assertAlike();
  });

  copyTest(contract, "a row that is put right takes nobody along", async (bench) => {
    await bench.make("owners", OWNERS);
    await bench.make("pets", PETS);
    for (const side of ["source", "target"] as const) {
      await bench.run(
        side,
        "INSERT INTO owners VALUES (1, 'x'), (2, 'y')",
        "INSERT INTO pets VALUES (10, 1), (20, 2)",
      );
    }
    await bench.run("target", "UPDATE owners SET name = 'z' WHERE id = 2");
    const { perTable } = await bench.copy();
    assert.deepEqual(perTable.map(({ copied, removed }) => [copied, removed]), [[1, 1], [0, 0]]);
    await bench.assertAlike();
  });
}
