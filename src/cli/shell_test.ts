/** Flags of the shell and its relatives, as MySQL's users give them. */
import assert from "node:assert/strict";
import { EXIT } from "./exit_codes.ts";
import { memoryEnvironment, runInMemory } from "./memory_host.ts";
import { readConfig } from "./read_config.ts";
import { withAddress } from "./shell_address.ts";
import { shellCommand, type ShellConfig, shellOptions } from "./shell.ts";

const CONNECTION = { user: null, host: "m1", port: 9090, cluster: "c", masters: [] };

function optionsOf(...args: readonly string[]) {
  const { values } = readConfig(shellCommand, args, memoryEnvironment({}));
  return shellOptions(values as unknown as ShellConfig, CONNECTION);
}

Deno.test("shell flags: MySQL's letters mean what they mean there, also run together", () => {
  const options = optionsOf("-NBre", "select 1", "-e", "select 2", "-vvv", "-ss", "-f", "-q", "-A");
  assert.deepEqual(options.execute, ["select 1", "select 2"]);
  assert.deepEqual(
    [options.header, options.batch, options.raw, options.verbose, options.silent],
    [false, true, true, 3, 2],
  );
  assert.deepEqual([options.force, options.quick, options.noRehash], [true, true, true]);
  assert.equal(optionsOf("-t").format, "table");
  assert.equal(optionsOf("-E").format, "vertical");
  assert.equal(optionsOf("shop").database, "shop");
  assert.equal(optionsOf("-D", "shop").database, "shop");
});

Deno.test("shell flags: where nothing is said, the terminal decides, and people are asked", () => {
  const options = optionsOf();
  assert.deepEqual([options.format, options.pager, options.warn], [null, null, true]);
  const told = optionsOf("--format", "jsonl", "--no-pager", "--no-warn", "--null", "\\N");
  assert.deepEqual(
    [told.format, told.pager, told.warn, told.nullText],
    ["jsonl", "", false, "\\N"],
  );
  assert.throws(() => optionsOf("--csv", "-t"), /Cannot write results as both table and csv/);
  assert.equal(optionsOf("--csv", "--format", "csv").format, "csv");
});

Deno.test("shell flags: what makes no sense is a usage error that says why", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["import"], /Missing \[TABLE\] FILE/],
    [["import", "a", "b", "c"], /Unexpected argument "c"/],
    [["import", "data.bin"], /Cannot tell what data\.bin holds: say --format/],
    [["import", "t", "x.sql"], /Cannot import a script into t/],
    [["import", "x.csv", "--resume", "--restart"], /--resume and --restart together/],
    [["import", "x.csv", "--separator", "ab"], /it must be one character/],
    [["export"], /Name a table, or say --query/],
    [["export", "t", "--query", "select 1"], /Name a table, or say --query/],
    [["export", "--query", "select 1", "--format", "sql"], /there is no table to insert into/],
    [["move"], /Missing TABLE/],
    [["drain", "x3"], /it must be a server's number/],
    [["log"], /Missing TABLE/],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await runInMemory(args);
    assert.equal(code, EXIT.usage, `${args.join(" ")}: ${err}`);
    assert.match(err, message);
  }
});

Deno.test("shell flags: one address stands for several flags, which say it louder", () => {
  const named = { use: null, host: null, port: null, user: null, password: null };
  const of = (use: string, flags: Partial<typeof named> = {}) =>
    withAddress({ ...named, use, ...flags });
  assert.deepEqual(of("minisql://a%40b:p%2Fw@[::1]:99/shop"), {
    ...{ use: "shop", host: "::1", port: 99, user: "a@b", password: "p/w" },
  });
  assert.deepEqual(of("mysql://m1"), { ...named, host: "m1" });
  const louder = { host: "m2", port: 1, user: "u", password: "s" };
  const given = withAddress({ use: "mysql://x:y@m1:9/d", ...louder });
  assert.deepEqual(given, { use: "d", ...louder });
  assert.deepEqual(of("shop"), { ...named, use: "shop" });
  assert.throws(() => of("mysql://m1:x"), /it must be minisql:\/\/user@host:port\/database/);
});

Deno.test("shell flags: -V is the version, as everywhere", async () => {
  const { code, out } = await runInMemory(["shell", "-V"]);
  assert.equal(code, EXIT.ok);
  assert.match(out, /^minisql \d/);
});
