/** The command line as people meet it: help, versions, mistakes, exit codes. */
import assert from "node:assert/strict";
import { CoordinatorError } from "../ports/coordinator.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { protocolPage } from "../protocol/page.ts";
import config from "../../deno.json" with { type: "json" };
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { runInMemory } from "./memory_host.ts";
import { BrokenOutput } from "./output.ts";
import { Interrupted } from "./process.ts";

/** A command that does what a test tells it. */
function probe(run: () => Promise<number>) {
  return command({
    name: "probe",
    summary: "Probe",
    group: "Tools",
    positionals: {},
    flags: { must: { kind: "text", required: true, help: "Must be there" } },
    examples: [],
    run,
  });
}

function failing(error: unknown) {
  const commands = [probe(() => Promise.reject(error))];
  return runInMemory(["probe", "--must=x"], { commands });
}

Deno.test("main: no arguments, --help, -? and help show the commands", async () => {
  const { code, out } = await runInMemory([]);
  assert.equal(code, EXIT.ok);
  assert.match(out, /^minisql .*\n\nUsage:\n {2}minisql <command> \[options\]\n/);
  assert.match(out, /\n {4}version {2,}Show the version\n/);
  for (const args of [["--help"], ["-?"], ["help"], ["--color=never", "help"]]) {
    assert.deepEqual(await runInMemory(args), { code: EXIT.ok, out, err: "" });
  }
});

Deno.test("main: help of a command is the same in each way of asking", async () => {
  const first = await runInMemory(["help", "healthcheck"]);
  assert.equal(first.code, EXIT.ok);
  const parts = ["Usage", "Arguments", "Options", "Environment", "Examples"];
  assert.match(first.out, new RegExp(parts.map((part) => `\n${part}:\n`).join("[\\s\\S]*")));
  assert.match(first.out, /--timeout TIME .*\(default 3s\)/);
  assert.match(first.out, /MINISQL_PASSWORD_FILE /);
  assert.deepEqual(await runInMemory(["healthcheck", "--help"]), first);
  assert.deepEqual(await runInMemory(["healthcheck", "--nonsense", "-?"]), first);
});

Deno.test("main: the version is that of the project, with details as JSON", async () => {
  const plain = { code: EXIT.ok, out: `minisql ${config.version}\n`, err: "" };
  assert.deepEqual(await runInMemory(["version"]), plain);
  assert.deepEqual(await runInMemory(["--version"]), plain);
  const json = JSON.parse((await runInMemory(["version", "--json"])).out);
  assert.equal(json.version, config.version);
  assert.equal(json.deno, Deno.version.deno);
  assert.equal(json.form, "source");
});

Deno.test("main: an unknown command or option is a usage error with a suggestion", async () => {
  assert.deepEqual(await runInMemory(["verison"]), {
    code: EXIT.usage,
    out: "",
    err: 'minisql: Unknown command "verison". Did you mean `version`?\n' +
      "Try 'minisql --help' for what it accepts.\n",
  });
  const option = await runInMemory(["version", "--jsno"]);
  assert.equal(option.code, EXIT.usage);
  assert.equal(
    option.err,
    "minisql: Unknown option --jsno. Did you mean --json?\n" +
      "Try 'minisql version --help' for what it accepts.\n",
  );
  assert.match((await runInMemory(["--hepl"])).err, /Did you mean --help\?/);
  assert.equal((await runInMemory(["help", "toString"])).code, EXIT.usage);
});

Deno.test("main: expected errors become one line on stderr and an exit code", async () => {
  const unreachable = await failing(new MinisqlError("UNAVAILABLE", "Cannot reach a:1: refused"));
  assert.deepEqual(unreachable, {
    code: EXIT.unreachable,
    out: "",
    err: "minisql: Cannot reach a:1: refused\n",
  });
  const codeOf = async (error: unknown) => (await failing(error)).code;
  assert.equal(await codeOf(new MinisqlError("UNAUTHENTICATED", "no")), EXIT.unreachable);
  assert.equal(await codeOf(new MinisqlError("TIMEOUT", "no")), EXIT.failed);
  assert.equal(await codeOf(new CoordinatorError("suspended", "no")), EXIT.unreachable);
  assert.equal(await codeOf(new CoordinatorError("no_node", "no")), EXIT.failed);
  assert.equal(await codeOf(new Interrupted("SIGINT")), 130);
  assert.equal(await codeOf(new Interrupted("SIGTERM")), 143);
  assert.equal(await codeOf(new BrokenOutput("gone")), EXIT.brokenPipe);
});

Deno.test("main: a bug is not worded as a user's mistake: it is thrown on", async () => {
  await assert.rejects(failing(new TypeError("oops")), TypeError);
});

Deno.test("main: what a command requires is asked for, and its help needs none of it", async () => {
  const commands = [probe(() => Promise.resolve(0))];
  const missing = await runInMemory(["probe"], { commands });
  assert.equal(missing.code, EXIT.usage);
  assert.match(missing.err, /Missing --must or MINISQL_MUST: Must be there/);
  assert.equal((await runInMemory(["probe", "--help"], { commands })).code, EXIT.ok);
});

Deno.test("main: only a command that says so can start other programs", async () => {
  for (const runsPrograms of [{}, { runsPrograms: true }] as const) {
    const order: string[] = [];
    const begin = () => {
      order.push("begins");
      return Promise.resolve(0);
    };
    const commands = [{ ...probe(begin), ...runsPrograms }];
    const onRenounce = () => void order.push("gives it up");
    await runInMemory(["probe", "--must=x"], { commands, onRenounce });
    const isKept = "runsPrograms" in runsPrograms;
    assert.deepEqual(order, isKept ? ["begins"] : ["gives it up", "begins"]);
  }
});

Deno.test("main: a secret flag without a value is asked for", async () => {
  let seen: unknown;
  const commands = [command({
    name: "login",
    summary: "Login",
    group: "Tools",
    positionals: {},
    flags: { "root-password": { kind: "secret", short: "p", help: "Password" } },
    examples: [],
    run: (config) => {
      seen = config;
      return Promise.resolve(0);
    },
  })];
  await runInMemory(["login", "-p"], { commands, secrets: { "root-password": "hunter2" } });
  assert.equal((seen as { rootPassword: string }).rootPassword, "hunter2");
  const told = await runInMemory(["login", "-popen"], { commands });
  assert.equal((seen as { rootPassword: string }).rootPassword, "open");
  assert.match(told.err, /^Warning: others .* --root-password .* --root-password-file keeps it/);
});

Deno.test("main: a reader that went away ends the output quietly", async () => {
  const broken = new Deno.errors.BrokenPipe("gone");
  assert.deepEqual(await runInMemory(["help"], { broken }), {
    code: EXIT.brokenPipe,
    out: "",
    err: "",
  });
});

Deno.test("main: protocol prints the protocol page", async () => {
  const { code, out } = await runInMemory(["protocol"]);
  assert.equal(code, EXIT.ok);
  assert.equal(out.trimEnd(), protocolPage().trimEnd());
});
