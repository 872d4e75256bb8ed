/** How a shell was started, and what may be changed about it while it runs. */
import type { BinaryWord, FormatName } from "./output/result_format.ts";
import type { ShellCommand } from "./commands/command.ts";

export interface ShellOptions {
  /** Of this program, for the greeting. */
  readonly version: string;
  readonly connection: ConnectionWords;
  /** Statements to run in place of reading input. */
  readonly execute: readonly string[];
  readonly database: string | null;
  /** Null: a table for people, tab-separated values for programs. */
  readonly format: FormatName | null;
  readonly header: boolean;
  readonly raw: boolean;
  /** No conversation, and tab-separated values, at a terminal too. */
  readonly batch: boolean;
  readonly silent: number;
  readonly verbose: number;
  /** Goes on after an error. */
  readonly force: boolean;
  /** Rows are shown as they come, columns measured on the first. */
  readonly quick: boolean;
  readonly nullText: string;
  readonly binary: BinaryWord;
  readonly prompt: string | null;
  /** Null: `$PAGER` or less; empty: none. */
  readonly pager: string | null;
  /** Asks before what destroys data, where a person is there to be asked. */
  readonly warn: boolean;
  readonly showWarnings: boolean;
  /** Tables that would be wider than the terminal have a line for each column. */
  readonly autoVertical: boolean;
  /** A file to which everything that is shown is written too. */
  readonly tee: string | null;
  /** What ends a statement, until DELIMITER says otherwise. */
  readonly delimiter: string;
  /** Run at the beginning of each session. */
  readonly initCommand: string | null;
  /** `execute` is run again and again, with so much time between. */
  readonly watchMs: number | null;
  /** Statements that the history does not keep: patterns with `*` and `?`. */
  readonly historyIgnore: readonly string[];
  /** No names are fetched for completion. */
  readonly noRehash: boolean;
  /** Commands beside the shell's own. */
  readonly commands?: readonly ShellCommand[];
  /** Lines shown in place of the greeting. */
  readonly greeting?: readonly string[];
}

/** What the prompt and `\s` tell of the connection. */
export interface ConnectionWords {
  readonly user: string | null;
  readonly host: string;
  readonly port: number;
  readonly cluster: string;
  /** All masters that we were told of. */
  readonly masters: readonly { readonly host: string; readonly port: number }[];
}

export const DEFAULT_OPTIONS: Omit<ShellOptions, "version" | "connection"> = {
  execute: [],
  database: null,
  format: null,
  header: true,
  raw: false,
  batch: false,
  silent: 0,
  verbose: 0,
  force: false,
  quick: false,
  nullText: "",
  binary: "auto",
  prompt: null,
  pager: null,
  warn: true,
  showWarnings: false,
  autoVertical: false,
  tee: null,
  delimiter: ";",
  initCommand: null,
  watchMs: null,
  historyIgnore: [],
  noRehash: false,
};

/** What commands change. */
export interface Settings {
  /** Null: a table for people, tab-separated values for files and programs. */
  format: FormatName | null;
  /** `auto`: vertical where a table would be wider than the terminal. */
  vertical: "on" | "off" | "auto";
  timing: boolean;
  receipt: boolean;
  showWarnings: boolean;
  /** Empty for none. */
  pager: string;
  prompt: string;
  database: string | null;
}
