/** `minisql export`: a table, or what a query gives, as CSV, JSON or SQL. */
import { durationWords } from "../shell/output/outcome_words.ts";
import { BINARY_WORDS } from "../shell/output/result_format.ts";
import { EXPORT_FORMATS, type ExportFormat, exportRows } from "../shell/transfer/export_table.ts";
import { CLIENT_FLAGS, openClient, READ_FLAGS } from "./client_flags.ts";
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { realShellPort } from "./shell_port.ts";
import { UsageError } from "./usage_error.ts";

export const exportCommand = command({
  name: "export",
  summary: "Write a table, or what a query gives, to a file or to stdout",
  group: "Clients",
  description:
    "One consistent read, streamed: the size of the table does not matter. A file gets " +
    "its name once it is whole.",
  positionals: {
    table: { kind: "text", value: "TABLE", env: false, help: "The table; not with --query" },
    file: {
      kind: "text",
      value: "FILE",
      env: false,
      help: "Where to write; stdout where none is named",
    },
  },
  flags: {
    query: {
      kind: "text",
      value: "SQL",
      env: false,
      help: "What to write in place of a whole table; FILE is then --output",
    },
    output: { kind: "text", short: "o", value: "FILE", env: false, help: "The same as FILE" },
    format: {
      kind: "choice",
      values: EXPORT_FORMATS,
      env: false,
      help: "How it is written; the file's ending tells where nothing is said, csv for stdout",
    },
    "skip-column-names": {
      kind: "boolean",
      short: "N",
      env: false,
      help: "No names of columns above the rows",
    },
    null: { kind: "text", default: "", value: "TEXT", env: false, help: "What means NULL in CSV" },
    binary: {
      kind: "choice",
      values: BINARY_WORDS,
      default: "auto",
      env: false,
      help: "How bytes are written; auto: as text where they are printable, else in hexadecimal",
    },
    create: {
      kind: "boolean",
      default: true,
      env: false,
      help: "With sql: leave out the statement that makes the table",
    },
    ...CLIENT_FLAGS,
    timeout: { ...CLIENT_FLAGS.timeout, default: "1h", help: "What the whole read may take" },
    ...READ_FLAGS,
  },
  examples: [
    { line: "minisql export orders orders.csv", does: "A table into a file" },
    { line: "minisql export orders --format sql | gzip > orders.sql.gz", does: "As a script" },
    {
      line: 'minisql export --query "SELECT * FROM orders WHERE id > 10" -o some.jsonl',
      does: "What a query gives",
    },
  ],
  async run(config, context) {
    const { table, query } = config;
    const path = config.file ?? config.output;
    if ((table === null) === (query === null)) {
      throw new UsageError("Name a table, or say --query", "export");
    }
    const format = config.format ?? formatOf(path);
    if (format === "sql" && table === null) {
      throw new UsageError(
        "Cannot write a query as sql: there is no table to insert into",
        "export",
      );
    }
    const port = realShellPort(context);
    const client = openClient(config, context, "export");
    const started = port.time.now();
    try {
      const rows = await exportRows(client, port, {
        ...{ table, query, path, format },
        header: !config.skipColumnNames,
        nullText: config.null,
        binary: config.binary,
        create: config.create,
      });
      const time = durationWords(port.time.now() - started);
      const where = path === null ? "" : ` to ${path}`;
      await context.err.line(`${rows} ${rows === 1 ? "row" : "rows"} exported${where} (${time})`);
      return EXIT.ok;
    } catch (error) {
      context.process.stop.throwIfAborted();
      throw error;
    } finally {
      await client.close();
    }
  },
});

const BY_ENDING: Readonly<Record<string, ExportFormat>> = {
  csv: "csv",
  tsv: "tsv",
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  md: "markdown",
  sql: "sql",
};

function formatOf(path: string | null): ExportFormat {
  const ending = /\.(\w+)$/.exec(path ?? "")?.[1]?.toLowerCase() ?? "csv";
  return BY_ENDING[ending] ?? "csv";
}
