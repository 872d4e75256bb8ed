/** The shell and its relatives in scripts, on a real cluster: pipes, exit codes, files, memory. */
import assert from "node:assert/strict";
import { startMariadb } from "../../scripts/services/mariadb.ts";
import { Binary, finished } from "../support/binary.ts";
import { administer } from "../support/mariadb_engines.ts";
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

/** Runs a line of the system's shell, in which `minisql` is the program and knows its cluster. */
async function sh(line: string) {
  const [binary, up] = await cluster();
  const child = new Deno.Command("sh", {
    args: ["-c", `minisql() { '${binary.path}' "$@"; }\n${line}`],
    clearEnv: true,
    env: { ...binary.environment, MINISQL_MASTERS: up.masters },
    cwd: binary.folder,
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  return await finished(child);
}

function test(title: string, body: () => Promise<void>): void {
  Deno.test(`script: ${title}`, body);
}

test("data is on stdout and nothing else, whichever way statements come in", async () => {
  const made = await sh(`minisql shell -e "create table s (id int primary key, t varchar(9));
    insert into s values (1, 'x\ty'), (2, null)"`);
  assert.deepEqual([made.code, made.out, made.err], [0, "", ""]);
  const piped = await sh("echo 'select * from s order by id;' | minisql shell");
  assert.deepEqual([piped.code, piped.out, piped.err], [0, "id\tt\n1\tx\\ty\n2\tNULL\n", ""]);
  const bare = await sh('minisql shell -NBre "select t from s where id = 1"');
  assert.equal(bare.out, "x\ty\n");
  const json = await sh('minisql shell --json -e "select * from s order by id"');
  assert.deepEqual(JSON.parse(json.out), [{ id: 1, t: "x\ty" }, { id: 2, t: null }]);
  const table = await sh('minisql shell -t -e "select 1 as a"');
  assert.match(table.out, /^\+-+\+\n\| a +\|\n/);
});

test("exit codes tell what went wrong", async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['minisql shell -e "select nope"', 1, /^ERROR 1054 \(42S22\) at line 1: /],
    ["printf 'select 1;\\n\\nselect * from nope;' | minisql shell -N", 1, /\(42S02\) at line 3: /],
    ["minisql shell --jsno", 2, /Unknown option --jsno\. Did you mean --json\?/],
    ["minisql shell --csv --json -e 'select 1'", 2, /Cannot write results as both csv and json/],
    [
      "minisql shell --masters 127.0.0.1:1 --wait 300ms -e 'select 1'",
      3,
      /^ERROR 2003 \(HY000\): /,
    ],
    ["minisql shell --cluster other -e 'select 1'", 3, /^ERROR 1045 \(28000\): /],
    ["minisql status --exit-code >/dev/null", 0, /^$/],
    ["minisql verify nope", 1, /nope/],
  ];
  for (const [line, code, err] of cases) {
    const ran = await sh(line);
    assert.equal(ran.code, code, `${line}: ${ran.err}`);
    assert.match(ran.err, err);
  }
});

test("a reader that has had enough ends it quietly", async () => {
  const values = Array.from({ length: 1000 }, (_, at) => `(${at})`).join(",");
  await sh(
    `minisql shell -e "create table p (id int primary key); insert into p values ${values}"`,
  );
  const query = '"select a.id from p a, p b order by a.id"';
  for (const line of [`minisql shell -Ne ${query}`, `minisql export -N --query ${query}`]) {
    const { out, err } = await sh(`(${line}; echo "code $?" >&2) | head -1`);
    assert.deepEqual([out, err], ["0\n", "code 141\n"], line);
  }
});

test("signals end it as they end everything: 130 and 143", async () => {
  const [binary, up] = await cluster();
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const child = new Deno.Command(binary.path, {
      args: ["shell", "--masters", up.masters],
      env: binary.environment,
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("select 'ready';\n"));
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill(signal);
    assert.equal((await child.status).code, code);
    await writer.close().catch(() => {});
    await reader.cancel();
    await child.stderr.cancel();
  }
});

test("operators' commands do what the shell's do, and say it in JSON", async () => {
  await sh('minisql shell -e "create table ops (id int primary key); insert into ops values (1)"');
  const verified = await sh("minisql verify ops");
  assert.equal(verified.code, 0, verified.err);
  assert.match(verified.out, /^OK {2}3 copies of 1 table recounted: all agree\n/);
  const dry = await sh("minisql drain r3 --dry-run");
  assert.match(dry.out, /^All \d+ regions of r3 at .* move elsewhere/);
  const before = JSON.parse((await sh("minisql regions --json")).out).regions
    .find(({ tables }: { tables: readonly string[] }) => tables.includes("ops"));
  const to = before.replicas.find((rid: number) => rid !== before.primary);
  const moved = await sh(`minisql move ops --primary --to r${to} --yes`);
  assert.equal(moved.code, 0, moved.err);
  assert.match(moved.out, new RegExp(`^ops moves from r${before.primary} to r${to}: done\\.\n$`));
  const log = await sh("minisql log ops --json");
  const { entries } = JSON.parse(log.out);
  assert.match(entries.at(-1).body, /insert into ops values \(1\)/);
  assert.equal((await sh("minisql step-down --yes")).code, 0);
  const masters = await sh("minisql masters --json");
  assert.equal(JSON.parse(masters.out).masters[0].state, "leads");
});

test("an import that was killed goes on, and every row is there once", async () => {
  const [binary, up] = await cluster();
  const lines = Array.from({ length: 4000 }, (_, at) => `${at},"row ${at}"`);
  await Deno.writeTextFile(`${binary.folder}/k.csv`, `id,t\n${lines.join("\n")}\n`);
  await sh('minisql shell -e "create table k (id int primary key, t varchar(20))"');
  const importing = ["import", "--masters", up.masters, "k", "k.csv", "--batch", "100"];
  const child = binary.spawn(importing);
  await until("some of it is stored", async () => {
    const checkpoint = await Deno.readTextFile(`${binary.folder}/k.csv.minisql-import`)
      .catch(() => "{}");
    return JSON.parse(checkpoint).done > 500;
  }, 60_000);
  child.kill("SIGKILL");
  await finished(child);
  const refused = await sh("minisql import k k.csv");
  assert.match(refused.err, /an earlier import of it ended after \d+; --resume goes on/);
  const resumed = await sh("minisql import k k.csv --resume");
  assert.equal(resumed.code, 0, resumed.err);
  assert.match(resumed.err, /^4000 rows imported \(/);
  const counted = await sh('minisql shell -NBe "select count(*), sum(id) from k"');
  assert.equal(counted.out, `4000\t${4000 * 3999 / 2}\n`);
  await sh("minisql export k k2.csv && minisql export k k.sql");
  const copied = await sh(
    "sed -i 's/`k`/`k3`/' k.sql && minisql import k.sql && minisql export k3 k3.csv && cmp k2.csv k3.csv",
  );
  assert.equal(copied.code, 0, copied.err + copied.out);
});

const DUMPED: readonly string[] = [
  "CREATE DATABASE source",
  "USE source",
  "CREATE TABLE buyers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL DEFAULT 'x', " +
  "note TEXT, pic BLOB, at DATETIME(3), amount DECIMAL(10,2), j JSON, e ENUM('a','b'), " +
  "KEY (name)) COMMENT='it''s; a table'",
  "CREATE TABLE bought (id INT PRIMARY KEY, buyer INT, FOREIGN KEY (buyer) REFERENCES buyers (id))",
  "INSERT INTO buyers (name, note, pic, at, amount, j, e) VALUES " +
  "('Ada; --', 'line 1\\nline 2 ''quoted'' \\\\ back', x'00ff27', '2024-02-29 12:00:00.123', " +
  "12.50, '{\"a\": [1, \"x\"]}', 'b'), ('中文🎉', NULL, NULL, NULL, NULL, NULL, NULL)",
  "INSERT INTO bought VALUES (1, 1), (2, 2), (3, NULL)",
];

test("a dump that MariaDB's own program makes comes in, whatever it was told", async () => {
  const [binary] = await cluster();
  const server = await startMariadb({ name: "dumped" });
  try {
    await administer(server, ...DUMPED);
    const { host, port, user, password } = server;
    const login = `--no-defaults -h${host} -P${port} -u${user}`;
    for (const flags of ["", "--single-transaction --skip-extended-insert --databases"]) {
      const dumped = await sh(
        `MYSQL_PWD='${password}' mariadb-dump ${login} --hex-blob ${flags} source >dump.sql && ` +
          "minisql import dump.sql --restart",
      );
      assert.equal(dumped.code, 0, dumped.err);
      const rows = await sh(
        'minisql shell -N -e "select *, hex(pic) from buyers; select * from bought"',
      );
      assert.match(
        rows.out,
        /^1\tAda; --\tline 1\\nline 2 'quoted' \\\\ back\t.*\t2024-02-29 12:00:00\.123\t12\.50\t\{"a": \[1, "x"\]\}\tb\t00FF27\n2\t中文🎉\t(NULL\t){6}NULL\n1\t1\n2\t2\n3\tNULL\n$/,
      );
      const kept = await sh('minisql shell -N -e "insert into bought values (4, 9)"');
      assert.match(kept.err, /foreign key constraint fails/);
    }
    const raw = await sh(
      `MYSQL_PWD='${password}' mariadb-dump ${login} source >raw.sql; minisql import raw.sql`,
    );
    assert.match(raw.err, /Cannot read raw\.sql: it is not UTF-8; .* --hex-blob/);
    assert.equal(raw.code, 1);
    await Deno.remove(`${binary.folder}/raw.sql`);
  } finally {
    await server.stop();
  }
});

/** The most memory a process had at any time, in megabytes, read until it ends. */
async function peakOf(child: Deno.ChildProcess): Promise<number> {
  let peak = 0;
  let isOver = false;
  const ended = child.status.then(() => isOver = true);
  while (!isOver) {
    const status = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  return peak;
}

test("a million rows are exported in no more memory than a few", async () => {
  const [binary, up] = await cluster();
  const values = Array.from({ length: 1000 }, (_, at) => `(${at})`).join(",");
  await sh(
    `minisql shell -e "create table m (id int primary key); insert into m values ${values}"`,
  );
  const peaks: number[] = [];
  for (const rows of [10_000, 1_000_000]) {
    const query =
      `SELECT a.id AS a, b.id AS b, 'some text in every row' AS t FROM m a, m b LIMIT ${rows}`;
    const args = ["--query", query, "--output", "m.csv", "--read", "fast"];
    const child = binary.spawn(["export", "--masters", up.masters, ...args]);
    const [peak, { code, err }] = await Promise.all([peakOf(child), finished(child)]);
    assert.equal(code, 0, err);
    assert.match(err, new RegExp(`^(?:.*\n)*${rows} rows exported to m\\.csv`));
    peaks.push(peak);
  }
  const [few = 0, many = 0] = peaks;
  assert.ok(many - few < 64, `${few} MB for ten thousand, ${many} MB for a million`);
  const { out } = await sh("wc -l <m.csv");
  assert.equal(out.trim(), "1000001");
});

test("a script of ten megabytes runs", async () => {
  const [binary] = await cluster();
  const note = "x".repeat(1000);
  const insert = Array.from({ length: 500 }, (_, at) => `(${at}, '${note}')`).join(",\n");
  const script = [
    "create table big (id int primary key, t varchar(1000));\n",
    ...Array.from({ length: 20 }, () => `replace into big values ${insert};\n`),
    "select count(*) from big;\n",
  ].join("");
  assert.ok(script.length > 10_000_000);
  await Deno.writeTextFile(`${binary.folder}/big.sql`, script);
  const { code, out, err } = await sh("minisql shell -N <big.sql");
  assert.deepEqual([code, out, err], [0, "500\n", ""]);
});

/** The shortest of a few runs: what it takes when nothing else is in the way. */
async function shortest(line: string): Promise<number> {
  let shortest = Infinity;
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    assert.equal((await sh(line)).code, 0);
    shortest = Math.min(shortest, performance.now() - started);
  }
  return shortest;
}

test("from its start to its first answer it takes little time", async () => {
  const nothing = await shortest("minisql version");
  const answer = await shortest('minisql shell -e "select 1"');
  // On a machine that is busy with other things even doing nothing takes long.
  assert.ok(answer < Math.max(600, 2 * nothing), `${answer} ms, and doing nothing ${nothing} ms`);
});
