/** Stories of CREATE and DROP cut short: names used again, relatives, masters that die in between. */
import assert from "node:assert/strict";
import { Paths } from "../../src/cluster/paths.ts";
import type { Catalog, CatalogChange } from "../../src/ports/catalog.ts";
import type { Answer } from "../../src/protocol/messages.ts";
import type { MinisqlError } from "../../src/protocol/errors.ts";
import { is, type MasterWorld, story } from "../support/master_world.ts";

const paths = new Paths();

/** A catalog that never gets to what `match` finds. */
function stuckAt(match: (change: CatalogChange) => boolean) {
  return (sound: Catalog): Catalog => ({
    ...sound,
    apply: (term, changes) =>
      changes.some(match) ? new Promise(() => {}) : sound.apply(term, changes),
  });
}

/** The nodes and copies there are, beside those of the tables that are meant to be. */
function leftovers({ world, cluster }: MasterWorld, tables: readonly string[]): string[] {
  const nodes = world.coordinator.tree.children(paths.tables) ?? [];
  const copies = cluster.regionStates.flatMap((state) => [...state.tables.keys()]);
  return [...nodes, ...copies].filter((name) => !tables.includes(name));
}

/** Asks without waiting; the answer tells how it ended, once it has. */
function ask(cluster: MasterWorld, op: "createTable" | "dropTable", table: string) {
  const channel = cluster.channel(cluster.leader);
  const request = op === "dropTable"
    ? { table }
    : { table, ddl: `CREATE TABLE ${table} (id INT PRIMARY KEY)` };
  const asked = channel.connect().then(({ caller }) =>
    caller.call(op as "createTable", request as { table: string; ddl: string })
  );
  const outcome: Promise<Answer<"createTable"> | MinisqlError> = asked.catch((error) => error);
  return outcome.finally(() => channel.close());
}

{
  const held = { on: false };
  story("a name used again is not taken from its new table by an old job", {
    masters: 2,
    regions: 3,
    defects: {
      catalog: stuckAt((each) =>
        held.on && each.change === "job.put" && each.job.kind === "drop_table" &&
        each.job.state === "done"
      ),
    },
  }, async (cluster) => {
    await cluster.create("orders");
    held.on = true;
    void ask(cluster, "dropTable", "orders");
    await cluster.world.advance(1000);
    // Whether the name is free yet is the master's to say; what it grants must last.
    const granted = await cluster.create("orders").then(() => true, () => false);
    held.on = false;
    cluster.process(cluster.leader).crash();
    await cluster.world.advance(6000);
    const { tables } = await cluster.call("meta", {});
    assert.equal(tables.length, granted ? 1 : 0);
    assert.deepEqual(leftovers(cluster, granted ? ["orders"] : []), []);
  });
}

story("relatives dropped at the same time take their region with them", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("a");
  await cluster.create("b", { beside: "a" });
  const drops = ["a", "b"].map((table) => ask(cluster, "dropTable", table));
  await cluster.outcome(Promise.all(drops));
  assert.equal(cluster.world.coordinator.tree.get(paths.region(region)), null);
  assert.deepEqual((await cluster.call("regions", {})).regions, []);
  assert.deepEqual(leftovers(cluster, []), []);
});

story("nothing is created beside a table that is being dropped", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  await cluster.create("a");
  // An order to a server that does not answer keeps the job busy.
  cluster.world.network.part("m1", "r1");
  const dropped = ask(cluster, "dropTable", "a");
  await cluster.world.advance(50);
  await assert.rejects(
    cluster.create("b", { beside: "a" }),
    is("UNAVAILABLE", /a now: it is being dropped/),
  );
  await assert.rejects(
    cluster.call("dropTable", { table: "a" }),
    is("UNAVAILABLE", /a now: it is being dropped/),
  );
  cluster.world.network.mend("m1", "r1");
  await cluster.outcome(dropped);
  await cluster.create("b");
});

story("a table that another refers to is not dropped", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  await cluster.create("customers");
  const ddl = "CREATE TABLE orders (id INT PRIMARY KEY, c INT, " +
    "FOREIGN KEY (c) REFERENCES customers (id))";
  await cluster.call("createTable", { table: "orders", ddl });
  await assert.rejects(
    cluster.call("dropTable", { table: "customers" }),
    is("SQL", /Cannot drop table 'customers' referenced by a foreign key .* on table 'orders'/),
  );
  await cluster.call("dropTable", { table: "orders" });
  await cluster.call("dropTable", { table: "customers" });
});

story("the list of jobs does not grow for ever", { masters: 1, regions: 1 }, async (cluster) => {
  for (let i = 0; i < 60; i++) {
    await cluster.create("orders");
    await cluster.call("dropTable", { table: "orders" });
  }
  assert.equal((await cluster.call("jobs", {})).jobs.length, 100);
  const kept = cluster.world.catalog.prepare("SELECT COUNT(*) AS n FROM jobs").get();
  assert.equal(kept?.["n"], 100);
});

story("a master deposed in the middle of a job does not call it failed", {
  masters: 2,
  regions: 3,
}, async (cluster) => {
  const { leader } = cluster;
  cluster.world.network.part(leader, "r1");
  const created = ask(cluster, "createTable", "orders");
  await cluster.world.advance(50);
  await cluster.call("stepDown", {});
  cluster.world.network.mend(leader, "r1");
  is("OUTCOME_UNKNOWN", /the next master finishes it/)(await cluster.outcome(created));
  await cluster.settled();
  assert.deepEqual(cluster.world.reporter.eventsOf("job.failed"), []);
  const { tables } = await cluster.call("meta", {});
  assert.deepEqual(tables.map(({ name, state }) => [name, state]), [["orders", "writable"]]);
});
