/** Where a statement on tables of several regions would run. */
import assert from "node:assert/strict";
import type { ClusterAdmin, GatherPlan } from "../../client/api.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Route } from "../../protocol/model.ts";
import { explainRoute } from "./explain_route.ts";

function route(table: string, ...rids: readonly number[]): Route {
  const [primary = null, ...slaves] = rids.map((rid) => ({ rid, host: "h", port: rid, zone: "" }));
  return { region: `r_${table}`, epoch: 1, tables: [table], primary, slaves, state: "writable" };
}

const ROUTES = [route("sale", 1, 2, 3), route("customer", 4, 5, 6)];
const JOIN = "SELECT 1 FROM sale JOIN customer ON customer.id = sale.customer";

function admin(gathering: () => Promise<GatherPlan | null>): ClusterAdmin {
  const unused = () => Promise.reject(new Error("not to be asked"));
  const locate = (table: string) =>
    Promise.resolve(ROUTES.find(({ tables }) => tables.includes(table)) ?? null);
  return { master: unused, server: unused, locate, gathering };
}

async function lastRows(of: ClusterAdmin, sql: string, count: number) {
  const { rows } = await explainRoute(of, sql, "voted");
  return rows.slice(-count).map((row) => [row[0], row[4], row[6]]);
}

Deno.test("EXPLAIN ROUTE tells what is gathered, from where, by what, and how much at most", async () => {
  const plan: GatherPlan = {
    ...{ rid: 2, regions: ["r_sale"], rowsMax: 100, bytesMax: 2 * 1024 * 1024 },
    pieces: [{
      ...{ region: "r_customer", rid: 5, table: "customer", columns: ["id"] },
      where: "`country` = 'DE'",
    }],
  };
  assert.deepEqual(await lastRows(admin(() => Promise.resolve(plan)), JOIN, 2), [
    ["(customer)", "r2", "gathered from r5: rows where `country` = 'DE', columns id"],
    [
      "(all)",
      "r2",
      "no server holds all of them: it runs with r_sale, and the others' rows are gathered " +
      "there, 100 rows and 2 MiB at most",
    ],
  ]);
});

Deno.test("EXPLAIN ROUTE tells why several regions are refused, or need no gathering", async () => {
  const none = admin(() => Promise.resolve(null));
  assert.deepEqual(await lastRows(none, JOIN, 1), [
    ["(all)", "-", "on a server that holds all of them"],
  ]);
  const refused = new MinisqlError("UNSUPPORTED", "Cannot run MATCH");
  assert.deepEqual(await lastRows(admin(() => Promise.reject(refused)), JOIN, 1), [
    ["(all)", "-", "refused: Cannot run MATCH"],
  ]);
  const write = "UPDATE sale JOIN customer ON customer.id = sale.customer SET sale.customer = 1";
  const [[, , why] = []] = await lastRows(none, write, 1);
  assert.match(String(why), /^refused: .* one region only/);
});
