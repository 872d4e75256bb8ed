/** The shell's flags: MySQL's letters for what MySQL's client does, words for the rest. */
import { BINARY_WORDS, FORMATS } from "../shell/output/result_format.ts";
import { CLIENT_FLAGS, READ_FLAGS } from "./client_flags.ts";
import type { FlagTable } from "./flags.ts";

const OUTPUT = "Output";
const asOutput = { env: false, section: OUTPUT } as const;

const FORMAT_FLAGS = {
  format: { kind: "choice", values: FORMATS, help: "How results are written", section: OUTPUT },
  table: { kind: "boolean", short: "t", ...asOutput, help: "The same as --format table" },
  vertical: {
    kind: "boolean",
    short: "E",
    ...asOutput,
    help: "A line for each column, as \\G does",
  },
  tsv: { kind: "boolean", ...asOutput, help: "The same as --format tsv" },
  csv: { kind: "boolean", ...asOutput, help: "The same as --format csv" },
  json: {
    kind: "boolean",
    ...asOutput,
    help: "An array of objects; DECIMAL and wide integers are text, so that no digit is lost",
  },
  jsonl: { kind: "boolean", ...asOutput, help: "An object on each line" },
  markdown: { kind: "boolean", ...asOutput, help: "The same as --format markdown" },
  batch: {
    kind: "boolean",
    short: "B",
    ...asOutput,
    help: "Tab-separated values, at a terminal too",
  },
  "skip-column-names": {
    kind: "boolean",
    short: "N",
    ...asOutput,
    help: "No names of columns above the rows",
  },
  raw: {
    kind: "boolean",
    short: "r",
    ...asOutput,
    help: "Values between tabs as they are, without escapes",
  },
  silent: { kind: "count", short: "s", ...asOutput, help: "Say less: once as -B, twice as -BN" },
  verbose: {
    kind: "count",
    short: "v",
    ...asOutput,
    help: "Say more, on stderr: statements, with -vv how they ended, with -vvv when",
  },
  quick: {
    kind: "boolean",
    short: "q",
    ...asOutput,
    help: "Show rows as they come, columns measured on the first",
  },
  null: {
    kind: "text",
    default: "",
    value: "TEXT",
    ...asOutput,
    help: "What stands for NULL in CSV",
  },
  binary: {
    kind: "choice",
    values: BINARY_WORDS,
    default: "auto",
    section: OUTPUT,
    help: "How bytes are written; auto: as text where they are printable, else in hexadecimal",
  },
  "auto-vertical-output": {
    kind: "boolean",
    ...asOutput,
    help: "As -E, where a table would be wider than the terminal",
  },
  tee: {
    kind: "text",
    value: "FILE",
    ...asOutput,
    help: "Write everything that is shown to a file too, behind what it holds",
  },
  "show-warnings": { kind: "boolean", ...asOutput, help: "Show warnings after each statement" },
} as const satisfies FlagTable;

const TERMINAL = "At a terminal";

const TERMINAL_FLAGS = {
  prompt: {
    kind: "text",
    value: "TEXT",
    section: TERMINAL,
    help:
      "The prompt: \\u user, \\h host, \\p port, \\d database, \\c cluster, \\x state, \\D date",
  },
  pager: {
    kind: "boolean",
    default: true,
    env: false,
    section: TERMINAL,
    help: "Show large results directly, not through $PAGER or less",
  },
  warn: {
    kind: "boolean",
    default: true,
    section: TERMINAL,
    help: "Do not ask before data is destroyed",
  },
  histignore: {
    kind: "text",
    value: "PATTERNS",
    section: TERMINAL,
    help: "Statements that the history does not keep, as *SECRET*:*TEMP*; never those that hold " +
      "a password or begin with a space",
  },
  "safe-updates": {
    kind: "boolean",
    short: "U",
    env: false,
    section: TERMINAL,
    help: "Ask before UPDATE and DELETE without WHERE, as is always done here",
  },
  "skip-auto-rehash": {
    kind: "boolean",
    short: "A",
    env: false,
    section: TERMINAL,
    help: "Complete no names",
  },
} as const satisfies FlagTable;

export const SHELL_FLAGS = {
  execute: {
    kind: "texts",
    short: "e",
    value: "SQL",
    env: false,
    help: "Run this and leave; may be given several times",
  },
  database: {
    kind: "text",
    short: "D",
    value: "NAME",
    env: false,
    help: "The database to use, as DATABASE; a cluster is one, and that is its name",
  },
  delimiter: {
    kind: "text",
    default: ";",
    pattern: /^[^\s\\]{1,16}$/,
    accepts: "1 to 16 characters without space or backslash",
    value: "TEXT",
    env: false,
    help: "What ends a statement, until DELIMITER says otherwise",
  },
  "init-command": {
    kind: "text",
    value: "SQL",
    help: "Run this first, and at the beginning of each new session",
  },
  watch: {
    kind: "duration",
    env: false,
    min: "100ms",
    max: "1d",
    help: "Run what -e gives again and again, with so much time between, until Ctrl-C",
  },
  force: {
    kind: "boolean",
    short: "f",
    env: false,
    help: "Go on after errors; the exit code still tells of them",
  },
  ...CLIENT_FLAGS,
  host: {
    kind: "text",
    short: "h",
    value: "HOST",
    env: false,
    help: "A master's host, as with mysql; in place of --masters",
  },
  port: {
    kind: "integer",
    short: "P",
    min: 1,
    max: 65_535,
    env: false,
    help: "That master's port",
  },
  wait: {
    kind: "duration",
    default: "3s",
    min: "10ms",
    max: "1h",
    help: "How long to look for a master that leads before giving up",
  },
  ...READ_FLAGS,
  ...FORMAT_FLAGS,
  ...TERMINAL_FLAGS,
  version: { kind: "boolean", short: "V", env: false, help: "Show the version" },
} as const satisfies FlagTable;
