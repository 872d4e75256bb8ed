/** A client at work while primaries die and stall: no error, nothing twice, nothing lost. */
import assert from "node:assert/strict";
import type { Client } from "../../src/client/api.ts";
import { connect } from "../../src/client/connect.ts";
import { RegionStory } from "../support/region_story.ts";

const FAILOVERS = 20;
const WORKERS = 4;

/** Tokens that were acknowledged, in a table where nothing keeps one from being there twice. */
class Work {
  readonly done: string[] = [];
  readonly errors: string[] = [];
  slowestMs = 0;
  stopped = false;
  readonly #story: RegionStory;
  readonly #client: Client;

  constructor(story: RegionStory, client: Client) {
    this.#story = story;
    this.#client = client;
  }

  async run(worker: number): Promise<void> {
    const { clock } = this.#story.world;
    for (let round = 0; !this.stopped; round++) {
      await clock.sleep(100);
      const started = clock.now();
      try {
        await this.#round(`${worker}-${round}`, round % 4);
      } catch (error) {
        this.errors.push(String(error));
      }
      this.slowestMs = Math.max(this.slowestMs, clock.now() - started);
    }
  }

  async #round(token: string, kind: number): Promise<void> {
    const insert = "INSERT INTO tok (token) VALUES (?)";
    if (kind === 0) {
      await this.#client.transaction(async (transaction) => {
        await transaction.query(insert, [token]);
        await transaction.query(insert, [`${token}+`]);
      });
      this.done.push(token, `${token}+`);
      return;
    }
    if (kind === 3) return await this.#pair(token);
    await this.#client.query(insert, [token]);
    this.done.push(token);
    if (kind === 1) return;
    const { rows } = await this.#client.query("SELECT token FROM tok WHERE token = ?", [token]);
    assert.equal(rows.length, 1, `what was written is read: ${token}`);
  }

  /** A transaction by statements. Numbers that a primary draws another would draw otherwise. */
  async #pair(token: string): Promise<void> {
    const session = this.#client.session();
    const id = -2 * this.done.length;
    this.done.push(token, `${token}+`);
    await session.query("BEGIN");
    await session.query("INSERT INTO tok (id, token) VALUES (?, ?)", [id - 1, token]);
    const { rows } = await session.query("SELECT token FROM tok WHERE id = ?", [id - 1]);
    assert.deepEqual(rows, [[token]]);
    await session.query("INSERT INTO tok (id, token) VALUES (?, ?)", [id - 2, `${token}+`]);
    await session.query("COMMIT");
    await session.close();
  }
}

/** Takes the primary's office from it, in one of several ways; answers with what puts it right. */
function hurt(story: RegionStory, round: number): () => void {
  const { cluster, primary } = story;
  if (round % 4 === 3) {
    primary.process.pause();
    return () => primary.process.resume();
  }
  // The client may or may not have had its answers, and the master may be away as well.
  if (round % 4 === 1) story.world.network.cut("worker", primary.name);
  const master = cluster.masters[0];
  if (round % 4 === 2) master?.crash();
  cluster.crash(primary.process);
  return () => {
    master?.start();
    cluster.start(primary.process);
  };
}

Deno.test("client: twenty failovers under load are seen as latency only", async () => {
  const story = await RegionStory.begin();
  const { world } = story;
  await story.query(
    "CREATE TABLE tok (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, token VARCHAR(40) NOT NULL)",
  );
  await story.query("DROP TABLE t");
  await story.until("one region", () => story.cluster.regions.length === 1);
  await story.allInSync();
  const deps = { clock: world.clock, random: world.random, network: world.network.host("worker") };
  const client = connect(deps, { masters: [{ host: "m1", port: 9090 }], cluster: "sim" });
  const work = new Work(story, client);
  const workers = Array.from({ length: WORKERS }, (_, worker) => work.run(worker));
  for (let round = 0; round < FAILOVERS; round++) {
    await world.advance(300 + world.random.next() * 300);
    const { epoch } = story.region;
    const mend = hurt(story, round);
    await story.until(`failover ${round}`, () => story.region.epoch > epoch);
    const done = work.done.length;
    await story.until("writes go on", () => work.done.length > done + WORKERS);
    mend();
    await story.allInSync();
  }
  work.stopped = true;
  await story.outcome(Promise.all(workers));
  assert.deepEqual(work.errors, []);
  const { rows } = await story.query("SELECT token FROM tok", { read: "latest" });
  assert.deepEqual(rows.map(([token]) => String(token)).sort(), [...work.done].sort());
  assert.ok(work.slowestMs < 8000, `the slowest took ${work.slowestMs} ms`);
  await client.close();
  await story.end();
});
