/** What the shell writes beside what MySQL's own client writes, on one and the same server. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../../scripts/services/mariadb.ts";
import { shellCommand, type ShellConfig, shellOptions } from "../../src/cli/shell.ts";
import { memoryEnvironment } from "../../src/cli/memory_host.ts";
import { readConfig } from "../../src/cli/read_config.ts";
import { Binary } from "../support/binary.ts";
import { EngineClient } from "../support/engine_client.ts";
import { administer, type MariadbEngine, openMariadbEngine } from "../support/mariadb_engines.ts";
import { MemoryShell, OPTIONS } from "../support/memory_shell.ts";
import { type Golden, GOLDEN_SETUP, GOLDENS } from "../support/shell_goldens.ts";
import { UpProcess } from "../support/up.ts";

interface Written {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function theirs(server: MariadbServer, database: string, golden: Golden): Promise<Written> {
  const own = ["--no-defaults", "--skip-print-query-on-error", "--default-character-set=utf8mb4"];
  const to = [`-h${server.host}`, `-P${server.port}`, `-u${server.user}`, `--database=${database}`];
  const env = { MYSQL_PWD: server.password, LC_ALL: "C.UTF-8" };
  return await written(["mariadb", ...own, ...to], golden, env);
}

/** Runs a client with the golden's flags and statements. */
async function written(
  command: readonly string[],
  { flags, sql, together }: Golden,
  env: Record<string, string>,
): Promise<Written> {
  const isGiven = flags.at(-1) === "-e";
  // Both streams as one, in the order in which they were written.
  const script = together === true ? 'exec "$@" 2>&1' : 'exec "$@"';
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", ...command, ...flags, ...(isGiven ? [sql] : [])],
    env,
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const input = child.stdin.getWriter();
  if (!isGiven) await input.write(new TextEncoder().encode(sql));
  await input.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout).replace(/^Bye\n/m, ""), err: text(stderr) };
}

async function ours(fixture: MariadbEngine, { flags, sql, together }: Golden): Promise<Written> {
  const isGiven = flags.at(-1) === "-e";
  const { values } = readConfig(
    shellCommand,
    isGiven ? [...flags, sql] : flags,
    memoryEnvironment({}),
  );
  const options = shellOptions(values as unknown as ShellConfig, OPTIONS.connection);
  const shell = new MemoryShell({ input: isGiven ? [] : [sql] });
  const client = new EngineClient(fixture.engine);
  const code = await shell.run(client, options);
  await client.close();
  return together === true
    ? { code, out: shell.all, err: "" }
    : { code, out: shell.out, err: shell.err };
}

/** Times differ, and who found a quote that does not end: here it is the client. */
function comparable({ code, out, err }: Written, { flags }: Golden): Written {
  return {
    // Theirs hides with 0 that statements failed.
    code: flags.includes("-f") ? 0 : code,
    out: out.replace(/\(\d+\.\d{3} sec\)/g, "(0.000 sec)"),
    err: err.replaceAll("your MariaDB server", "your MySQL server"),
  };
}

/** Compares what both programs make of each; tells all that differ. */
async function compare(
  goldens: readonly Golden[],
  expect: (golden: Golden) => Promise<Written>,
  make: (golden: Golden) => Promise<Written>,
): Promise<void> {
  const differing: string[] = [];
  for (const golden of goldens) {
    const expected = comparable(await expect(golden), golden);
    const actual = comparable(await make(golden), golden);
    try {
      assert.deepEqual(actual, expected);
    } catch (error) {
      differing.push(`${golden.flags.join(" ")} ${golden.sql}\n${(error as Error).message}`);
    }
  }
  const count = `${differing.length} of ${goldens.length}`;
  assert.equal(differing.length, 0, `${count}\n${differing.join("\n\n")}`);
}

Deno.test("golden: output is what MySQL's own client makes of the same statements and flags", async () => {
  const server = await startMariadb({ name: "golden" });
  const fixture = await openMariadbEngine(server);
  try {
    const setup = new EngineClient(fixture.engine);
    for (const sql of GOLDEN_SETUP) await setup.query(sql);
    await setup.close();
    const { database } = fixture;
    await compare(GOLDENS, (each) => theirs(server, database, each), (each) => ours(fixture, each));
    assert.ok(GOLDENS.length >= 60, `${GOLDENS.length} cases`);
  } finally {
    await fixture.close();
    await server.stop();
  }
});

Deno.test("golden: so is that of the real shell on a real cluster, where the servers agree", async () => {
  await using binary = await Binary.build("archive");
  const up = await UpProcess.start(binary);
  const server = await startMariadb({ name: "golden" });
  const shell = [binary.path, "shell", "--masters", up.masters];
  try {
    for (const sql of GOLDEN_SETUP) {
      await administer(server, "USE minisql", sql);
      await up.sql(sql);
    }
    const alike = GOLDENS.filter(({ ofServer, together }) => !ofServer && !together);
    await compare(
      alike,
      (each) => theirs(server, "minisql", each),
      (each) => written(shell, each, binary.environment),
    );
    assert.ok(alike.length >= 50, `${alike.length} cases`);
  } finally {
    await up.stop();
    await server.stop();
  }
});
