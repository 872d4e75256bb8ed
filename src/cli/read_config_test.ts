/** Arguments and environment become the configuration that a table declares, or a clear refusal. */
import assert from "node:assert/strict";
import type { ConfigOf, FlagTable } from "./flags.ts";
import { memoryEnvironment, type MemoryWorld } from "./memory_host.ts";
import { readConfig } from "./read_config.ts";
import { UsageError } from "./usage_error.ts";

const FLAGS = {
  listen: { kind: "address", short: "l", default: "0.0.0.0:9090", anyPort: true, help: "Listen" },
  zookeeper: { kind: "addresses", port: 2181, help: "ZooKeeper" },
  replicas: { kind: "integer", short: "r", min: 1, max: 16, default: 3, help: "Copies" },
  "lease-time": { kind: "duration", default: "5s", min: "1s", max: "1m", help: "Lease" },
  level: { kind: "choice", values: ["fast", "voted", "latest"], help: "Level" },
  verbose: { kind: "boolean", short: "v", help: "More" },
  warn: { kind: "boolean", default: true, help: "Warn" },
  execute: { kind: "texts", short: "e", help: "Statements" },
  name: { kind: "text", pattern: /^[a-z]+$/, accepts: "small letters", help: "Name" },
  password: { kind: "secret", short: "p", help: "Password" },
} as const satisfies FlagTable;

const TARGET = {
  target: { kind: "text", value: "TARGET", required: true, help: "The target" },
} as const satisfies FlagTable;

function read(args: readonly string[], world: MemoryWorld = {}) {
  const { values } = readConfig(
    { flags: FLAGS, positionals: {} },
    args,
    memoryEnvironment(world),
  );
  return values as ConfigOf<typeof FLAGS>;
}

function refuses(args: readonly string[], message: string, world: MemoryWorld = {}): void {
  assert.throws(() => read(args, world), (error: unknown) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, message);
    return true;
  });
}

Deno.test("config: defaults stand where nothing is said", () => {
  const config = read([]);
  // The types are checked by the assignments.
  const port: number = config.listen.port;
  const leaseMs: number = config.leaseTime;
  const level: "fast" | "voted" | "latest" | null = config.level;
  assert.deepEqual([port, leaseMs, level], [9090, 5000, null]);
  assert.deepEqual(config, {
    listen: { host: "0.0.0.0", port: 9090 },
    zookeeper: [],
    replicas: 3,
    leaseTime: 5000,
    level: null,
    verbose: false,
    warn: true,
    execute: [],
    name: null,
    password: null,
  });
});

Deno.test("config: every kind is read, in each way of writing it", () => {
  const config = read([
    "--listen=[::1]:0",
    "--zookeeper",
    "a:1,b",
    "--zookeeper=c:3",
    "-r5",
    "--lease-time",
    "1.5s",
    "--level=voted",
    "-v",
    "--no-warn",
    "-e",
    "select 1",
    "--execute=select '--x'",
    "--name",
    "abc",
    "-phunter2=x",
  ]);
  assert.deepEqual(config, {
    listen: { host: "::1", port: 0 },
    zookeeper: [{ host: "a", port: 1 }, { host: "b", port: 2181 }, { host: "c", port: 3 }],
    replicas: 5,
    leaseTime: 1500,
    level: "voted",
    verbose: true,
    warn: false,
    execute: ["select 1", "select '--x'"],
    name: "abc",
    password: "hunter2=x",
  });
  assert.equal(read(["--verbose=false", "--warn=0"]).warn, false);
  assert.equal(read(["--replicas", "4", "-r", "7"]).replicas, 7);
});

Deno.test("config: the environment gives defaults, the command line comes first", () => {
  const variables = {
    MINISQL_LISTEN: "h:1",
    MINISQL_LEASE_TIME: "2m",
    MINISQL_VERBOSE: "yes",
    MINISQL_REPLICAS: "",
    MINISQL_EXECUTE: "select 1",
  };
  // 2m is beyond the limit, and the flag makes that harmless.
  const config = read(["--lease-time=2s", "-e", "select 2"], { variables });
  assert.deepEqual(config.listen, { host: "h", port: 1 });
  assert.equal(config.leaseTime, 2000);
  assert.equal(config.verbose, true);
  assert.equal(config.replicas, 3);
  assert.deepEqual(config.execute, ["select 2"]);
});

Deno.test("config: a secret comes from a flag, a variable, a file or the terminal", () => {
  const files = { "/run/secret": "from file\n" };
  assert.equal(read(["--password=x"]).password, "x");
  assert.equal(read(["--password-file", "/run/secret"], { files }).password, "from file");
  assert.equal(read([], { variables: { MINISQL_PASSWORD: "y" } }).password, "y");
  const variables = { MINISQL_PASSWORD_FILE: "/run/secret" };
  assert.equal(read([], { variables, files }).password, "from file");
  const tables = { flags: FLAGS, positionals: TARGET };
  const asked = readConfig(tables, ["-p", "target"], memoryEnvironment({ variables, files }));
  assert.deepEqual(asked.ask, ["password"]);
  assert.equal(asked.values["target"], "target");
});

Deno.test("config: two sources of one secret are refused, and a missing file is named", () => {
  const both = { MINISQL_PASSWORD: "x", MINISQL_PASSWORD_FILE: "/f" };
  const message = "Cannot use MINISQL_PASSWORD and MINISQL_PASSWORD_FILE together: set one of them";
  refuses([], message, { variables: both });
  refuses(
    ["--password-file=/f", "--password=x"],
    "Cannot use --password and --password-file together: give one of them",
    { files: { "/f": "x" } },
  );
  refuses(["--password-file=/f"], `Cannot use --password-file="/f": there is no such file`);
  refuses([], `Cannot use MINISQL_PASSWORD_FILE="/f": there is no such file`, {
    variables: { MINISQL_PASSWORD_FILE: "/f" },
  });
});

Deno.test("config: a bad value names its source, the value and what is accepted", () => {
  refuses(["--replicas=0"], `Cannot use --replicas="0": it must be a whole number from 1 to 16`);
  refuses(["-r", "x"], `Cannot use -r="x": it must be a whole number from 1 to 16`);
  refuses(["-r", "-5"], `Cannot use -r="-5": it must be a whole number from 1 to 16`);
  refuses(
    ["--lease-time=5"],
    `Cannot use --lease-time="5": it must be a time such as 300ms, 5s, 2m or 1h from 1s to 1m`,
  );
  refuses(["--level=slow"], `Cannot use --level="slow": it must be fast, voted or latest`);
  refuses(
    ["--listen=:80"],
    `Cannot use --listen=":80": it must be HOST:PORT with a port from 0 to 65535`,
  );
  refuses(
    ["--zookeeper=a,b:0"],
    `Cannot use --zookeeper="a,b:0": it must be HOST:PORT with a port from 1 to 65535, ` +
      "or HOST for port 2181, several separated by commas",
  );
  refuses(["--name=A"], `Cannot use --name="A": it must be small letters`);
  refuses(["--verbose=maybe"], `Cannot use --verbose="maybe": it must be true or false`);
  refuses([], `Cannot use MINISQL_REPLICAS="many": it must be a whole number from 1 to 16`, {
    variables: { MINISQL_REPLICAS: "many" },
  });
});

Deno.test("config: a forgotten value does not swallow the next flag", () => {
  refuses(["--name", "--verbose"], "Cannot use --name: it needs a TEXT");
  refuses(["--name"], "Cannot use --name: it needs a TEXT");
  refuses(["--listen", "-v"], "Cannot use --listen: it needs a HOST:PORT");
  refuses(["--no-warn=1"], "Cannot use --no-warn=1: it takes no value");
});

Deno.test("config: an unknown flag is refused, with the one that was probably meant", () => {
  refuses(["--replcias=3"], "Unknown option --replcias. Did you mean --replicas?");
  refuses(["--frobnicate"], "Unknown option --frobnicate");
  refuses(["-x"], "Unknown option -x");
  refuses(["--toString"], "Unknown option --toString");
  refuses(["--no-replicas"], "Unknown option --no-replicas. Did you mean --replicas?");
  refuses(["extra"], `Unexpected argument "extra"`);
});

Deno.test("config: arguments fill the positionals in order, and a required one is asked for", () => {
  const read = (args: readonly string[]) =>
    readConfig({ flags: FLAGS, positionals: TARGET }, args, memoryEnvironment({})).values["target"];
  assert.equal(read(["-v", "there"]), "there");
  assert.equal(read(["--", "-v"]), "-v");
  assert.throws(() => read([]), { message: "Missing TARGET: The target" });
  assert.throws(() => read(["a", "b"]), { message: `Unexpected argument "b"` });
  const flags = { name: { kind: "text", required: true, help: "Name" } } as const;
  assert.throws(() => readConfig({ flags, positionals: {} }, [], memoryEnvironment({})), {
    message: "Missing --name or MINISQL_NAME: Name",
  });
});
