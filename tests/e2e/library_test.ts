/** The library as an application has it: a program of its own that imports it, on real servers. */
import assert from "node:assert/strict";
import { MinisqlCluster } from "../../scripts/services/minisql.ts";
import { Binary, type Finished, finished } from "../support/binary.ts";
import { type Authority, makeAuthority } from "../support/certificate.ts";
import { readmeBlocks } from "../support/readme.ts";
import { UpProcess } from "../support/up.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** An application's folder: what it depends on, and the program. */
class Application {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Application> {
    const application = new Application(await Deno.makeTempDir({ prefix: "minisql-application-" }));
    const config = { imports: { minisql: `${ROOT}mod.ts` } };
    await application.write("deno.json", JSON.stringify(config));
    // The versions that are here already, so that nothing has to be fetched.
    await Deno.copyFile(`${ROOT}deno.lock`, `${application.folder}/deno.lock`);
    return application;
  }

  async write(name: string, text: string): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.writeTextFile(path, text);
    return path;
  }

  /** Runs statements in which `db` is a client that `options` describe. */
  async run(options: string, body: string): Promise<Finished> {
    return await this.start(
      `import { connect, MinisqlError } from "minisql";
const db = connect(${options});
try {
${body}
} catch (error) {
  if (!(error instanceof MinisqlError)) throw error;
  console.log(error.code, error.message);
} finally {
  await db.close();
}
`,
    );
  }

  /** Runs a program. */
  async start(program: string): Promise<Finished> {
    const main = await this.write("main.ts", program);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--check", "--allow-net", "--allow-env", main],
      cwd: this.folder,
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    return await finished(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

const SHOPPING = `
await db.execute("CREATE TABLE shopping (id BIGINT PRIMARY KEY, what TEXT, image VARBINARY(9))");
const insert = db.prepare("INSERT INTO shopping VALUES (?, ?, ?)");
await insert.execute([9007199254740993n, "tea'); DROP TABLE shopping; --", new Uint8Array([0, 255])]);
const { result, receipt } = await db.execute("INSERT INTO shopping VALUES (2, NULL, NULL)");
console.log(result.affected, receipt?.seq);
await db.transaction(async (transaction) => {
  await transaction.execute("UPDATE shopping SET what = ? WHERE id = ?", ["milk", 2]);
});
const { rows } = await db.query("SELECT * FROM shopping ORDER BY id");
console.log(Deno.inspect(rows, { compact: true, breakLength: 200 }));
let streamed = 0;
for await (const batch of db.stream("SELECT id FROM shopping")) streamed += batch.length;
console.log(streamed);
await db.query("SELECT nothing FROM shopping");
`;

const SHOPPED = `1 2
[ [ 2, "milk", null ], [ "9007199254740993", "tea'); DROP TABLE shopping; --", Uint8Array(2) [ 0, 255 ] ] ]
2
`;

/** Flags with which a server shows a certificate, and checks the others'. */
async function tlsFlags(
  application: Application,
  { cert: ca, given }: Authority,
): Promise<readonly string[]> {
  const [own] = given;
  assert.ok(own);
  return [
    ...["--tls-cert", await application.write("server.pem", own.cert)],
    ...["--tls-key", await application.write("server.key", own.key)],
    ...["--tls-ca", await application.write("ca.pem", ca)],
  ];
}

Deno.test("library: one import, masters found in ZooKeeper, everything by TLS", async () => {
  await using binary = await Binary.build("archive");
  await using application = await Application.make();
  const authority = await makeAuthority("localhost");
  const tls = await tlsFlags(application, authority);
  await using cluster = await MinisqlCluster.start({
    program: binary.path,
    regions: 1,
    masters: 2,
    flags: tls,
  });
  const ca = JSON.stringify(authority.cert);
  const zookeeper = JSON.stringify(cluster.zookeeper.connect);
  const port = cluster.masters[0]?.address.port;
  const asked = JSON.stringify(`127.0.0.1:${port}`);

  const shopped = await application.run(
    `{ zookeeper: ${zookeeper}, tls: { ca: ${ca} } }`,
    SHOPPING,
  );
  assert.deepEqual([shopped.err, shopped.code], ["", 0]);
  const lines = shopped.out.split("\n");
  assert.equal(`${lines.slice(0, 3).join("\n")}\n`, SHOPPED);
  assert.match(lines[3] ?? "", /^SQL Unknown column .nothing/);

  const stranger = JSON.stringify((await makeAuthority()).cert);
  const refusals: readonly (readonly [string, RegExp])[] = [
    [`{ masters: ${asked}, tls: { ca: ${stranger} }, timeoutMs: 2000 }`, /signed by none of those/],
    [`{ masters: ${asked}, tls: true, timeoutMs: 2000 }`, /signed by none of those/],
    [`{ masters: ${asked}, timeoutMs: 2000 }`, /does it take TLS only\?/],
  ];
  for (const [options, why] of refusals) {
    const refused = await application.run(options, 'await db.query("SELECT id FROM shopping");');
    assert.match(refused.out, /^UNAVAILABLE /);
    assert.match(refused.out, why);
  }

  // The same for the program: by flags, and by variables.
  const caFile = `${application.folder}/ca.pem`;
  const env = { MINISQL_ZOOKEEPER: cluster.zookeeper.connect, MINISQL_TLS_CA: caFile };
  const listed = await binary.run(["masters"], { env });
  assert.equal(listed.code, 0, listed.err);
  assert.match(listed.out, /^MASTER .*\nmaster-\d .* leads .*\nmaster-\d .* stands by /);
  const told = await binary.run(["masters", "--masters", `localhost:${port}`, "--tls-ca", caFile]);
  assert.equal(told.out, listed.out, "a master under another name is none of its own");
  const sql = "SELECT what FROM shopping WHERE id = 2";
  const queried = await binary.run(["shell", "-Ne", sql], { env });
  assert.deepEqual([queried.out, queried.err, queried.code], ["milk\n", "", 0]);
  const checked = await binary.run(["healthcheck", `127.0.0.1:${port}`, "--tls-ca", caFile]);
  assert.equal(checked.code, 0, checked.err);
});

Deno.test("library: the program in README.md is right, and runs", async () => {
  await using binary = await Binary.build("archive");
  await using application = await Application.make();
  const program = (await readmeBlocks()).find(({ language }) => language === "ts")?.text ?? "";
  const up = await UpProcess.start(binary);
  try {
    const { code, out, err } = await application.start(
      program.replace("127.0.0.1:9090", up.masters),
    );
    assert.deepEqual([err, code], ["", 0]);
    assert.match(out, /^\[ \[ "\/it's", 1 \] \] \[[ \d,]+\] \d+\n1\nSQL 1054 .*nothing/);
  } finally {
    await up.stop();
  }
});

Deno.test("library: options that cannot be right are refused at once, with what to do", async () => {
  await using application = await Application.make();
  const nobody = await application.run("{ masters: [] }", "");
  assert.match(nobody.err, /Cannot connect: name masters, or zookeeper/);
  const wrong = await application.run('{ masters: "m1:x" }', "");
  assert.match(wrong.err, /Cannot connect to "m1:x": it is not host:port/);
});
