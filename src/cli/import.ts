/** `minisql import`: rows from CSV, or statements from a script or a dump, into the cluster. */
import type { Client } from "../client/api.ts";
import { durationWords } from "../shell/output/outcome_words.ts";
import { ShellError } from "../shell/shell_error.ts";
import { checkpointPath } from "../shell/transfer/checkpoint.ts";
import { importCsv, type Imported, type ImportOptions } from "../shell/transfer/import_csv.ts";
import { importSql } from "../shell/transfer/import_sql.ts";
import { CLIENT_FLAGS, openClient } from "./client_flags.ts";
import { command, type CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import { realShellPort } from "./shell_port.ts";
import { UsageError } from "./usage_error.ts";

const CSV = "CSV";
const inCsv = { env: false, section: CSV } as const;

const FLAGS = {
  format: {
    kind: "choice",
    values: ["csv", "sql"],
    env: false,
    help: "What is in the file; its ending tells where nothing is said",
  },
  resume: { kind: "boolean", env: false, help: "Go on where an earlier import ended" },
  restart: { kind: "boolean", env: false, help: "Forget an earlier import, and begin anew" },
  "in-doubt": {
    kind: "choice",
    values: ["ask", "stored", "lost"],
    default: "ask",
    env: false,
    help:
      "With --resume: what became of the rows that were on their way when it ended; ask: look " +
      "for their primary keys",
  },
  force: { kind: "boolean", short: "f", env: false, help: "Tell of rows at fault, and go on" },
  batch: {
    kind: "integer",
    default: 500,
    min: 1,
    max: 5000,
    env: false,
    help: "How many rows or statements are stored together",
  },
  ...CLIENT_FLAGS,
  timeout: { ...CLIENT_FLAGS.timeout, default: "5m", help: "What storing one batch may take" },
  columns: {
    kind: "text",
    value: "A,B,…",
    ...inCsv,
    help: "The columns in the file's order; its first line names them where nothing is said",
  },
  separator: {
    kind: "text",
    default: ",",
    value: "CHAR",
    pattern: /^(?:[^"\r\n]|\\t)$/u,
    accepts: "one character, \\t for a tab",
    ...inCsv,
    help: "What stands between values",
  },
  null: {
    kind: "text",
    default: "",
    value: "TEXT",
    ...inCsv,
    help: "What means NULL, where it is not in quotes",
  },
  binary: {
    kind: "choice",
    values: ["auto", "hex", "base64", "utf8"],
    default: "auto",
    ...inCsv,
    help: "How bytes are written; auto: as 0x and hexadecimal digits, or as text",
  },
} as const satisfies FlagTable;

type Config = ConfigOf<typeof FLAGS> & { readonly what: readonly string[] };

export const importCommand = command({
  name: "import",
  summary: "Store a CSV file, or run an SQL script such as a dump",
  group: "Clients",
  description: "CSV goes into the table that is named, or into that of the file's name; an SQL " +
    "script, mysqldump's output among them, is run statement by statement. How far it has come is " +
    "kept in FILE.minisql-import, so that --resume goes on after whatever stopped it, and nothing " +
    "is stored twice. Errors are told with their lines.",
  positionals: {
    what: {
      kind: "texts",
      required: true,
      value: "[TABLE] FILE",
      env: false,
      help: "The table, for CSV, and the file; - for what comes in",
    },
  },
  flags: FLAGS,
  examples: [
    { line: "minisql import orders orders.csv", does: "Rows into a table" },
    { line: "minisql import dump.sql", does: "What mysqldump has written" },
    { line: "minisql import orders orders.csv --resume", does: "After it was stopped" },
  ],
  run,
});

async function run(config: Config, context: CommandContext): Promise<number> {
  const { err } = context;
  const { table, path } = argumentsOf(config.what);
  const format = config.format ?? formatOf(path);
  if (format === null) {
    throw new UsageError(`Cannot tell what ${path} holds: say --format`, "import");
  }
  const port = realShellPort(context);
  const client = openClient(config, context, "import");
  const started = port.time.now();
  try {
    const { done, failed } = await importFrom(client, { config, context, table, path, format });
    const time = durationWords(port.time.now() - started);
    const what = format === "csv" ? "rows" : "statements";
    await err.line(`${done} ${what} imported${failed > 0 ? `, ${failed} refused` : ""} (${time})`);
    return failed > 0 ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof ShellError) && await port.files.read(checkpointPath(path)) !== null) {
      await err.line("It can be gone on with: --resume");
    }
    context.process.stop.throwIfAborted();
    throw error;
  } finally {
    await client.close();
  }
}

interface Source {
  readonly config: Config;
  readonly context: CommandContext;
  readonly table: string | null;
  readonly path: string;
  readonly format: "csv" | "sql";
}

async function importFrom(
  client: Client,
  { config, context, table, path, format }: Source,
): Promise<Imported> {
  const port = realShellPort(context);
  if (config.resume && config.restart) {
    throw new UsageError("Cannot use --resume and --restart together: choose one", "import");
  }
  const options: ImportOptions = {
    path,
    how: config.resume ? "resume" : config.restart ? "restart" : "begin",
    inDoubt: config.inDoubt,
    batchRows: config.batch,
    force: config.force,
  };
  if (format === "sql") {
    if (table !== null) throw new UsageError(`Cannot import a script into ${table}`, "import");
    return await importSql(client, port, options);
  }
  const into = table ?? /([^/]+?)(?:\.csv|\.tsv)?$/i.exec(path)?.[1];
  if (into === undefined || path === "-" && table === null) {
    throw new ShellError("Name the table to import into: minisql import TABLE -");
  }
  return await importCsv(client, port, {
    ...options,
    table: into,
    columns: config.columns?.split(",").map((name) => name.trim()) ?? null,
    separator: separatorOf(config.separator, path),
    nullText: config.null,
    binary: config.binary,
  });
}

function argumentsOf(what: readonly string[]): { table: string | null; path: string } {
  const [first = "", second, third] = what;
  if (third !== undefined) throw new UsageError(`Unexpected argument "${third}"`, "import");
  return second === undefined ? { table: null, path: first } : { table: first, path: second };
}

function formatOf(path: string): "csv" | "sql" | null {
  if (/\.sql$/i.test(path)) return "sql";
  return /\.(?:csv|tsv)$/i.test(path) ? "csv" : null;
}

function separatorOf(told: string, path: string): string {
  if (told === "\\t") return "\t";
  return told === "," && /\.tsv$/i.test(path) ? "\t" : told;
}
