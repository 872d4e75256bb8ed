/** Writes: once, and at whoever is the primary by now. */
import assert from "node:assert/strict";
import { clientStory } from "../support/client/fake_cluster.ts";

const INSERT = "INSERT INTO t VALUES (1)";

clientStory("a write goes to the primary, and says where it stands", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  const { result, receipt } = await cluster.outcome(client.query(INSERT));
  assert.equal(result.affected, 1);
  assert.equal(receipt?.seq, 1);
  assert.equal(region.count(INSERT), 1);
  assert.equal(cluster.server(1).of("query").length, 1);
});
