/** A data folder keeps its name, and is not taken for that of another cluster or database. */
import assert from "node:assert/strict";
import { SeededRandom } from "../adapters/seeded_random.ts";
import { SqliteEngine } from "../adapters/sqlite/engine.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import { DiskError } from "../ports/disk.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { DataFolder } from "./data_folder.ts";

const clock = new SystemClock();
const random = new SeededRandom(1);

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir({ prefix: "minisql-folder-" });
  try {
    await body(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

/** Opens the folder, ties it to the database in that file, and lets both go. */
async function start(folder: string, file: string, cluster = "shop"): Promise<string> {
  const opened = await DataFolder.open(folder, cluster, random);
  const engine = new SqliteEngine({ clock, random, path: file });
  try {
    await opened.bind(engine, file);
    return opened.identity;
  } finally {
    await engine.close();
    opened.close();
  }
}

function refused(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MinisqlError, String(error));
    assert.equal(error.code, "FORBIDDEN");
    assert.match(error.message, pattern);
    return true;
  };
}

Deno.test("data folder: the name is drawn once, and each folder has its own", async () => {
  await inFolder(async (path) => {
    const first = await start(`${path}/a`, `${path}/a.db`);
    assert.match(first, /^[0-9a-f]{32}$/);
    assert.equal(await start(`${path}/a`, `${path}/a.db`), first);
    assert.notEqual(await start(`${path}/b`, `${path}/b.db`), first);
  });
});

Deno.test("data folder: one process has it at a time", async () => {
  await inFolder(async (path) => {
    const held = await DataFolder.open(`${path}/a`, "shop", random);
    await assert.rejects(
      DataFolder.open(`${path}/a`, "shop", random),
      (error) => error instanceof DiskError && error.code === "denied",
    );
    held.close();
    (await DataFolder.open(`${path}/a`, "shop", random)).close();
  });
});

Deno.test("data folder: that of another cluster is refused, and let go", async () => {
  await inFolder(async (path) => {
    await start(`${path}/a`, `${path}/a.db`);
    const wrong = start(`${path}/a`, `${path}/a.db`, "bank");
    await assert.rejects(wrong, refused(/it is of a server of cluster shop, not of bank/));
    await start(`${path}/a`, `${path}/a.db`);
  });
});

Deno.test("data folder: another server's database is refused", async () => {
  await inFolder(async (path) => {
    const theirs = await start(`${path}/a`, `${path}/a.db`);
    const message = new RegExp(`a.db is that of another server \\(${theirs} of cluster shop\\)`);
    await assert.rejects(start(`${path}/b`, `${path}/a.db`), refused(message));
  });
});

Deno.test("data folder: an emptied database is refused to a server that had one", async () => {
  await inFolder(async (path) => {
    await start(`${path}/a`, `${path}/a.db`);
    await assert.rejects(
      start(`${path}/a`, `${path}/new.db`),
      refused(/new.db knows no server\. .* name an empty folder too/),
    );
  });
});

Deno.test("data folder: one that was left before the database was reached can be used", async () => {
  await inFolder(async (path) => {
    const left = await DataFolder.open(`${path}/a`, "shop", random);
    left.close();
    assert.equal(await start(`${path}/a`, `${path}/a.db`), left.identity);
  });
});

Deno.test("data folder: a damaged server.json is told, not overwritten", async () => {
  await inFolder(async (path) => {
    await start(`${path}/a`, `${path}/a.db`);
    const file = `${path}/a/server.json`;
    for (const text of ["", '{"cluster":"shop","identity":"me"}']) {
      await Deno.writeTextFile(file, text);
      await assert.rejects(
        start(`${path}/a`, `${path}/a.db`),
        refused(/Cannot read .*server\.json/),
      );
      assert.equal(await Deno.readTextFile(file), text);
    }
  });
});
