/** Finds a command by name, or says which one was probably meant. */
import type { Command } from "./command.ts";
import { suggest } from "./suggest.ts";
import { UsageError } from "./usage_error.ts";

export function findCommand(commands: readonly Command[], name: string): Command {
  const found = commands.find((each) => each.name === name);
  if (found !== undefined) return found;
  const meant = suggest(name, commands.map((each) => each.name));
  const hint = meant === null ? "" : `. Did you mean \`${meant}\`?`;
  throw new UsageError(`Unknown command "${name}"${hint}`);
}
