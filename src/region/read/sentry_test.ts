/** Seeing that somebody wrote round the cluster. */
import assert from "node:assert/strict";
import {
  type CopiesOptions,
  copiesTest,
  type ReadCopies,
} from "../../../tests/support/read_copies.ts";
import { Sentry } from "./sentry.ts";

const OPTIONS: CopiesOptions = {
  copies: 2,
  regions: {
    shop: [
      "CREATE TABLE items (id INT PRIMARY KEY, price INT)",
      "INSERT INTO items VALUES (1, 5)",
      "CREATE TABLE notes (id INT PRIMARY KEY, words TEXT)",
    ],
  },
};
const DEARER = "UPDATE items SET price = price + 1";
const ROUND_MS = 1000;

/** What is suspected, in order, while the story is told. */
async function watched(
  copies: ReadCopies,
  story: (suspected: readonly string[]) => Promise<void>,
): Promise<void> {
  const { reads, replicas } = copies.server(1);
  const suspected: string[] = [];
  const sentry = new Sentry({ clock: copies.clock, looks: reads.looks }, {
    replicas: () => [...replicas.values()],
    roundMs: ROUND_MS,
    suspect: (_replica, table) => suspected.push(table),
  });
  const stop = new AbortController();
  const running = sentry.run(stop.signal);
  try {
    await story(suspected);
  } finally {
    stop.abort();
    await copies.wait(running);
  }
}

copiesTest("sentry: writes of the cluster's own are nothing to tell", OPTIONS, async (copies) => {
  await watched(copies, async (suspected) => {
    for (let writes = 0; writes < 20; writes++) {
      await copies.write("shop", [DEARER]);
      await copies.advance(ROUND_MS / 4);
    }
    assert.deepEqual(suspected, []);
  });
});

copiesTest(
  "sentry: a row changed beside the cluster is told within a round",
  OPTIONS,
  async (copies) => {
    await watched(copies, async (suspected) => {
      await copies.server(1).edit(DEARER);
      await copies.advance(ROUND_MS);
      assert.deepEqual(suspected, ["items"]);
    });
  },
);

copiesTest(
  "sentry: while something is being committed, what shows may be newer than what is known",
  { ...OPTIONS, isRestless: true },
  async (copies) => {
    await watched(copies, async (suspected) => {
      await copies.server(1).edit(DEARER);
      await copies.advance(3 * ROUND_MS);
      assert.deepEqual(suspected, []);
    });
  },
);

copiesTest(
  "sentry: nobody is told of the only copy, which nothing could put right",
  { ...OPTIONS, copies: 1 },
  async (copies) => {
    await watched(copies, async (suspected) => {
      await copies.server(1).edit(DEARER);
      await copies.advance(3 * ROUND_MS);
      assert.deepEqual(suspected, []);
    });
  },
);
