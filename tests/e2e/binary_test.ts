/** The built program, in each form that can be built here: what it says, how it starts and ends. */
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { build, type Form } from "../../scripts/build.ts";
import { compile, runtimeMissing } from "../../scripts/build/compile.ts";
import { Binary, finished } from "../support/binary.ts";
import { within } from "../support/wait.ts";

/** Long for a machine that has other work to do, and short of what a user would notice. */
const WARM_START_MS_MAX = 500;

/** Answers nothing, and tells when somebody has connected. */
function silentServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connected = listener.accept();
  return {
    port: listener.addr.port,
    connected,
    async [Symbol.asyncDispose]() {
      listener.close();
      (await connected.catch(() => null))?.close();
    },
  };
}

function suite(form: Form, open: () => Promise<Binary>): void {
  const test = (title: string, body: (binary: Binary) => Promise<void>) =>
    Deno.test(`binary (${form}): ${title}`, async () => {
      await using binary = await open();
      await body(binary);
    });

  test("it helps, tells its version and names what was meant", async (binary) => {
    const help = await binary.run(["--help"]);
    assert.equal(help.code, 0, help.err);
    assert.match(help.out, /Usage:\n {2}minisql <command>/);
    assert.deepEqual(await binary.run(["version"]), {
      code: 0,
      signal: null,
      out: `minisql ${config.version}\n`,
      err: "",
    });
    const details = JSON.parse((await binary.run(["version", "--json"])).out);
    assert.equal(details.form, form);
    const wrong = await binary.run(["verison"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /Did you mean `version`\?/);
    const option = await binary.run(["version", "--jsno"]);
    assert.equal(option.code, 2);
    assert.match(option.err, /Unknown option --jsno\. Did you mean --json\?/);
  });

  test("arguments and settings arrive as they were given", async (binary) => {
    const odd = `a  'b' "c" $HOME \`id\` \\ * \n中`;
    const { code, err } = await binary.run(["version", "--color=never", odd]);
    assert.equal(code, 2);
    assert.ok(err.includes(`Unexpected argument "${odd}"`), err);
    assert.match((await binary.run([""])).err, /Unknown command ""/);
    const coloured = await binary.run(["verison"], { env: { MINISQL_COLOR: "always" } });
    assert.ok(coloured.err.startsWith("\x1b[31mminisql:"), coloured.err);
  });

  test("a folder with a project of its own is none of its business", async (binary) => {
    for (const name of ["deno.json", "package.json", "deno.lock", ".env"]) {
      await Deno.writeTextFile(`${binary.folder}/${name}`, "{ not JSON");
    }
    assert.equal((await binary.run(["version"])).code, 0);
  });

  test("a warm start is fast", async (binary) => {
    await binary.run(["version"]);
    const times: number[] = [];
    for (let run = 0; run < 5; run++) {
      const started = performance.now();
      await binary.run(["version"]);
      times.push(performance.now() - started);
    }
    assert.ok(Math.min(...times) < WARM_START_MS_MAX, `took ${times.join(", ")} ms`);
  });

  test("signals reach the program, and end it with their codes", async (binary) => {
    for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
      await using server = silentServer();
      const target = `127.0.0.1:${server.port}`;
      const child = binary.spawn(["healthcheck", "--timeout=10m", target]);
      await within("the check connects", server.connected);
      child.kill(signal);
      const { code: ended, signal: killed } = await within("it ends", finished(child));
      assert.deepEqual([ended, killed], [code, null]);
    }
  });

  test("a health check of a closed port exits with 3", async (binary) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const { code, err } = await binary.run(["healthcheck", `127.0.0.1:${port}`]);
    assert.equal(code, 3);
    assert.match(err, /Cannot reach 127\.0\.0\.1:\d+: connection refused/);
  });

  test("a reader that goes away ends it quietly", async (binary) => {
    const script = `"$0" protocol | exec true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", script, binary.path],
      clearEnv: true,
      env: binary.environment,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "141\n");
    assert.equal(new TextDecoder().decode(stderr), "");
  });
}

suite("archive", () => Binary.build("archive"));

const isCompilable = await canCompile();
if (isCompilable) suite("compiled", () => Binary.build("compiled"));

/** Whether the runtime of `deno compile` can be had here. Any other failure fails the tests. */
async function canCompile(): Promise<boolean> {
  try {
    await using _binary = await Binary.build("compiled");
    return true;
  } catch (error) {
    if (!runtimeMissing((error as Error).message)) throw error;
    console.warn("The compiled form is not tested: its runtime cannot be downloaded here");
    return false;
  }
}

Deno.test("build: compiling replaces what is there, and puts nothing there when it fails", async () => {
  await using binary = await Binary.build("archive");
  const output = `${binary.folder}/minisql`;
  await Deno.writeTextFile(output, "an older one");
  const refused = await compile("no such file.js", output);
  assert.equal(refused.ok, false);
  assert.equal(await Deno.readTextFile(output), "an older one");
  const left = [...Deno.readDirSync(binary.folder)].map((entry) => entry.name);
  assert.deepEqual(left, ["minisql"]);
});

Deno.test("build: what is up to date is not built again, and what was changed is", async () => {
  await using binary = await Binary.build("archive");
  const output = `${binary.folder}/minisql`;
  const said: string[] = [];
  const again = async () => {
    await build({ output, form: "archive", say: (line) => said.push(line) });
    return said.splice(0).join("\n");
  };
  assert.match(await again(), /^Built .*: archive, \d+\.\d MB, in \d+\.\d s$/);
  assert.match(await again(), /minisql is up to date \(archive\)$/);
  await Deno.writeTextFile(output, "damaged");
  assert.match(await again(), /^Built /);
});

if (!isCompilable) {
  Deno.test("build: where compiling is impossible the archive is made, saying so", async () => {
    await using binary = await Binary.build("archive");
    const said: string[] = [];
    const output = `${binary.folder}/minisql`;
    // Over an older file too, whatever form that has.
    await Deno.writeTextFile(output, "an older one");
    assert.equal(await build({ output, say: (line) => said.push(line) }), "archive");
    assert.match(said[0] ?? "", /cannot be downloaded here: making a self-unpacking file/);
    assert.match(said[1] ?? "", /^Built /);
  });
}
