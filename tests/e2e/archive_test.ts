/** The self-unpacking form: where it unpacks to, what it needs, and what it does when it cannot. */
import assert from "node:assert/strict";
import { PERMISSIONS } from "../../scripts/build/permissions.ts";
import { Binary, finished } from "../support/binary.ts";

/** All that it needs of the machine, beside `sh` itself. */
const BASE_TOOLS = [
  "chmod",
  "find",
  "gzip",
  "head",
  "id",
  "mkdir",
  "mktemp",
  "mv",
  "rm",
  "sync",
  "tail",
  "wc",
];

function test(title: string, body: (binary: Binary) => Promise<void>): void {
  Deno.test(`archive: ${title}`, async () => {
    await using binary = await Binary.build("archive");
    await body(binary);
  });
}

/** Files unpacked, without what tells their content, and the files they are for the system. */
async function unpacked(folder: string): Promise<ReadonlyMap<string, number | null>> {
  const files = new Map<string, number | null>();
  const list = async (path: string) => {
    for await (const { name, isFile } of Deno.readDir(path)) {
      const whole = `${path}/${name}`;
      if (!isFile && name.startsWith("runtime-")) await list(whole);
      if (!isFile) continue;
      const short = whole.slice(folder.length + 1).replace(/-[0-9a-f]{16}/, "");
      files.set(short, (await Deno.stat(whole)).ino);
    }
  };
  await list(folder);
  return files;
}

async function assertUnpacked(folder: string): Promise<void> {
  assert.deepEqual([...(await unpacked(folder)).keys()].toSorted(), ["app.js", "runtime/minisql"]);
}

test("it starts where there is no Deno, with the base tools alone", async (binary) => {
  const tools = `${binary.folder}/tools`;
  await Deno.mkdir(tools);
  for (const name of BASE_TOOLS) await Deno.symlink(`/usr/bin/${name}`, `${tools}/${name}`);
  const { code, err } = await binary.run(["version"], { env: { PATH: tools } });
  assert.equal(code, 0, err);
  assert.equal(err, "");
  // Once unpacked it needs no tools at all.
  assert.equal((await binary.run(["version"], { env: { PATH: "" } })).code, 0);
});

test("it unpacks once, into a folder that nobody else may read", async (binary) => {
  await binary.run(["version"]);
  const folder = `${binary.folder}/cache/minisql`;
  await assertUnpacked(folder);
  const { mode } = await Deno.stat(folder);
  assert.equal((mode ?? 0) & 0o777, 0o700);
  const before = await unpacked(folder);
  await binary.run(["version"]);
  assert.deepEqual(await unpacked(folder), before);
});

test("first starts at the same time all succeed and leave one copy", async (binary) => {
  const starts = [1, 2, 3].map(() => finished(binary.spawn(["version"])));
  for (const { code, err } of await Promise.all(starts)) assert.equal(code, 0, err);
  await assertUnpacked(`${binary.folder}/cache/minisql`);
});

test("a cache that cannot be written to is passed over for the temporary folder", async (binary) => {
  const env = { XDG_CACHE_HOME: "/dev/null/cache" };
  const { code, err } = await binary.run(["version"], { env });
  assert.equal(code, 0, err);
  await assertUnpacked(`${binary.folder}/minisql-${Deno.uid()}`);
  const none = await binary.run(["version"], { env: { ...env, TMPDIR: "/dev/null" } });
  assert.equal(none.code, 1);
  assert.match(
    none.err,
    /^minisql: Cannot unpack: neither \/dev\/null\/cache\/minisql nor \/dev\/null\/minisql-\d+ can/,
  );
});

test("without a home folder it unpacks into the temporary one", async (binary) => {
  const env = { HOME: "", XDG_CACHE_HOME: "" };
  assert.equal((await binary.run(["version"], { env })).code, 0);
  await assertUnpacked(`${binary.folder}/minisql-${Deno.uid()}`);
});

test("a folder laid out by somebody else is not run from", async (binary) => {
  // In a shared temporary folder anybody can put a link where ours would be.
  const theirs = `${binary.folder}/theirs`;
  await Deno.mkdir(theirs);
  await Deno.symlink(theirs, `${binary.folder}/minisql-${Deno.uid()}`);
  const env = { XDG_CACHE_HOME: "/dev/null" };
  const { code, err } = await binary.run(["version"], { env });
  assert.equal(code, 1);
  assert.match(err, /can be written to and run from/);
  assert.equal((await unpacked(theirs)).size, 0);
});

test("a file cut short says so and unpacks nothing", async (binary) => {
  const copy = `${binary.folder}/minisql`;
  await Deno.copyFile(binary.path, copy);
  await Deno.truncate(copy, 1_000_000);
  const child = new Deno.Command(copy, {
    args: ["version"],
    clearEnv: true,
    env: binary.environment,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, err } = await finished(child);
  assert.equal(code, 1);
  assert.match(err, /it is damaged, with 1000000 bytes in place of \d+/);
  await assert.rejects(Deno.stat(`${binary.folder}/cache`), Deno.errors.NotFound);
});

test("an interrupted unpacking is begun again", async (binary) => {
  const folder = `${binary.folder}/cache/minisql`;
  await binary.run(["version"]);
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith("app-")) await Deno.truncate(`${folder}/${entry.name}`);
  }
  const { code, out } = await binary.run(["version"]);
  assert.equal(code, 0);
  assert.match(out, /^minisql /);
});

test("it is allowed what it needs, and never everything", async (binary) => {
  const stub = (await Deno.readTextFile(binary.path)).slice(0, 4000);
  for (const each of PERMISSIONS) assert.ok(stub.includes(`'${each}'`), each);
  for (const each of ["--no-prompt", "--no-remote", "--no-config"]) assert.ok(stub.includes(each));
  assert.doesNotMatch(stub, /(^|\s)-A|--allow-all|--allow-ffi|--allow-import/m);
});
