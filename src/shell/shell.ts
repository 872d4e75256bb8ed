/** A shell on a cluster: one session, its settings, and what is done with what was typed. */
import type { Client, Session } from "../client/api.ts";
import type { ScriptStatement } from "../client/sql_text.ts";
import type { LookOptions } from "./cluster/looks.ts";
import { ALL_COMMANDS } from "./commands/all_commands.ts";
import { CommandTable, splitCommand } from "./commands/command_table.ts";
import { firstWord } from "./first_word.ts";
import { Health } from "./health.ts";
import { Interrupts } from "./interrupts.ts";
import { ClusterNames } from "./names.ts";
import type { Settings, ShellOptions } from "./options.ts";
import { ownErrorLine, type Place } from "./output/error_words.ts";
import type { FormatName } from "./output/result_format.ts";
import type { ShellPort } from "./port.ts";
import { Printer } from "./printer.ts";
import { DEFAULT_PROMPT } from "./prompt.ts";
import { runText } from "./script.ts";
import { runStatement, tellFailure } from "./statement_runner.ts";
import { ResultTarget } from "./target.ts";

const PAGER = "less -SRX";
const CHANGES_NAMES = new Set(["CREATE", "ALTER", "DROP", "RENAME", "CLEAR"]);
/** Words that are SQL once a delimiter stands behind them. */
const SQL_WORDS = new Set(["use", "clear"]);

export class Shell {
  readonly client: Client;
  readonly port: ShellPort;
  readonly options: ShellOptions;
  /** A person types and reads. */
  readonly interactive: boolean;
  readonly settings: Settings;
  readonly printer: Printer;
  readonly target: ResultTarget;
  readonly interrupts: Interrupts;
  readonly commands: CommandTable;
  readonly names: ClusterNames;
  readonly health: Health;
  session: Session;
  lastStatement = "";
  /** What the next editing begins with: text that came back from an editor. */
  draft = "";
  /** How many files are being run, one from the other. */
  depth = 0;
  /** Somebody said `exit`. */
  isLeaving = false;
  /** Where what is being run stands in a script. */
  place: Place | null = null;
  /** Asks the person; null where nobody can answer. */
  ask: (question: string) => Promise<string | null> = () => Promise.resolve(null);
  #failures = 0;
  #isUnreachable = false;

  constructor(client: Client, port: ShellPort, options: ShellOptions) {
    this.client = client;
    this.port = port;
    this.options = options;
    this.interactive = options.execute.length === 0 && port.keyboard.isTerminal &&
      port.out.isTerminal && !options.batch;
    this.settings = startSettings(port, options);
    this.printer = new Printer(port, this.interactive);
    this.target = new ResultTarget(port);
    this.interrupts = new Interrupts(port, this.interactive);
    this.commands = new CommandTable([...ALL_COMMANDS, ...options.commands ?? []]);
    this.names = new ClusterNames(client);
    this.health = new Health(client, port);
    this.session = client.session();
  }

  get outcome(): "ok" | "failed" | "unreachable" {
    if (this.#failures === 0) return "ok";
    return this.#isUnreachable ? "unreachable" : "failed";
  }

  failed(isUnreachable: boolean): void {
    this.#failures++;
    this.#isUnreachable ||= isUnreachable;
  }

  /** Runs what was found in a text; answers whether it went well. */
  async run({ sql, command, line }: ScriptStatement, file: string | null): Promise<boolean> {
    this.place = this.interactive && file === null ? null : { line, file };
    if (command !== undefined) return await this.#runCommand(command, sql);
    const word = this.commands.wordCommand(sql);
    const name = splitCommand(sql).name.toLowerCase();
    if (word !== null && !SQL_WORDS.has(name)) return await this.#runCommand(sql, "");
    return await runStatement(this, sql);
  }

  async #runCommand(text: string, statement: string): Promise<boolean> {
    const { name, args } = splitCommand(text);
    const command = this.commands.find(name);
    if (command === null) {
      const message = name.toLowerCase() === "delimiter"
        ? "DELIMITER must be followed by a delimiter"
        : `Unknown command '${name}'.`;
      await this.printer.error(ownErrorLine(message, this.place));
      this.failed(false);
      return false;
    }
    const before = this.#failures;
    try {
      await command.run(this, { name, args, statement });
    } catch (error) {
      return await tellFailure(this, error);
    }
    return this.#failures === before;
  }

  /** What has to be known after a statement was done. */
  statementDone(sql: string): void {
    const word = firstWord(sql);
    if (CHANGES_NAMES.has(word)) this.names.forget();
    if (word !== "USE") return;
    const [, name = ""] = /use\s+`?([^`;\s]+)/i.exec(sql) ?? [];
    if (name !== "") this.settings.database = name;
  }

  lookOptions(signal: AbortSignal): LookOptions {
    const { masters } = this.options.connection;
    return { signal, now: this.port.time.wall(), masters };
  }

  /** How results are written: on the screen, or elsewhere. */
  formatFor(isShown: boolean): FormatName {
    if (this.settings.format !== null) return this.settings.format;
    const { batch, silent, verbose } = this.options;
    if (batch || silent > 0 || !isShown) return "tsv";
    // A table for people, and where so much is asked for that only people want it.
    return this.port.out.isTerminal || verbose >= 3 ? "table" : "tsv";
  }

  get usualPager(): string {
    return PAGER;
  }

  /** A session in place of the one there is, which ends with what was open in it. */
  async beginSession(): Promise<boolean> {
    await this.session.close();
    this.session = this.client.session();
    return await this.initSession();
  }

  /** What each session begins with. */
  async initSession(): Promise<boolean> {
    const { initCommand } = this.options;
    return initCommand === null || await runText(this, initCommand);
  }

  async close(): Promise<void> {
    await this.target.toScreen();
    await this.printer.endTee();
    await this.session.close();
  }
}

function startSettings(port: ShellPort, options: ShellOptions): Settings {
  const pager = options.pager ?? port.variable("PAGER") ?? PAGER;
  return {
    format: options.format,
    vertical: options.autoVertical ? "auto" : "off",
    timing: false,
    receipt: false,
    showWarnings: options.showWarnings,
    pager: port.out.isTerminal ? pager : "",
    prompt: options.prompt ?? DEFAULT_PROMPT,
    database: options.database,
  };
}
