/** Stories of changing schemas: once, whoever leads and whoever is primary, and known to all after. */
import assert from "node:assert/strict";
import { Paths } from "../../src/cluster/paths.ts";
import type { MinisqlError } from "../../src/protocol/errors.ts";
import { is, type MasterWorld, story } from "../support/master_world.ts";

const paths = new Paths();

const tableNode = ({ world }: MasterWorld, table: string) =>
  world.coordinator.tree.get(paths.table(table));

/** Asks without waiting; the answer tells how it ended, once it has. */
function ask(cluster: MasterWorld, table: string, sql: string) {
  const channel = cluster.channel(cluster.leader);
  const asked = channel.connect().then(({ caller }) => caller.call("alterTable", { table, sql }));
  const outcome: Promise<{ job: string } | MinisqlError> = asked.catch((error) => error);
  return outcome.finally(() => channel.close());
}

story("a change of a schema is made once, on all copies, and known to all", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const before = tableNode(cluster, "orders")?.data;
  const sql = "ALTER TABLE orders COMMENT 'seen'";
  const { job } = await cluster.call("alterTable", { table: "orders", sql });
  assert.deepEqual([...cluster.cluster.shared.logs.get(region)?.changes.keys() ?? []], [job]);
  assert.match(cluster.cluster.leading?.reign?.view.table("orders")?.ddl ?? "", /COMMENT 'seen'/);
  assert.notEqual(tableNode(cluster, "orders")?.data, before, "the schema hash is another");
  const [event] = cluster.world.reporter.eventsOf("table.altered");
  assert.deepEqual([event?.table, event?.region, event?.sql], ["orders", region, sql]);
});

story("MySQL's own error reaches the caller, and the job has failed", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  const sql = "ALTER TABLE orders DROP COLUMN nothing";
  await assert.rejects(cluster.call("alterTable", { table: "orders", sql }), (error) => {
    is("SQL", /Can't DROP COLUMN/)(error);
    assert.deepEqual([(error as MinisqlError).errno, (error as MinisqlError).sqlState], [
      1091,
      "42000",
    ]);
    return true;
  });
  const { jobs } = await cluster.call("jobs", {});
  assert.deepEqual(jobs.map(({ kind, state }) => [kind, state]), [
    ["alter_table", "failed"],
    ["create_table", "done"],
  ]);
  assert.deepEqual(cluster.world.reporter.eventsOf("table.altered"), []);
});

story("what is wrong with a change is told before anything is begun", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  await cluster.create("customers");
  await cluster.create("items", { beside: "orders" });
  const alter = (table: string, sql: string) => cluster.call("alterTable", { table, sql });
  const key = (to: string) => `ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES ${to} (id)`;
  await assert.rejects(alter("orders", "ALTER TABLE x ADD a INT"), is("BAD_REQUEST", /is on x/));
  await assert.rejects(alter("x", "ALTER TABLE x ADD a INT"), is("SQL", /'x' doesn't exist/));
  await assert.rejects(alter("orders", "ALTER TABLE orders ADD"), is("SQL", /SQL syntax/));
  await assert.rejects(
    alter("orders", "RENAME TABLE orders TO customers"),
    is("SQL", /'customers' already exists/),
  );
  await assert.rejects(
    alter("orders", "RENAME TABLE orders TO a, customers TO b"),
    is("UNSUPPORTED", /different regions; rename them one by one/),
  );
  await assert.rejects(
    alter("orders", key("customers")),
    is("UNSUPPORTED", /foreign key from orders to customers: they live in different regions/),
  );
  await assert.rejects(alter("orders", key("nobody")), is("NO_SUCH_TABLE", /table 'nobody'/));
  await alter("orders", key("items"));
  await alter("orders", key("orders"));
});

story("a renamed table is found by its new name only", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  await cluster.create("items", { beside: "orders" });
  await cluster.call("alterTable", { table: "orders", sql: "ALTER TABLE orders RENAME TO sales" });
  const { routes } = await cluster.call("locate", { tables: ["sales"] });
  assert.deepEqual(routes[0]?.tables, ["items", "sales"]);
  await assert.rejects(cluster.call("locate", { tables: ["orders"] }), is("NO_SUCH_TABLE", /./));
  assert.equal(tableNode(cluster, "orders"), null);
  const sql = "RENAME TABLE sales TO tmp, items TO sales, tmp TO items";
  await cluster.call("alterTable", { table: "sales", sql });
  const { tables } = await cluster.call("meta", {});
  assert.deepEqual(tables.map((table) => [table.name, table.region]), [
    ["items", region],
    ["sales", region],
  ]);
  await cluster.create("orders");
  const swapped = cluster.cluster.leading?.reign?.view.table("items")?.ddl;
  assert.match(swapped ?? "", /`items`/);
});

story("a name that a table is about to get is taken, and a table has one change at a time", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  await cluster.create("more");
  const { primary } = cluster.region(region);
  // The primary does not answer, so the change takes its time.
  const host = cluster.server(primary ?? 0).host;
  cluster.world.network.part("m1", host);
  const altered = ask(cluster, "orders", "RENAME TABLE orders TO sales");
  await cluster.world.advance(50);
  const busy = (message: RegExp) => is("UNAVAILABLE", message);
  await assert.rejects(cluster.create("sales"), busy(/another table is being renamed to it/));
  await assert.rejects(
    cluster.call("alterTable", { table: "more", sql: "RENAME TABLE more TO sales" }),
    busy(/another table is being renamed to it/),
  );
  await assert.rejects(
    cluster.call("alterTable", { table: "orders", sql: "ALTER TABLE orders ADD a INT" }),
    busy(/orders now: it is being altered/),
  );
  await assert.rejects(
    cluster.call("dropTable", { table: "orders" }),
    busy(/orders now: it is being altered/),
  );
  cluster.world.network.mend("m1", host);
  const answer = await cluster.outcome(altered);
  assert.ok("job" in answer);
  await cluster.create("orders");
});

story("a primary and a master that die on the way do not make a change twice", {
  masters: 2,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const { primary } = cluster.region(region);
  const log = cluster.cluster.shared.logs.get(region);
  const asked = ask(cluster, "orders", "RENAME TABLE orders TO sales");
  await cluster.reaches("the primary has made it", () => log?.tables.has("sales") ?? false, 5000);
  // Nobody but the copies knows: neither its answer nor its master are to be had any more.
  cluster.process(cluster.server(primary ?? 0).host).crash();
  cluster.process(cluster.leader).crash();
  await cluster.outcome(asked);
  await cluster.reaches(
    "a table is renamed",
    () => cluster.cluster.leading?.reign?.view.table("sales")?.state === "ready",
  );
  assert.equal(log?.changes.size, 1);
  const { routes } = await cluster.call("locate", { tables: ["sales"] });
  assert.notEqual(routes[0]?.primary?.rid, primary);
});

story("relatives come and go through the region's log, also past a server that is away", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const { primary } = cluster.region(region);
  const away = cluster.region(region).replicas.find((rid) => rid !== primary) ?? 0;
  cluster.process(cluster.server(away).host).crash();
  await cluster.create("items", { beside: "orders" });
  await cluster.create("notes", { beside: "orders" });
  await cluster.call("dropTable", { table: "notes" });
  cluster.process(cluster.server(away).host).start();
  const held = () => [...cluster.server(away).tables.keys()].sort().join(", ");
  await cluster.reaches("it holds what the others hold", () => held() === "items, orders");
});
