/** The shell as a script has it: data on stdout, the rest on stderr, exit codes that tell. */
import assert from "node:assert/strict";
import { SqliteEngine } from "../adapters/sqlite/engine.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import { SystemRandom } from "../adapters/system_random.ts";
import { EngineClient, type EngineClientOptions } from "../../tests/support/engine_client.ts";
import { MemoryShell, type MemoryShellWorld } from "../../tests/support/memory_shell.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { ShellOptions } from "./options.ts";

const SHOP = [
  "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20))",
  "INSERT INTO t VALUES (1, '中文'), (2, NULL)",
];

interface Ran {
  readonly code: number;
  readonly shell: MemoryShell;
}

/** Runs a shell on a database with a small table. */
async function run(
  options: Partial<ShellOptions>,
  world: MemoryShellWorld = {},
  clientOptions: EngineClientOptions = {},
): Promise<Ran> {
  const engine = new SqliteEngine({ clock: new SystemClock(), random: new SystemRandom() });
  const client = new EngineClient(engine, clientOptions);
  try {
    for (const sql of SHOP) await client.query(sql);
    const shell = new MemoryShell(world);
    return { code: await shell.run(client, options), shell };
  } finally {
    await client.close();
    await engine.close();
  }
}

Deno.test("shell: -e runs statements in turn and writes nothing but data to stdout", async () => {
  const { code, shell } = await run({
    execute: ["select * from t; delete from t", "select 1 as one\\G"],
  });
  assert.equal(code, 0);
  assert.equal(
    shell.out,
    "id\tname\n1\t中文\n2\tNULL\n*************************** 1. row ***************************\none: 1\n",
  );
  assert.equal(shell.err, "");
});

Deno.test("shell: a script stops at its first error, tells the line, and ends with 1", async () => {
  const input = ["select 1;\n\n-- a comment\nselect\n nope;\nselect 2;\n"];
  const { code, shell } = await run({ header: false }, { input });
  assert.deepEqual([code, shell.out], [1, "1\n"]);
  assert.match(shell.err, /^ERROR 1054 \(42S22\) at line 4: Unknown column 'nope'/);
});

Deno.test("shell: with --force it goes on, and still ends with 1", async () => {
  const { code, shell } = await run({ header: false, force: true }, {
    input: ["select nope;select 2;"],
  });
  assert.deepEqual([code, shell.out], [1, "2\n"]);
  assert.match(shell.err, /^ERROR 1054 .* at line 1: /);
});

Deno.test("shell: a cluster that cannot be reached ends it with 3", async () => {
  const onStatement = () => {
    throw new MinisqlError("UNAVAILABLE", "Cannot reach m1:9090: connection refused");
  };
  const onlyLater = {
    onStatement: (sql: string) => /^select/.test(sql) ? onStatement() : undefined,
  };
  const { code, shell } = await run({ execute: ["select 1"] }, {}, onlyLater);
  assert.equal(code, 3);
  assert.match(shell.err, /^ERROR 2003 \(HY000\) at line 1: Cannot reach m1:9090/);
});

Deno.test("shell: files run each other, and errors name the file", async () => {
  const files = {
    "a.sql": "select 1;\nsource b.sql\nselect 3;\n",
    "b.sql": "select 2;\nselect nope;\n",
  };
  const { code, shell } = await run({ header: false, execute: ["\\. a.sql"] }, { files });
  assert.deepEqual([code, shell.out], [1, "1\n2\n"]);
  assert.match(shell.err, /at line 2 in file: 'b\.sql'/);
  const missing = await run({ execute: ["source nowhere.sql"] });
  assert.equal(
    missing.shell.err,
    "ERROR at line 1: Cannot read nowhere.sql: there is no such file\n",
  );
  const round = await run({ execute: ["source a"] }, { files: { a: "source a\n" } });
  assert.match(round.shell.err, /20 files run each other already/);
});

Deno.test("shell: delimiters, \\c, exit and words of commands are understood in scripts", async () => {
  const text = "select 1 \\c select 2;\ndelimiter //\nselect 3; // select 4 //\ndelimiter ;\n" +
    "exit\nselect 5;";
  const { code, shell } = await run({ header: false }, { input: [text] });
  assert.deepEqual([code, shell.out, shell.err], [0, "2\n3\n4\n", ""]);
  const ended = await run({ header: false, execute: ["select 1; exit; select 2"] });
  assert.deepEqual([ended.code, ended.shell.out], [0, "1\n"]);
});

Deno.test("shell: unknown commands and a delimiter that is none are errors", async () => {
  const { code, shell } = await run({ force: true }, {
    input: ["\\y\nselect 1;\ndelimiter\n\\g\n"],
  });
  assert.equal(code, 1);
  assert.deepEqual(shell.err.trimEnd().split("\n"), [
    "ERROR at line 1: Unknown command '\\y'.",
    "ERROR at line 3: DELIMITER must be followed by a delimiter",
    "ERROR at line 4: No query specified",
  ]);
});

Deno.test("shell: whoever writes a line and waits has its answer before more is written", async () => {
  let answered = "";
  const engine = new SqliteEngine({ clock: new SystemClock(), random: new SystemRandom() });
  const shell = new MemoryShell();
  shell.type(["select 1;\nselect 2\n", () => answered = shell.out, ";\n"]);
  await shell.run(new EngineClient(engine), { header: false });
  assert.deepEqual([answered, shell.out], ["1\n", "1\n2\n"]);
  await engine.close();
});

Deno.test("shell: verbose tells on stderr what stdout does not", async () => {
  const execute = ["select 1; insert into t values (7,'x')"];
  const { shell } = await run({ execute, verbose: 3 });
  assert.match(shell.out, /^\+/);
  assert.match(
    shell.err,
    /^-+\nselect 1\n-+\n\n1 row in set \(0\.000 sec\)\n\n-+\ninsert.*\n-+\n\nQuery OK, 1 row affected/,
  );
});

Deno.test("shell: a reader that went away ends it with what the writer raised", async () => {
  const broken = new Error("nobody reads");
  await assert.rejects(run({ execute: ["select 1"] }, { broken }), broken);
});

Deno.test("shell: the process's end is passed on while a statement runs", async () => {
  const stopping = new AbortController();
  const reason = new Error("SIGTERM");
  const onStatement = (sql: string) => {
    if (sql === "select 1") stopping.abort(reason);
  };
  const running = run({ execute: ["select 1"] }, { stop: stopping.signal }, { onStatement });
  await assert.rejects(running, reason);
});

Deno.test("shell: results are as JSON, CSV or Markdown where that is asked for", async () => {
  const out = async (format: ShellOptions["format"]) =>
    (await run({ format, execute: ["select * from t"] })).shell.out;
  assert.deepEqual(JSON.parse(await out("json")), [{ id: 1, name: "中文" }, { id: 2, name: null }]);
  assert.equal(await out("csv"), "id,name\n1,中文\n2,\n");
  assert.match(await out("markdown"), /^\| {2}id \| name \|\n\| --: \| ---- \|\n/);
});

Deno.test("shell: the cluster is asked for by SHOW and by commands, data like any other", async () => {
  const execute = ["show servers; show regions; show table status like 't%'; show events"];
  const { code, shell } = await run({ execute });
  assert.equal(code, 0, shell.err);
  assert.match(shell.out, /^Server\tAddress\tZone.*\nr1\t127\.0\.0\.1:9091\t-/);
  assert.match(shell.out, /\nRegion\tState.*\nr1\topen\t1\tr1\tr1 r2 r3\tr1 r2 r3\tt\n/);
  assert.match(
    shell.out,
    /\nTable\tState\tRegion\tCopies\tIn_sync\nt\twritable\tr1\tr1 r2 r3\t3\/3\n/,
  );
  assert.match(shell.out, /was elected for term 3/);
  const none = await run({ execute: ["show table status like 'x\\_%'"] });
  assert.equal(none.shell.out, "");
  const json = await run({
    execute: ["show masters; show cluster status; show jobs"],
    format: "jsonl",
  });
  const [leader, standby] = json.shell.out.split("\n").map((line) =>
    line === "" || JSON.parse(line)
  );
  assert.deepEqual(
    [leader.Master, leader.Address, leader.State, leader.Term],
    ["m1", "127.0.0.1:9090", "leads", "3"],
  );
  assert.deepEqual([standby.Master, standby.State, standby.Term], ["m2", "stands by", "-"]);
});

Deno.test("shell: EXPLAIN ROUTE tells where a statement would run, and why", async () => {
  const execute = ["explain route select * from t; explain route update t set name = 'x'"];
  const { shell } = await run({ execute, format: "jsonl" });
  const [read, write] = shell.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([read.Table, read.Runs_on, read.Checked_against], ["t", "r2 r3", "r1 r2 r3"]);
  assert.match(read.Why, /level voted/);
  assert.deepEqual([write.Runs_on, write.Checked_against], ["r1", "r1 r2 r3"]);
  const nothing = await run({
    execute: ["explain route select 1; explain route select * from nope"],
  });
  assert.match(nothing.shell.out, /it names no table\n.*\nnope\t-.*there is no such table/s);
});

Deno.test("shell: clear drops every table, and a script must name the cluster", async () => {
  const unnamed = await run({ execute: ["clear;"] });
  assert.deepEqual([unnamed.code, unnamed.shell.err], [
    1,
    "ERROR at line 1: Cannot clear without a name: write clear minisql\n",
  ]);
  const other = await run({ execute: ["clear staging; show tables"] });
  assert.match(other.shell.err, /this is the cluster minisql/);
  const named = await run({ execute: ["clear minisql; show tables"] });
  assert.deepEqual([named.code, named.shell.out], [0, ""]);
});

Deno.test("shell: what --init-command says comes first, and a failure of it ends it", async () => {
  const sql = "select name from t where id = 1";
  const first = await run({
    execute: [sql],
    initCommand: "update t set name = 'x'",
    header: false,
  });
  assert.equal(first.shell.out, "x\n");
  const failing = await run({ execute: [sql], initCommand: "select nope" });
  assert.deepEqual([failing.code, failing.shell.out], [1, ""]);
  const again = await run({ initCommand: "select 'begun'", header: false }, {
    input: ["select 1;\n\\r\nselect 2;\n"],
  });
  assert.equal(again.shell.out, "begun\n1\nbegun\n2\n");
});

Deno.test("shell: --delimiter, --tee and --auto-vertical-output are as the commands", async () => {
  const input = ["select 1; select 2//\nselect 'a;b'//\n"];
  const split = await run({ delimiter: "//", header: false }, { input: [...input] });
  assert.match(split.shell.err, /^ERROR 1064/);
  const whole = await run({ delimiter: "//", header: false }, { input: ["select 'a;b'//"] });
  assert.equal(whole.shell.out, "a;b\n");
  const files = { "log.txt": "before\n" };
  await run({ execute: ["select 1 as a"], tee: "log.txt" }, { files });
  assert.equal(files["log.txt"], "before\na\n1\n");
  const narrow = { terminal: true, size: { columns: 10, rows: 24 } };
  const { shell } = await run(
    { execute: ["select 1, 'wider than that'"], autoVertical: true },
    narrow,
  );
  assert.match(shell.out, /^\*+ 1\. row \*+\n/);
});

Deno.test("shell: --watch runs what -e gives until the process is to end, and stops at an error", async () => {
  const stop = new AbortController();
  const reason = new Error("SIGINT");
  let looks = 0;
  const watching = run({ execute: ["select 1 as a"], watchMs: 2000 }, { stop: stop.signal }, {
    onStatement: (sql) => {
      if (sql === "select 1 as a" && ++looks === 3) stop.abort(reason);
    },
  });
  await assert.rejects(watching, (error) => error === reason);
  assert.equal(looks, 3);
  const failing = await run({ execute: ["select 1 as a", "select nope"], watchMs: 2000 });
  assert.deepEqual([failing.code, failing.shell.out], [1, "a\n1\n"]);
  assert.match(failing.shell.err, /^Every 2 s: 2023-11-14 22:13:20\nERROR 1054/);
});

Deno.test("shell: \\o and \\| serve scripts too, in the format that was asked for", async () => {
  const input = [
    "\\o a.csv\nselect * from t where id = 2;\n\\o\nselect 1 as a \\| cat\nselect 2 as b;\n",
  ];
  const { shell, code } = await run({ format: "csv", nullText: "-" }, { input });
  assert.equal(code, 0, shell.err);
  assert.equal(shell.files["a.csv"], "id,name\n2,-\n");
  assert.deepEqual([shell.paged, shell.out], [["a\n1\n"], "b\n2\n"]);
  const none = await run({}, { input: ["\\| cat\n"] });
  assert.match(none.shell.err, /^ERROR at line 1: No query specified/);
});

Deno.test("shell: input that is no UTF-8 is refused, and not written as something else", async () => {
  const latin = Uint8Array.from("select 'caf\xe9';\n", (letter) => letter.charCodeAt(0));
  const { code, shell } = await run({ header: false }, { input: ["select 1;\n", latin] });
  assert.deepEqual([code, shell.out], [1, "1\n"]);
  assert.match(shell.err, /^ERROR: Cannot read the input: it is not UTF-8; .* --hex-blob/);
});
