/** What a command of the shell is, as opposed to SQL. */
import type { Shell } from "../shell.ts";

export interface ShellCommand {
  /** With their backslash, or bare words that are understood where no statement has begun. */
  readonly names: readonly string[];
  /** What may follow, for the help; empty where nothing may. */
  readonly args: string;
  /** Without a period, as the help lists it. */
  readonly does: string;
  /** What was typed before it is its business: `\g`, `\c`. Else it stays as it is. */
  readonly takesStatement?: boolean;
  run(shell: Shell, input: CommandInput): Promise<void>;
}

export interface CommandInput {
  /** As it was typed: `\dt`. */
  readonly name: string;
  readonly args: string;
  /** The statement before it; empty for none. */
  readonly statement: string;
}
