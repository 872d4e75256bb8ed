/** The shell as a person has it: keys in, a screen out. */
import assert from "node:assert/strict";
import { SqliteEngine } from "../adapters/sqlite/engine.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import { SystemRandom } from "../adapters/system_random.ts";
import { EngineClient, type EngineClientOptions } from "../../tests/support/engine_client.ts";
import { MemoryShell, type MemoryShellWorld } from "../../tests/support/memory_shell.ts";
import type { ShellOptions } from "./options.ts";

type Keys = NonNullable<MemoryShellWorld["input"]>;

interface Talk extends Omit<MemoryShellWorld, "input"> {
  readonly options?: Partial<ShellOptions>;
  readonly client?: EngineClientOptions;
}

interface Talked {
  readonly code: number;
  readonly shell: MemoryShell;
  /** What was shown, without what only moves the cursor. */
  readonly shown: string;
}

/** Types to a shell on a database with one small table; more is typed once it asks for more. */
async function talk(
  keys: Keys | ((shell: MemoryShell) => Keys),
  world: Talk = {},
): Promise<Talked> {
  const engine = new SqliteEngine({ clock: new SystemClock(), random: new SystemRandom() });
  const client = new EngineClient(engine, world.client);
  try {
    await client.query("CREATE TABLE pets (id INT PRIMARY KEY, name VARCHAR(20))");
    await client.query("INSERT INTO pets VALUES (1, '猫'), (2, NULL)");
    const shell = new MemoryShell({ terminal: true, ...world });
    shell.type(typeof keys === "function" ? keys(shell) : keys);
    const code = await shell.run(client, world.options);
    // deno-lint-ignore no-control-regex
    const shown = shell.all.replace(/\x1b\[[0-9;?]*[A-Za-ln-z]/g, "").replaceAll("\r", "");
    return { code, shell, shown };
  } finally {
    await client.close();
    await engine.close();
  }
}

Deno.test("conversation: it greets, answers with a table and a count, and says goodbye", async () => {
  const { code, shown, shell } = await talk(["select * from pets;\r", "\x04"]);
  assert.equal(code, 0);
  assert.match(
    shown,
    /minisql 1\.2\.3 · cluster minisql · master at 127\.0\.0\.1:9090\nOK {2}1 tables/,
  );
  assert.match(shown, /minisql 127\.0\.0\.1:9090 \[minisql\]> select \* from pets;/);
  assert.match(shown, /\n\| id \| name \|\n\+.*\n\| {2}1 \| 猫 {3}\|\n\| {2}2 \| NULL \|\n/);
  assert.match(shown, /\n2 rows in set \(\d\.\d{3} sec\)\n\n/);
  assert.match(shown, /\nBye\n$/);
  assert.deepEqual(shell.raw, [true, false]);
});

Deno.test("conversation: a statement goes on until its delimiter, prompts say what is open", async () => {
  const { shown } = await talk(["select 'a\r", "b' as x,\r", "1;\r", "exit\r"]);
  assert.match(shown, / '> b' as x,/);
  assert.match(shown, / -> 1;/);
  assert.match(shown, /\| a {4}\| {4}1 \|\n\| b {4}\| {6}\|/);
});

Deno.test("conversation: keys edit, also in the line above", async () => {
  const up = "\x1b[A";
  const { shown } = await talk(["selekt 1\r", `,2;${up}\x01\x1bf\x7f\x7fct\x05`, "\r", "exit\r"]);
  assert.match(shown, /\n\| 1 {4}\| 2 {4}\|\n/);
});

Deno.test("conversation: errors are shown and it goes on; its exit code stays 0", async () => {
  const { code, shell, shown } = await talk(["select nope;\r", "\\y\r", "select 5;\r", "\\q\r"]);
  assert.equal(code, 0);
  assert.match(shell.err, /^ERROR 1054 \(42S22\): Unknown column 'nope'/);
  assert.match(shell.err, /ERROR: Unknown command '\\y'\./);
  assert.match(shown, /\| {4}5 \|/);
});

Deno.test("conversation: Ctrl-C drops what was typed, and says how to leave where nothing was", async () => {
  const { shown } = await talk((shell) => [
    "select 'never\r",
    () => shell.interrupt(),
    () => shell.interrupt(),
    "select 6;\r",
    "\x04",
  ]);
  assert.match(shown, /\^C\n/);
  assert.match(shown, /Ctrl-D or exit leaves the shell\.\n/);
  assert.match(shown, /\| {4}6 \|/);
});

/** A client whose statement `select 'slow'` hangs until it is cancelled. */
function hanging(onHang: () => void): EngineClientOptions {
  return {
    async onStatement(sql, { signal }) {
      if (!sql.includes("slow")) return;
      onHang();
      signal?.throwIfAborted();
      await new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
    },
  };
}

Deno.test("conversation: Ctrl-C ends the statement that runs, and the next one runs", async () => {
  let shell: MemoryShell | null = null;
  const client = hanging(() => shell?.interrupt());
  const { shown } = await talk((own) => {
    shell = own;
    return ["select 'slow';\r", "select 7;\r", "\x04"];
  }, { client });
  assert.match(
    shown,
    /Ctrl-C -- query killed\.\nERROR 1317 \(70100\): Query execution was interrupted\n/,
  );
  assert.match(shown, /\| {4}7 \|/);
});

Deno.test("conversation: a second Ctrl-C leaves, with 130", async () => {
  let shell: MemoryShell | null = null;
  const client: EngineClientOptions = {
    onStatement(sql) {
      if (!sql.includes("slow")) return;
      shell?.interrupt();
      shell?.interrupt();
      // Deaf to both.
      return new Promise(() => {});
    },
  };
  const keys = (own: MemoryShell) => {
    shell = own;
    return ["select 'slow';\r"];
  };
  // What still runs is not waited for; the client is the caller's, and goes with it.
  const { code } = await talk(keys, { client });
  assert.equal(code, 130);
});

Deno.test("conversation: what destroys data asks for the name, and does nothing for another", async () => {
  const wrong = await talk(["drop table pets;\r", "no\r", "select count(*) from pets;\r", "\x04"]);
  assert.match(
    wrong.shown,
    /This drops pets with all rows\. Type pets to go on: no\nNothing was done\./,
  );
  assert.match(wrong.shown, /\| {8}2 \|/);
  const right = await talk(["delete from pets;\r", "pets\r", "\x04"]);
  assert.match(right.shown, /This deletes all rows of pets.*\n.*Query OK, 2 rows affected/);
  const harmless = await talk(["delete from pets where id = 1;\r", "\x04"]);
  assert.match(harmless.shown, /Query OK, 1 row affected/);
  const unasked = await talk(["truncate pets;\r", "\x04"], { options: { warn: false } });
  assert.doesNotMatch(unasked.shown, /Type/);
});

Deno.test("conversation: clear asks for the cluster's name", async () => {
  const { shown } = await talk(["clear;\r", "minisql\r", "\\dt\r", "\x04"]);
  assert.match(
    shown,
    /This drops all 1 tables of the cluster: pets\. Type minisql to go on: minisql/,
  );
  assert.match(shown, /Query OK, 1 row affected[^]*Empty set/);
  const bare = await talk(["select 1\r", "clear\r", "\x03", "\\c\r", "select 8;\r", "\x04"]);
  assert.doesNotMatch(bare.shown, /drops/);
});

Deno.test("conversation: history is kept, found and repeated", async () => {
  const variables = { MINISQL_HISTFILE: "/h" };
  const files = { "/h": "select 41;\n" };
  const { shown, shell } = await talk(["\x1b[A\x7f\x7f2;\r", "\x1241\r", "\x04"], {
    variables,
    files,
  });
  assert.match(shown, /\| {3}42 \|/);
  assert.match(shown, /\| {3}41 \|/);
  assert.equal(shell.files["/h"], "select 41;\nselect 42;\nselect 41;\n");
});

Deno.test("conversation: Tab completes tables and columns, and lists where there are several", async () => {
  const { shown } = await talk([
    "select nam\t",
    "\x01",
    "\x0b",
    "select name from pe\tlimit 1;\r",
    "\x04",
  ]);
  assert.match(shown, /select name from pets limit 1;/);
  assert.match(shown, /\| 猫 {3}\|/);
});

Deno.test("conversation: a pasted script of any length runs, line by line", async () => {
  const lines = Array.from(
    { length: 500 },
    (_, at) => `insert into pets values (${at + 10}, 'x');`,
  );
  const paste = `\x1b[200~${lines.join("\n")}\nselect count(*)\x1b[201~`;
  const { shown } = await talk([paste, " from pets;\r", "\x04"]);
  assert.match(shown, /\[pasted 1\d\.\d kB, 500 lines\]/);
  assert.match(shown, /\| {6}502 \|/);
});

Deno.test("conversation: a paste of ten megabytes runs, in whatever pieces it comes", async () => {
  const values = Array.from({ length: 100 }, (_, at) => `(${at}, '${"x".repeat(1000)}')`).join(
    ",\n",
  );
  const statements = Array.from(
    { length: 100 },
    () => `select count(*) from (values\n${values}) as v;`,
  );
  const paste = `\x1b[200~${statements.join("\n")}\n\x1b[201~`;
  assert.ok(paste.length > 10_000_000);
  const bytes = new TextEncoder().encode(paste);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) pieces.push(bytes.subarray(at, at + 65_536));
  let count = 0;
  const client: EngineClientOptions = {
    answer: (sql) => sql.includes("values") ? (count++, { columns: [], rows: [] }) : null,
  };
  const { shown } = await talk([...pieces, "\x04"], { client });
  assert.equal(count, 100);
  assert.match(shown, /\[pasted 10\.\d MB, 10100 lines\]/);
});

Deno.test("conversation: a short paste can be looked at before it runs", async () => {
  const { shown } = await talk(["\x1b[200~select 1,\n2;\n\x1b[201~", "\r", "\x04"]);
  assert.match(shown, /-> 2;/);
  assert.equal(shown.match(/1 row in set/g)?.length, 1);
});

Deno.test("conversation: large results go through the pager, small ones do not", async () => {
  const many = Array.from({ length: 30 }, (_, at) => `select ${at} as n`).join(" union all ");
  const { shell } = await talk([`${many};\r`, "select 1;\r", "\x04"], {
    variables: { PAGER: "less" },
  });
  assert.deepEqual(shell.ran, ["less"]);
  assert.match(shell.paged[0] ?? "", /\| {4}0 \|\n[^]*\| {3}29 \|/);
  const wide = await talk([
    "select repeat('x', 100);\r",
    "\\n\r",
    "select repeat('y', 100);\r",
    "\x04",
  ]);
  assert.equal(wide.shell.paged.length, 1);
  assert.match(wide.shown, /\| y+…\n/);
});

Deno.test("conversation: \\x, \\timing, \\receipt and \\format change what is shown", async () => {
  const { shown } = await talk([
    "\\x\rselect 1 as a;\r",
    "\\x off\r\\receipt on\r\\timing on\rselect 2 as a;\r",
    "\\format jsonl\rselect 3 as a;\r",
    "\\x maybe\r",
    "\x04",
  ]);
  assert.match(shown, /1\. row \*+\na: 1\n/);
  assert.match(shown, /r1 0\.5 ms · net \d+\.\d ms\n3\/3 copies agree, position \d+ /);
  assert.match(shown, /\n\{"a":3\}\n/);
  assert.match(shown, /ERROR: \\x takes on, off or auto, not maybe/);
});

Deno.test("conversation: \\watch looks again until Ctrl-C", async () => {
  let looks = 0;
  let shell: MemoryShell | null = null;
  const client: EngineClientOptions = {
    onStatement(sql) {
      if (sql.includes("seen") && ++looks === 3) shell?.interrupt();
    },
  };
  const { shown } = await talk((own) => {
    shell = own;
    return ["select 'seen' \\watch 1\r", "select 9;\r", "\x04"];
  }, { client });
  assert.equal(looks, 3);
  assert.match(shown, /Every 1 s: 2023-11-14/);
  assert.match(shown, /\| {4}9 \|/);
});

Deno.test("conversation: \\e edits the last statement, \\! runs a program, \\T writes along", async () => {
  const { shown, shell } = await talk((own) => [
    "\\T log.txt\r",
    "select 1;\r",
    () =>
      own.onProgram = (line) => {
        const path = /'(.*)'/.exec(line)?.[1] ?? "";
        own.files[path] = "select 11;\n";
        return 0;
      },
    "\\e\r",
    "\r",
    "\\! false\r",
    "\x04",
  ], { variables: { EDITOR: "ed" } });
  assert.deepEqual(shell.ran, ["ed '/tmp/made.sql'", "false"]);
  assert.match(shown, /\| {3}11 \|/);
  assert.match(shell.files["log.txt"] ?? "", /> select 1;\n\+[^]*1 row in set[^]*\| {3}11 \|/);
  assert.equal(shell.files["/tmp/made.sql"], undefined);
});

Deno.test("conversation: transactions, sessions and read levels show in the prompt and \\s", async () => {
  const { shown } = await talk([
    "begin;\r",
    "rollback;\r",
    "\\read latest\r",
    "\\s\r",
    "\\r\r",
    "\\R \\c:\\d>\r",
    "\x04",
  ]);
  assert.match(shown, /\[minisql\]\*> rollback;/);
  assert.match(shown, /Reads: +latest/);
  assert.match(shown, /OK {2}1 tables on 3 servers/);
  assert.match(shown, /A new session\./);
  assert.match(shown, /minisql:minisql> \nBye/);
});

Deno.test("conversation: help lists commands and explains statements", async () => {
  const { shown } = await talk(["\\?\r", "help select\r", "\\h nonsense\r", "\x04"], {
    size: { columns: 100, rows: 100 },
  });
  assert.match(shown, /\\receipt \[on\|off\] +Which copies agree on each answer/);
  assert.match(shown, /\nSELECT\n {2}SELECT \[DISTINCT\]/);
  assert.match(shown, /Nothing is known about 'nonsense'/);
});

Deno.test("conversation: a resize draws the text anew", async () => {
  const { shown } = await talk((shell) => [
    `select '${"x".repeat(60)}'`,
    () => shell.resize({ columns: 40, rows: 10 }),
    ";\r",
    "\x04",
  ], { size: { columns: 120, rows: 30 } });
  assert.match(shown, /> select\n 'x{38}\nx{22}';\n/);
});

Deno.test("conversation: colours mark what is typed, at a terminal that has them", async () => {
  const { shell } = await talk(["select 'a', 1 -- c\r", ";\r", "\x04"], { colours: true });
  assert.ok(
    shell.all.includes("\x1b[1m\x1b[36mselect\x1b[39m\x1b[22m \x1b[32m'a'\x1b[39m"),
    JSON.stringify(shell.all),
  );
});

Deno.test("conversation: a terminal that can do nothing still has prompts and answers", async () => {
  const { shown, shell } = await talk(["select\n12;\nexit\n"], { variables: { TERM: "dumb" } });
  assert.match(shown, /\| {3}12 \|/);
  assert.deepEqual(shell.raw, [false]);
});

Deno.test("conversation: \\o writes results to a file and back to the screen, \\| to a program", async () => {
  const { shell, shown } = await talk([
    "\\o rows.tsv\r",
    "select * from pets;\r",
    "show tables;\r",
    "\\o\r",
    "select 7 as seven;\r",
    "select id from pets \\| sort -n\r",
    "\\| wc\r",
    "\x04",
  ]);
  assert.equal(shell.files["rows.tsv"], "id\tname\n1\t猫\n2\tNULL\nTables_in_minisql\npets\n");
  assert.match(shown, /Results are written to file 'rows\.tsv'\./);
  assert.match(shown, /\n2 rows in set/);
  assert.doesNotMatch(shown, /猫/);
  assert.match(shown, /Results are shown\.[^]*\| seven \|/);
  assert.deepEqual(shell.ran, ["sort -n", "wc"]);
  assert.deepEqual(shell.paged, ["id\n1\n2\n", "id\n1\n2\n"]);
});

Deno.test("conversation: what --histignore names is not kept, and the prompt follows the leader", async () => {
  const options = { historyIgnore: ["*pets*", "select ?"] };
  const variables = { HOME: "/home/ada" };
  const keys = ["select * from pets;\r", "select 1;\r", "select 10;\r", "\x04"];
  const { shell } = await talk(keys, { options, variables });
  assert.equal(shell.files["/home/ada/.local/state/minisql/history"], "select 10;\n");
  const connection = { user: null, host: "m9", port: 9, cluster: "minisql", masters: [] };
  const { shown } = await talk(["select 1;\r", "\x04"], { options: { connection } });
  assert.match(
    shown,
    /minisql m9:9 \[minisql\]> select 1;[^]*minisql 127\.0\.0\.1:9090 \[minisql\]> /,
  );
});
