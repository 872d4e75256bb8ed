/** Rows out of a database and into one again: the same ones, each once, whatever happens between. */
import assert from "node:assert/strict";
import { SqliteEngine } from "../../adapters/sqlite/engine.ts";
import { SystemClock } from "../../adapters/system_clock.ts";
import { SystemRandom } from "../../adapters/system_random.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { EngineClient, type EngineClientOptions } from "../../../tests/support/engine_client.ts";
import { MemoryShell } from "../../../tests/support/memory_shell.ts";
import { type ExportOptions, exportRows } from "./export_table.ts";
import { type CsvOptions, importCsv } from "./import_csv.ts";
import { importSql } from "./import_sql.ts";

const EXPORT: ExportOptions = {
  table: null,
  query: null,
  format: "csv",
  path: null,
  header: true,
  nullText: "",
  binary: "auto",
  create: true,
};

const CSV: CsvOptions = {
  ...{ path: "t.csv", how: "begin", inDoubt: "ask", batchRows: 3, force: false, table: "t" },
  ...{ columns: null, separator: ",", nullText: "", binary: "auto" },
};

const SQL = { path: "t.sql", how: "begin", inDoubt: "ask", batchRows: 3, force: false } as const;

class Database {
  readonly engine = new SqliteEngine({ clock: new SystemClock(), random: new SystemRandom() });
  readonly shell = new MemoryShell();
  client = new EngineClient(this.engine);

  with(options: EngineClientOptions): EngineClient {
    this.client = new EngineClient(this.engine, options);
    return this.client;
  }

  async rows(sql: string): Promise<unknown> {
    const { rows } = await new EngineClient(this.engine).query(sql);
    return rows.map((row) => row.join("|")).join(" ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
  }
}

async function open(...statements: readonly string[]): Promise<Database> {
  const database = new Database();
  for (const sql of statements) await database.client.query(sql);
  return database;
}

const T = "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(10))";
const FIVE = "id,name\n1,a\n2,b\n3,c\n4,d\n5,e\n";

const TYPES = "(id BIGINT PRIMARY KEY, name VARCHAR(30), d DECIMAL(20,6), f FLOAT, db DOUBLE, " +
  "b BLOB, bi BIT(9), y YEAR, ts TIMESTAMP(3) NULL, j JSON, twice BIGINT AS (id * 2) STORED)";

Deno.test("transfer: every type comes back as it was, by CSV and by SQL", async () => {
  await using database = await open(
    `CREATE TABLE t ${TYPES}`,
    `CREATE TABLE copy ${TYPES}`,
    "INSERT INTO t (id, name, d, f, db, b, bi, y, ts, j) VALUES " +
      `(1, '中文, "q"\nline', 123456789.123456, 1.1, 1e100, x'00ff', b'101', 2024, ` +
      `'2024-01-01 00:00:00.123', '{"a":[1]}'), (2, '', 0, 16777217, -0.5, '0x41', 0, 1999, NULL, '[]'), ` +
      "(9007199254740993, NULL, NULL, NULL, NULL, 'text', NULL, NULL, NULL, NULL)",
  );
  const { client, shell, engine } = database;
  const content = async (table: string) => (await engine.maintainFingerprint(table)).sum;
  assert.equal(await exportRows(client, shell.port, { ...EXPORT, table: "t", path: "t.csv" }), 3);
  assert.equal(shell.out, "");
  assert.deepEqual(Object.keys(shell.files), ["t.csv"]);
  assert.equal((await importCsv(client, shell.port, { ...CSV, table: "copy" })).done, 3);
  assert.equal(await content("copy"), await content("t"));

  await exportRows(client, shell.port, { ...EXPORT, table: "t", path: "t.sql", format: "sql" });
  const before = await content("t");
  await client.query("DROP TABLE t");
  await importSql(client, shell.port, SQL);
  assert.equal(await content("t"), before);
});

Deno.test("export: a query's rows go to stdout in any format, and no query is refused", async () => {
  await using database = await open(T, "INSERT INTO t VALUES (1, 'x'), (2, NULL)");
  const { client, shell } = database;
  const query = "SELECT * FROM t ORDER BY id";
  assert.equal(await exportRows(client, shell.port, { ...EXPORT, query, format: "jsonl" }), 2);
  assert.equal(shell.out, '{"id":1,"name":"x"}\n{"id":2,"name":null}\n');
  const refused = exportRows(client, shell.port, { ...EXPORT, query: "DELETE FROM t", path: "o" });
  await assert.rejects(refused, /that is no query/);
  assert.deepEqual(Object.keys(shell.files), [], "nothing is left of a file that is not whole");
});

Deno.test("import: CSV without names, with a separator and a word for NULL of its own", async () => {
  await using database = await open(T);
  const { client, shell } = database;
  shell.files["t.csv"] = "a;1\n-;2\n'-';3\n\"-\";4\n";
  const options = { ...CSV, columns: ["NAME", "id"], separator: ";", nullText: "-" };
  assert.deepEqual(await importCsv(client, shell.port, options), { done: 4, failed: 0 });
  assert.equal(await database.rows("SELECT id, name FROM t"), "1|a 2| 3|'-' 4|-");
  assert.deepEqual(Object.keys(shell.files), ["t.csv"]);
});

Deno.test("import: a row at fault is told with its line, all before it are stored, and it goes on from there", async () => {
  await using database = await open(T);
  const { client, shell } = database;
  shell.files["t.csv"] = FIVE.replace("4,d", "4,much too long a name");
  await assert.rejects(
    importCsv(client, shell.port, CSV),
    /Stopped at line 5; 3 before it are stored/,
  );
  assert.match(shell.err, /^ERROR 1406 \(22001\) at line 5 in file: 't\.csv': Data too long/);
  assert.equal(await database.rows("SELECT id FROM t"), "1 2 3");
  await assert.rejects(importCsv(client, shell.port, CSV), /--resume goes on from there/);
  shell.files["t.csv"] = FIVE;
  assert.equal((await importCsv(client, shell.port, { ...CSV, how: "resume" })).done, 5);
  assert.equal(await database.rows("SELECT id FROM t"), "1 2 3 4 5");
});

Deno.test("import: with force rows at fault are passed over, and counted", async () => {
  await using database = await open(T);
  const { client, shell } = database;
  shell.files["t.csv"] = "id,name\n1,a\n2\n3,c\n1,again\n5,e\n";
  const imported = await importCsv(client, shell.port, { ...CSV, force: true, batchRows: 10 });
  assert.deepEqual(imported, { done: 3, failed: 2 });
  assert.deepEqual(shell.err.trimEnd().split("\n"), [
    "ERROR at line 3 in file: 't.csv': there are 1 values for 2 columns",
    "ERROR 1062 (23000) at line 5 in file: 't.csv': Duplicate entry '1' for key 'PRIMARY'",
  ]);
});

/** Loses the answer to a statement that matches: after it was done, or before. */
function losing(pattern: RegExp, when: "after" | "before"): (database: Database) => EngineClient {
  return (database) => {
    let lost = false;
    return database.with({
      async onStatement(sql) {
        if (lost || !pattern.test(sql)) return;
        lost = true;
        if (when === "after") await new EngineClient(database.engine).query(sql);
        throw new MinisqlError("OUTCOME_UNKNOWN", "the connection broke");
      },
    });
  };
}

for (const when of ["after", "before"] as const) {
  Deno.test(`import: a batch whose answer was lost ${when} it was done is stored once`, async () => {
    await using database = await open(T);
    const { shell } = database;
    shell.files["t.csv"] = FIVE;
    const client = losing(/^INSERT[^]*\('4'/, when)(database);
    await assert.rejects(importCsv(client, shell.port, CSV), { code: "OUTCOME_UNKNOWN" });
    const resumed = await importCsv(client, shell.port, { ...CSV, how: "resume" });
    assert.equal(resumed.done, 5);
    assert.equal(await database.rows("SELECT id FROM t"), "1 2 3 4 5");
  });
}

Deno.test("import: without a key nobody knows about a lost answer, so a person is asked", async () => {
  for (const [inDoubt, count] of [["stored", "5"], ["lost", "7"]] as const) {
    await using database = await open("CREATE TABLE t (id INT, name VARCHAR(10))");
    const { shell } = database;
    shell.files["t.csv"] = FIVE;
    const client = losing(/^INSERT[^]*\('4'/, "after")(database);
    await assert.rejects(importCsv(client, shell.port, CSV), { code: "OUTCOME_UNKNOWN" });
    const asked = importCsv(client, shell.port, { ...CSV, how: "resume" });
    await assert.rejects(asked, /lines 5 to 6 may be stored or not.*--in-doubt/);
    await importCsv(client, shell.port, { ...CSV, how: "resume", inDoubt });
    // Nothing but the answer tells: whoever says "lost" of what was stored has it twice.
    assert.equal(await database.rows("SELECT COUNT(*) FROM t"), count);
  }
});

Deno.test("import: another table or file's checkpoint is not gone on with; restart forgets it", async () => {
  await using database = await open(T, "CREATE TABLE u (id INT PRIMARY KEY, name VARCHAR(10))");
  const { client, shell } = database;
  shell.files["t.csv"] = `${FIVE}5,twice\n`;
  await assert.rejects(importCsv(client, shell.port, CSV), /Stopped/);
  const other = importCsv(client, shell.port, { ...CSV, table: "u", how: "resume" });
  await assert.rejects(other, /the earlier import was into another table/);
  await client.query("DELETE FROM t");
  shell.files["t.csv"] = FIVE;
  assert.equal((await importCsv(client, shell.port, { ...CSV, how: "restart" })).done, 5);
  shell.files["t.csv.minisql-import"] = "{";
  await assert.rejects(importCsv(client, shell.port, { ...CSV, how: "resume" }), /it is damaged/);
});

Deno.test("import: what is no UTF-8, has unknown columns or no table is refused", async () => {
  await using database = await open(T);
  const { client, shell } = database;
  shell.files["t.csv"] = "id,nome\n1,a\n";
  await assert.rejects(
    importCsv(client, shell.port, CSV),
    /no column nome; the table has id, name/,
  );
  await assert.rejects(importCsv(client, shell.port, { ...CSV, table: "x" }), { errno: 1146 });
  await assert.rejects(
    importCsv(client, shell.port, { ...CSV, path: "none" }),
    /there is no such file/,
  );
  const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const pieces = async function* () {
    yield await Promise.resolve(bytes("INSERT INTO t VALUES (1, 'caf\xe9');\n"));
  };
  const files = { ...shell.port.files, open: () => Promise.resolve({ size: 9, pieces: pieces() }) };
  const port = { ...shell.port, files };
  await assert.rejects(importCsv(client, port, CSV), /Cannot read .*: it is not UTF-8$/);
  await assert.rejects(
    importSql(client, port, SQL),
    /Cannot read .*: it is not UTF-8; .* --hex-blob/,
  );
  const { rows } = await client.query("SELECT COUNT(*) FROM t");
  assert.deepEqual(rows, [[0]]);
});

Deno.test("import: a script's statements run in order, rows for a table in one transaction", async () => {
  await using database = await open();
  const { shell } = database;
  const seen: string[] = [];
  const client = database.with({ onStatement: (sql) => void seen.push(sql.split("(")[0] ?? "") });
  shell.files["t.sql"] = `/*!40101 SET NAMES utf8 */;\n${T};\nLOCK TABLES t WRITE;\n` +
    [1, 2, 3, 4].map((id) => `INSERT INTO t VALUES (${id}, 'x');\n`).join("") + "UNLOCK TABLES;\n";
  assert.deepEqual(await importSql(client, shell.port, SQL), { done: 8, failed: 0 });
  assert.deepEqual(seen.slice(1), [
    ...["BEGIN", ...Array.from({ length: 3 }, () => "INSERT INTO t VALUES "), "COMMIT"],
    "INSERT INTO t VALUES ",
  ]);
  assert.equal(await database.rows("SELECT COUNT(*) FROM t"), "4");
});

Deno.test("import: a script stops at its first error with the line, and goes on from there", async () => {
  await using database = await open(T);
  const { client, shell } = database;
  const script = (third: string) =>
    `INSERT INTO t VALUES (1,'a');\nINSERT INTO t VALUES (2,'b');\n\n${third};\nINSERT INTO t VALUES (4,'d');\n`;
  shell.files["t.sql"] = script("INSERT INTO t VALUES (2,'again')");
  await assert.rejects(importSql(client, shell.port, SQL), /Stopped at line 4; 2 before it/);
  assert.match(shell.err, /^ERROR 1062 \(23000\) at line 4 in file: 't\.sql'/);
  shell.files["t.sql"] = script("INSERT INTO t VALUES (3,'c')");
  assert.equal((await importSql(client, shell.port, { ...SQL, how: "resume" })).done, 4);
  assert.equal(await database.rows("SELECT id FROM t"), "1 2 3 4");
  shell.files["t.sql"] = script("nonsense");
  const forced = await importSql(client, shell.port, { ...SQL, force: true });
  assert.deepEqual(forced, { done: 0, failed: 4 });
});

Deno.test("import: tables that a script refers to before it makes them are made first", async () => {
  await using database = await open();
  const { shell } = database;
  const seen: string[] = [];
  const client = database.with({
    onStatement: (sql) => {
      const [, what, table] = /(CREATE|DROP|INSERT) \w+ (?:IF EXISTS )?(\w+)/.exec(sql) ?? [];
      if (what !== undefined) seen.push(`${what} ${table}`);
    },
  });
  shell.files["t.sql"] = ["a", "b", "c"].map((name, at) => {
    const parent = ["b", "c", "c"][at];
    return `DROP TABLE IF EXISTS ${name};\n-- of ${name}\nCREATE TABLE ${name} (id INT PRIMARY KEY, ` +
      `up INT, FOREIGN KEY (up) REFERENCES ${parent} (id));\nINSERT INTO ${name} VALUES (1, NULL);\n`;
  }).join("");
  assert.deepEqual(await importSql(client, shell.port, SQL), { done: 9, failed: 0 });
  assert.deepEqual(seen, [
    ...["DROP a", "DROP c", "CREATE c", "DROP b", "CREATE b", "CREATE a", "INSERT a"],
    ...["INSERT b", "INSERT c"],
  ]);
});
