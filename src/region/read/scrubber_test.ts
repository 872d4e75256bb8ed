/** Looking after copies: what is found, what is done about it, and how much it gets in the way. */
import assert from "node:assert/strict";
import {
  type CopiesOptions,
  copiesTest,
  failure,
  type ReadCopies,
} from "../../../tests/support/read_copies.ts";
import type { Engine, EngineSession } from "../../ports/engine.ts";
import type { Answer, Request } from "../../protocol/messages.ts";

const SETUP = [
  "CREATE TABLE items (id INT PRIMARY KEY, price INT NOT NULL)",
  `INSERT INTO items VALUES ${Array.from({ length: 450 }, (_, at) => `(${at}, ${at * 7})`)}`,
  "CREATE TABLE notes (words VARCHAR(20))",
  "INSERT INTO notes VALUES ('a'), ('b'), ('b')",
];
const DEARER = "UPDATE items SET price = price + 1 WHERE id = 1";

function shop(copies: number, more: Partial<CopiesOptions> = {}): CopiesOptions {
  return { copies, regions: { shop: SETUP }, ...more, scrub: { chunkRows: 100, ...more.scrub } };
}

/** Runs the scrubber of a server while the story is told. */
async function scrubbing(
  copies: ReadCopies,
  rid: number,
  story: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const running = copies.server(rid).scrubber.run(stop.signal);
  try {
    await story();
  } finally {
    stop.abort();
    await copies.wait(running);
  }
}

/** The sessions of an engine that hold a snapshot open, from now on. */
function snapshotsOf(engine: Engine): ReadonlySet<EngineSession> {
  const open = new Set<EngineSession>();
  const make = engine.session.bind(engine);
  engine.session = async () => {
    const session = await make();
    const { begin, rollback, close } = session;
    session.begin = async (mode) => {
      await begin.call(session, mode);
      if (mode === "snapshot") open.add(session);
    };
    session.rollback = async () => {
      await rollback.call(session);
      open.delete(session);
    };
    session.close = async () => {
      await close.call(session);
      open.delete(session);
    };
    return session;
  };
  return open;
}

async function verify(
  copies: ReadCopies,
  rid: number,
  request: Request<"verify">,
): Promise<Answer<"verify">> {
  const { caller } = await copies.wait(copies.channel("client", rid).connect());
  return await copies.wait(caller.call("verify", request));
}

copiesTest(
  "scrub: every table is verified again and again",
  shop(3, {
    scrub: { everyMs: 60_000 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    await scrubbing(copies, 2, async () => {
      await copies.advance(2000);
      assert.deepEqual(only.verifiedTables.toSorted(), ["items", "notes"]);
      await copies.advance(60_000);
      assert.deepEqual(only.verifiedTables.toSorted(), ["items", "items", "notes", "notes"]);
      assert.deepEqual(only.lost, []);
    });
  },
);

copiesTest(
  "scrub: whoever is challenged is looked at before a long look is over, which begins again",
  shop(3, { scrub: { everyMs: 60_000, rest: () => 5000 } }),
  async (copies) => {
    const { scrubber, only } = copies.server(2);
    await scrubbing(copies, 2, async () => {
      await copies.advance(2000);
      assert.deepEqual(only.verifiedTables, []);
      scrubber.challenge(only, ["notes"]);
      await copies.advance(1000);
      assert.deepEqual(only.verifiedTables, ["notes"]);
      await copies.advance(30_000);
      assert.deepEqual(only.verifiedTables, ["notes", "items"]);
    });
  },
);

copiesTest(
  "scrub: is right while writes go on",
  shop(3, {
    scrub: { everyMs: 500, rest: () => 5, chunkMs: 1 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    await scrubbing(copies, 2, async () => {
      for (let write = 0; write < 60; write++) {
        await copies.write("shop", [`UPDATE items SET price = price + 1 WHERE id > ${write * 40}`]);
        await copies.advance(50);
      }
      assert.deepEqual(only.lost, []);
      assert.ok(only.verifiedTables.filter((table) => table === "items").length > 2);
    });
  },
);

copiesTest(
  "scrub: a row changed without its triggers is found",
  shop(3, {
    scrub: { everyMs: 60_000 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    copies.server(2).plant("UPDATE items SET price = 1 WHERE id = 432");
    await scrubbing(copies, 2, async () => {
      await copies.advance(5000);
      const [lost] = only.lost;
      assert.equal(only.lost.length, 1);
      assert.equal(lost?.table, "items");
      assert.match(lost?.reason ?? "", /rows are not what its fingerprint says: checksum/);
      assert.ok(!only.verifiedTables.includes("items"));
    });
  },
);

copiesTest(
  "scrub: so it is in a table without a key",
  shop(3, {
    scrub: { everyMs: 60_000 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    copies.server(2).plant("UPDATE notes SET words = 'c' WHERE words = 'a'");
    await scrubbing(copies, 2, () => copies.advance(5000));
    assert.deepEqual(only.lost.map(({ table }) => table), ["notes"]);
  },
);

copiesTest(
  "scrub: a write that went round the cluster is found",
  shop(3, {
    scrub: { everyMs: 60_000 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    await scrubbing(copies, 2, async () => {
      await copies.advance(3000);
      await copies.server(2).edit(DEARER);
      await copies.advance(61_000);
    });
    assert.deepEqual(only.lost.map(({ table }) => table), ["items"]);
    assert.match(only.lost[0]?.reason ?? "", /changed beside the cluster/);
  },
);

copiesTest(
  "scrub: what is right again at a second look is no fault",
  shop(3, {
    scrub: { everyMs: 60_000 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    await copies.server(2).edit(DEARER);
    await scrubbing(copies, 2, async () => {
      await copies.advance(500);
      await copies.server(2).edit("UPDATE items SET price = price - 1 WHERE id = 1");
      await copies.advance(5000);
    });
    assert.deepEqual(only.lost, []);
    assert.ok(only.verifiedTables.includes("items"));
  },
);

copiesTest(
  "scrub: and one made while the server was down, by the others",
  shop(3, {
    scrub: { everyMs: 60_000 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    await copies.server(2).edit(DEARER);
    await only.reload();
    await scrubbing(copies, 2, () => copies.advance(5000));
    assert.deepEqual(only.lost.map(({ table, votes }) => ({ table, votes })), [
      { table: "items", votes: "1:2" },
    ]);
  },
);

copiesTest(
  "scrub: with the others silent it still knows its own rows",
  shop(3, {
    scrub: { everyMs: 600_000 },
  }),
  async (copies) => {
    copies.network.freeze("s1");
    copies.network.freeze("s3");
    await scrubbing(copies, 2, () => copies.advance(5000));
    assert.deepEqual(copies.server(2).only.verifiedTables.toSorted(), ["items", "notes"]);
  },
);

copiesTest(
  "scrub: the only copy there is counts its rows too",
  shop(1, {
    scrub: { everyMs: 600_000 },
  }),
  async (copies) => {
    const { only } = copies.server(1);
    copies.server(1).plant("DELETE FROM items WHERE id = 3");
    await scrubbing(copies, 1, () => copies.advance(5000));
    assert.deepEqual(only.lost.map(({ table }) => table), ["items"]);
  },
);

copiesTest(
  "scrub: a schema being changed is nobody's fault, one that was changed is",
  shop(3, {
    scrub: { everyMs: 60_000 },
  }),
  async (copies) => {
    const { only } = copies.server(2);
    await copies.server(2).edit("ALTER TABLE items ADD COLUMN weight INT");
    await scrubbing(copies, 2, async () => {
      await copies.advance(60_000);
      assert.deepEqual(only.lost, []);
      await copies.advance(600_000);
      assert.deepEqual(only.lost.map(({ table }) => table), ["items"]);
    });
  },
);

copiesTest(
  "scrub: rests as it is told to",
  shop(1, {
    scrub: { everyMs: 600_000, rest: () => 1000 },
  }),
  async (copies) => {
    const { only } = copies.server(1);
    await scrubbing(copies, 1, async () => {
      await copies.advance(900);
      assert.ok(!only.verifiedTables.includes("items"));
      await copies.advance(5000);
      assert.ok(only.verifiedTables.includes("items"));
    });
  },
);

copiesTest(
  "scrub: gives way to a schema change",
  shop(3, {
    scrub: { everyMs: 600_000, rest: () => 30_000 },
  }),
  async (copies) => {
    const { only, engine } = copies.server(2);
    const snapshots = snapshotsOf(engine);
    await scrubbing(copies, 2, async () => {
      await copies.advance(4000);
      assert.equal(snapshots.size, 1);
      await only.begin("changing");
      await copies.advance(600);
      assert.equal(snapshots.size, 0);
      await copies.server(2).edit("ALTER TABLE items ADD COLUMN weight INT");
      await engine.maintainFingerprint("items");
      await only.end();
    });
    assert.deepEqual(only.lost, []);
  },
);

copiesTest("verify: tells what is kept and what is counted", shop(3), async (copies) => {
  const { rid, seq, epoch, copies: told } = await verify(copies, 2, { region: "shop" });
  assert.deepEqual({ rid, seq, epoch }, { rid: 2, seq: 1, epoch: 3 });
  assert.deepEqual(told.map(({ table, kept }) => [table, kept.rows]), [["items", 450], [
    "notes",
    3,
  ]]);
  for (const { kept, counted } of told) assert.deepEqual(kept, counted);
  assert.deepEqual(copies.server(2).only.verifiedTables, ["items", "notes"]);
});

copiesTest("verify: a wrong copy is told of, and stops serving", shop(3), async (copies) => {
  copies.server(2).plant("UPDATE items SET price = 1 WHERE id = 432");
  const { copies: [told] } = await verify(copies, 2, { region: "shop", table: "items" });
  assert.equal(told?.kept.rows, told?.counted.rows);
  assert.notEqual(told?.kept.sum, told?.counted.sum);
  assert.equal(copies.server(2).only.lost.length, 1);
  assert.equal((await failure(verify(copies, 2, { region: "shop" }))).code, "DIVERGED");
});

copiesTest("verify: a table that is not there", shop(3), async (copies) => {
  const request = { region: "shop", table: "nowhere" };
  assert.equal((await failure(verify(copies, 2, request))).code, "NO_SUCH_TABLE");
});
