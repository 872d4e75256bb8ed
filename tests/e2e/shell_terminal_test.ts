/** The shell at a real terminal, on a real cluster: what a person types, and what the screen shows. */
import assert from "node:assert/strict";
import { Binary } from "../support/binary.ts";
import { Terminal, type TerminalOptions } from "../support/terminal.ts";
import { UpProcess } from "../support/up.ts";
import { until } from "../support/wait.ts";

let opened: Promise<readonly [Binary, UpProcess]> | null = null;

/** One cluster for all of these tests; each has tables of its own. */
function cluster(): Promise<readonly [Binary, UpProcess]> {
  opened ??= (async () => {
    const binary = await Binary.build("archive");
    return [binary, await UpProcess.start(binary)] as const;
  })();
  return opened;
}

Deno.test.afterAll(async () => {
  const [binary, up] = await (opened ?? [null, null]);
  await up?.stop();
  await binary?.[Symbol.asyncDispose]();
});

async function openShell(
  options: TerminalOptions = {},
  ...flags: readonly string[]
): Promise<Terminal> {
  const [binary, up] = await cluster();
  const env = {
    ...binary.environment,
    MINISQL_HISTFILE: `${binary.folder}/history`,
    PAGER: "less -SRX",
    TERM: "xterm-256color",
    ...options.env,
  };
  const prompt = ["--prompt", "sql\\x> "];
  const command = [binary.path, "shell", "--masters", up.masters, ...prompt, ...flags];
  const terminal = await Terminal.start(command, { ...options, env });
  await terminal.shows(/^sql> ?$/m, 20_000);
  return terminal;
}

/** Types a line, waits for an empty prompt below it, and answers with what is on the screen. */
async function enter(terminal: Terminal, line: string): Promise<string> {
  await terminal.press("C-l");
  await terminal.type(`${line}\r`);
  const below = new RegExp(`${RegExp.escape(line.slice(0, 30))}[^]*\\nsql[*!]*>$`);
  return await terminal.shows(below, 20_000);
}

function test(title: string, body: () => Promise<void>): void {
  Deno.test(`terminal: ${title}`, body);
}

test("a table with wide characters is straight, and what was pressed is what is edited", async () => {
  await using terminal = await openShell();
  await terminal.type("selekt '中文🎉' as x, 'b' as y, 1 as n;");
  await terminal.press("C-a", "M-f", "BSpace", "BSpace", "BSpace");
  await terminal.type("ect");
  await terminal.press("C-e", "Enter");
  const screen = await terminal.shows("1 row in set");
  const table = screen.split("\n").filter((line) => /^[+|]/.test(line));
  assert.match(table[0] ?? "", /^\+-+\+-+\+-+\+$/);
  assert.match(table[3] ?? "", /^\| 中文🎉 \| b +\| +1 \|$/);
  // Every edge stands below the one above it, a wide character taken for two.
  const width = (line: string) => line.replace(/[中文🎉]/gu, "xx").length;
  assert.deepEqual(new Set(table.map(width)).size, 1, screen);
});

test("statements of several lines have prompts, and come back from the history as a whole", async () => {
  await using terminal = await openShell();
  await terminal.type("select 'one\rline',\r2;\r");
  const screen = await terminal.shows("1 row in set");
  assert.match(screen, /sql> select 'one\n {2}'> line',\n {2}-> 2;\n/);
  await terminal.press("Up");
  await terminal.shows(/\nsql> select 'one\n {2}'> line',\n {2}-> 2;$/);
  await terminal.press("C-c");
  await terminal.shows(/\^C\nsql>$/);
  await terminal.press("C-r");
  await terminal.type("one");
  await terminal.shows("(reverse-i-search)`one': select 'one");
  await terminal.press("C-End", "BSpace", "BSpace");
  await terminal.type("3;\r");
  await terminal.shows(/\| {4}3 \|/);
  await terminal.press("C-d");
  await terminal.shows("[ended 0]");
  const [binary] = await cluster();
  const file = `${binary.folder}/history`;
  assert.match(await Deno.readTextFile(file), /^select 'one\\nline',\\n2;$/m);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
});

test("Tab completes keywords, tables and columns, and lists what there is", async () => {
  await using terminal = await openShell();
  await enter(terminal, "create table completed (id int primary key, a_long_column varchar(20));");
  await terminal.type("sel\ta_l\t");
  await terminal.press("C-u");
  await terminal.type("select * from compl\twhere a_\t= 'x';");
  await terminal.shows("select * from completed where a_long_column = 'x';");
  await terminal.press("Enter");
  await terminal.shows("Empty set");
  await terminal.type("\\\t\t");
  await terminal.shows(/\\receipt .*/);
});

test("Ctrl-C ends the statement that runs, on the server too, and the shell goes on", async () => {
  await using terminal = await openShell();
  await enter(terminal, "create table held (id int primary key, n int);");
  await enter(terminal, "insert into held values (1, 0);");
  // A writer that waits for a lock which another session holds.
  await using other = await openShell();
  await enter(other, "begin;");
  await enter(other, "update held set n = 1 where id = 1;");
  await terminal.type("update held set n = 2 where id = 1;\r");
  // Enter was heard: the cursor stands below, where the answer will be.
  await until("it runs", async () => await terminal.cursorColumn() === 0);
  await terminal.press("C-c");
  const killed = await terminal.shows(/ERROR 1317 \(70100\): Query execution was interrupted/);
  assert.match(killed, /Ctrl-C -- query killed\./);
  await enter(other, "commit;");
  const seen = await enter(terminal, "select n from held;");
  assert.match(seen, /\| {4}1 \|/, "what was cancelled was not done");
});

test("a transaction shows in the prompt, and what destroys data asks first", async () => {
  await using terminal = await openShell();
  await enter(terminal, "create table kept (id int primary key);");
  await terminal.type("begin;\r");
  await terminal.shows(/\nsql\*>$/);
  await enter(terminal, "rollback;");
  await terminal.type("drop table kept;\r");
  await terminal.shows("This drops kept with all rows. Type kept to go on:");
  await terminal.type("no\r");
  await terminal.shows(/Nothing was done\.\nsql>$/);
  await terminal.type("drop table kept;\r");
  await terminal.shows(/go on:$/);
  await terminal.type("kept\r");
  await terminal.shows("Query OK");
});

test("a resize breaks the line anew, and editing goes on in it", async () => {
  await using terminal = await openShell({ columns: 80 });
  const text = `select '${"abcdefghij".repeat(6)}' as x`;
  await terminal.type(text);
  await terminal.shows(text);
  await terminal.resize(40, 24);
  const narrow = await terminal.shows(/abcdefghij' as x$/);
  const rows = narrow.slice(narrow.indexOf("sql> ")).split("\n");
  assert.deepEqual(rows.map((row) => row.length), [40, `sql> ${text}`.length - 40]);
  await terminal.resize(100, 24);
  await terminal.shows(`sql> ${text}`);
  await terminal.type(", 2 as y;\r");
  const screen = await terminal.shows("1 row in set");
  assert.equal(screen.match(/select/g)?.length, 1, screen);
});

test("a paste is shown and waits; one of a hundred thousand characters runs", async () => {
  await using terminal = await openShell();
  await terminal.paste("select 1 as a,\n2 as b;\n");
  await terminal.shows(/sql> select 1 as a,\n {2}-> 2 as b;$/);
  await terminal.press("Enter");
  await terminal.shows("1 row in set");
  await enter(terminal, "create table pasted (id int primary key, t varchar(40));");
  const rows = Array.from({ length: 2500 }, (_, at) => `(${at}, 'the text of row ${at}')`);
  await terminal.paste(
    `insert into pasted values\n${rows.join(",\n")};\nselect count(*) from pasted;\n`,
  );
  const screen = await terminal.shows(/\| {5}2500 \|/, 30_000);
  assert.match(screen, /\[pasted \d+\.\d kB, 2502 lines\]/);
});

test("what is larger than the screen goes through the pager, and \\G shows each column on a line", async () => {
  await using terminal = await openShell({ columns: 64, rows: 12 });
  await terminal.type("select repeat('wide ', 30) as w;\r");
  await terminal.shows(/\(END\)$/);
  await terminal.type("q");
  await terminal.shows(/1 row in set .*\n\nsql>$/);
  const screen = await enter(terminal, "select 1 as one, null as two\\G");
  assert.match(screen, /\*{27} 1\. row \*{27}\none: 1\ntwo: NULL\n/);
});

test("receipts, the cluster's state and its parts can be seen", async () => {
  await using terminal = await openShell({ columns: 160, rows: 50 });
  await enter(terminal, "create table witnessed (id int primary key);");
  await enter(terminal, "insert into witnessed values (1);");
  await enter(terminal, "\\receipt on");
  const answer = await enter(terminal, "select * from witnessed;");
  assert.match(answer, /3\/3 copies agree, position 1 \(region r\w+, epoch \d+, answered by r\d\)/);
  const status = await enter(terminal, "\\s");
  assert.match(status, /OK {2}\d+ tables? on 3 servers/);
  const log = await enter(terminal, "\\log witnessed");
  assert.match(log, /insert into witnessed values \(1\) +witnessed 1 row \d+\/[0-9a-f]{8}/);
  const route = await enter(terminal, "explain route select * from witnessed;");
  assert.match(route, /level voted: copies in sync take turns/);
});

test("\\watch looks again and again until Ctrl-C; exit says goodbye", async () => {
  await using terminal = await openShell();
  await terminal.type("select 'watched' \\watch 0.2\r");
  const first = (await terminal.shows(/Every 0\.2 s: .*\n\+/)).match(/Every.*/)?.[0] ?? "";
  await terminal.shows(new RegExp(`Every 0\\.2 s: (?!${first.slice(14)})`));
  await terminal.press("C-c");
  await terminal.shows(/\nsql>$/);
  await terminal.type("exit\r");
  await terminal.shows(/Bye\n\[ended 0\]/);
});

test("an editor's text comes back to be looked at, and programs have the terminal", async () => {
  const [binary] = await cluster();
  const editor = `${binary.folder}/editor`;
  await Deno.writeTextFile(editor, `#!/bin/sh\nprintf 'select 77 as seven;' >"$1"\n`, {
    mode: 0o755,
  });
  await using terminal = await openShell({ env: { EDITOR: editor } });
  await terminal.type("\\e\r");
  await terminal.shows(/sql> select 77 as seven;$/);
  await terminal.press("Enter");
  await terminal.shows(/\| {4}77 \|/);
  await terminal.type("\\! printf 'type: '; read x; echo got $x\r");
  await terminal.shows(/type: ?$/);
  await terminal.type("words\r");
  await terminal.shows(/got words\nsql>$/);
});

test("SIGTERM puts the terminal right and ends it with 143", async () => {
  await using terminal = await openShell();
  const [binary] = await cluster();
  await terminal.type("\\! pgrep -P $PPID >/dev/null; echo pid $PPID\r");
  const pid = Number(/pid (\d+)/.exec(await terminal.shows(/pid \d+/))?.[1]);
  assert.ok(pid > 1 && binary.folder !== "");
  Deno.kill(pid, "SIGTERM");
  await terminal.shows("[ended 143]");
});

test("results go to a file with \\o, to a program with \\|, and everything to --tee", async () => {
  const [binary] = await cluster();
  const [rows, tee] = [`${binary.folder}/rows.tsv`, `${binary.folder}/tee.txt`];
  await using terminal = await openShell({}, "--tee", tee);
  await enter(terminal, `\\o ${rows}`);
  assert.match(await enter(terminal, "select 'to the file' as t;"), /\n1 row in set/);
  await enter(terminal, "\\o");
  assert.equal(await Deno.readTextFile(rows), "t\nto the file\n");
  const sorted = await enter(
    terminal,
    "select 2 as n union all select 1 \\| sort -n | tr '\\n' '+'",
  );
  assert.match(sorted, /\nn\+1\+2\+/);
  assert.match(await enter(terminal, "\\| wc -l"), /\n3\n/);
  await terminal.type("select 1 \\| less\r");
  await terminal.shows(/\(END\)$/);
  await terminal.press("q");
  await terminal.press("C-d");
  await terminal.shows("[ended 0]");
  assert.match(await Deno.readTextFile(tee), /sql> select 'to the file' as t;\n1 row in set/);
});

test("a paste of ten megabytes runs to its end, statement by statement", async () => {
  await using terminal = await openShell();
  const note = "x".repeat(1000);
  const values = Array.from({ length: 500 }, (_, at) => `(${at}, '${note}')`).join(",\n");
  const script = [
    "create table ten_megabytes (id int primary key, t varchar(1000));\n",
    ...Array.from({ length: 20 }, () => `replace into ten_megabytes values ${values};\n`),
    "select count(*) as all_rows, 'the end' as of_it from ten_megabytes;\n",
  ].join("");
  assert.ok(script.length > 10_000_000);
  await terminal.paste(script);
  await terminal.shows(/\| +500 \| the end \|/, 120_000);
  const everything = await terminal.everything();
  assert.match(everything, /\[pasted [\d.]+ MB, 10002 lines\]/);
  assert.equal(everything.match(/Query OK, (?:500|1000) rows affected/g)?.length, 20);
  assert.doesNotMatch(everything, /ERROR/);
});
