/** Finds commands in what was typed. */
import type { ClientCommand, ClientCommands } from "../../client/sql_text.ts";
import type { ShellCommand } from "./command.ts";

/** These may have more SQL right behind them on their line. */
const ENDS_STATEMENT = /^\\[gGcp]/;

export class CommandTable implements ClientCommands {
  readonly all: readonly ShellCommand[];
  readonly #byName = new Map<string, ShellCommand>();

  constructor(commands: readonly ShellCommand[]) {
    this.all = commands;
    for (const command of commands) {
      for (const name of command.names) this.#byName.set(name, command);
    }
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  find(name: string): ShellCommand | null {
    return this.#byName.get(name.startsWith("\\") ? name : name.toLowerCase()) ?? null;
  }

  /** `\N` is SQL. All else behind a backslash is meant for us, known or not. */
  backslash(rest: string): ClientCommand | null {
    const [name = ""] = /^\\(?:[A-Za-z]+|[^\sA-Za-z])?/.exec(rest) ?? [];
    if (name.length < 2 || name === "\\N") return null;
    const command = this.find(name);
    if (command === null && ENDS_STATEMENT.test(name)) return { length: 2, keeps: name[1] === "p" };
    if (command === null) return { length: name.length, keeps: true };
    const keeps = command.takesStatement !== true;
    return { length: command.args === "" ? name.length : rest.length, keeps };
  }

  isCommandLine(line: string, delimiter: string): boolean {
    return !line.includes(delimiter) && this.wordCommand(line) !== null;
  }

  /** `source file`, `exit`; also with its delimiter gone. */
  wordCommand(line: string): ShellCommand | null {
    const { name, args } = splitCommand(line);
    const command = name.startsWith("\\") ? null : this.find(name);
    return command === null || (args !== "" && command.args === "") ? null : command;
  }
}

export function splitCommand(text: string): { readonly name: string; readonly args: string } {
  const [, name = "", rest = ""] = /^(\\(?:[A-Za-z]+|.)|[^\s;]+)([^]*)$/.exec(text.trim()) ?? [];
  return { name, args: rest.trim().replace(/\s*;$/, "") };
}
