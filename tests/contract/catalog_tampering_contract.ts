/** What every Catalog promises of rows that somebody else has changed, run on each adapter. */
import assert from "node:assert/strict";
import { grant, job, placement, server, table } from "../support/catalog_records.ts";
import type { CatalogTest } from "./catalog_contract.ts";
import { putAll } from "./catalog_records_contract.ts";

export function catalogTamperingContract(test: CatalogTest): void {
  test(
    "a row that somebody broke is reported, and the others are read",
    async (catalog, fixture) => {
      await putAll(
        catalog,
        ...[1, 2, 3].map((rid) => ({ change: "server.put", server: server(rid) }) as const),
        ...["a", "b"].map((name) => ({ change: "table.put", table: table(name) }) as const),
        { change: "placement.put", placement: placement("r1", 3) },
        { change: "placement.put", placement: placement("r2", 3) },
        { change: "job.put", job: job("j1") },
        { change: "grant.put", grant: grant("ann") },
      );
      await fixture.sql("UPDATE `region_info` SET `load` = '{\"reads\":' WHERE `rid` = 1");
      await fixture.sql("UPDATE `region_info` SET `port` = 70000 WHERE `rid` = 3");
      await fixture.sql("UPDATE `tables` SET `state` = 'reday' WHERE `name` = 'a'");
      await fixture.sql("UPDATE `placements` SET `rid` = 9007199254740993 WHERE `region` = 'r1'");
      await fixture.sql("UPDATE `jobs` SET `request` = ''");
      await fixture.sql("UPDATE `grants` SET `privilege` = 'all'");
      const state = await catalog.load();
      assert.deepEqual(state.servers, [server(2)]);
      assert.deepEqual(state.tables, [table("b")]);
      assert.deepEqual(state.placements, [placement("r2", 3)]);
      assert.deepEqual([state.jobs, state.grants], [[], []]);
      const faults = state.faults.map(({ table, key, reason }) => `${table} ${key}: ${reason}`);
      const words = [
        /^region_info 1: load cannot be read: .*JSON/,
        /^region_info 3: port must be a whole number from 1 to 65535, not 70000$/,
        /^tables a: state must be "creating" or "ready" or "dropping", not "reday"$/,
        /^placements r1\/900719925474099[23]: rid must be a whole number/,
        /^jobs j1: request cannot be read: .*JSON/,
        /^grants ann\/all\/\*: privilege must be .*, not "all"$/,
      ];
      assert.equal(faults.length, words.length, faults.join("\n"));
      words.forEach((each, n) => assert.match(faults[n] ?? "", each));
    },
  );

  test("a put of its key mends a broken row", async (catalog, fixture) => {
    await putAll(catalog, { change: "table.put", table: table("a") });
    await fixture.sql("UPDATE `tables` SET `region` = 'NO SUCH'");
    assert.equal((await catalog.load()).faults.length, 1);
    const state = await putAll(catalog, { change: "table.put", table: table("a") });
    assert.deepEqual([state.tables, state.faults], [[table("a")], []]);
  });

  test("a broken control row stops everything, saying what is wrong", async (catalog, fixture) => {
    await fixture.sql("UPDATE `catalog_control` SET `next_rid` = 0");
    const words = /catalog_control.*nextRid must be a whole number of at least 1, not 0/;
    for (const call of [() => catalog.load(), () => catalog.claim(1), () => catalog.nextRid(1)]) {
      await assert.rejects(call, words);
    }
  });
}
