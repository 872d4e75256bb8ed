/** What an operator types to look at a cluster, on real masters. */
import assert from "node:assert/strict";
import { Binary } from "../support/binary.ts";
import { RealCluster } from "../support/real_cluster.ts";

Deno.test("look: status, servers, tables, regions, events and jobs of a cluster", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  for (const name of ["m1", "m2"]) await cluster.startMaster(name);
  for (const digit of ["1", "2", "3"]) await cluster.joinRegion(digit.repeat(32));
  await cluster.online(3);
  const { name: leader } = await cluster.elected();
  const ddl = "CREATE TABLE orders (id INT PRIMARY KEY)";
  await cluster.call(leader, "createTable", { table: "orders", ddl });

  // Only the standby is named: it says who leads.
  const standby = cluster.masters.find(({ name }) => name !== leader);
  assert.ok(standby);
  const masters = `127.0.0.1:${standby.address.port}`;
  const look = async (...args: string[]) => {
    const { code, out, err } = await binary.run([...args, "--masters", masters]);
    assert.equal(code, 0, err);
    assert.equal(err, "");
    return out.trimEnd().split("\n");
  };
  const [verdict, who] = await look("status", "--exit-code");
  assert.equal(verdict, "OK  1 table on 3 servers; each survives the loss of any 2 servers");
  assert.match(who ?? "", new RegExp(`^minisql · ${leader} leads .* · 2 masters · 3 of 3 servers`));
  const servers = await look("servers");
  assert.equal(servers.length, 4);
  assert.match(servers[0] ?? "", /^SERVER +ADDRESS +ZONE +STATE/);
  assert.match(servers[1] ?? "", /^r1 +127\.0\.0\.1:\d+ +- +online +sqlite 3/);
  assert.match((await look("tables"))[1] ?? "", /^orders +writable +r\w+ +r\d r\d r\d +3\/3$/);
  assert.match((await look("regions"))[1] ?? "", /^r\w+ +open +1 +r\d .* orders$/);
  assert.match((await look("events")).join("\n"), /was elected for term[^]*orders/);
  assert.match((await look("jobs"))[1] ?? "", /^j\w+ +create table +orders +done/);
  const [json] = await look("tables", "--json");
  assert.equal(JSON.parse(json ?? "").tables[0].name, "orders");
});

Deno.test("look: with no master there, an error says so and the code is 3", async () => {
  await using binary = await Binary.build("archive");
  const { code, out, err } = await binary.run(
    ["status", "--masters", "127.0.0.1:1", "--timeout", "300ms"],
  );
  assert.deepEqual([code, out], [3, ""]);
  assert.match(err, /^minisql: Cannot (?:talk to|reach) 127\.0\.0\.1:1: .*connection refused\n$/);
});
