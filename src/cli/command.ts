/** What a subcommand is: one declaration, from which parsing, help and completions follow. */
import type { ConfigOf, FlagTable } from "./flags.ts";
import type { Output } from "./output.ts";
import type { ProcessControl } from "./process.ts";
import type { Environment } from "./read_config.ts";
import { COLOUR_CHOICES } from "./terminal.ts";

export const GROUPS = ["Servers", "Clients", "Tools"] as const;

export type Group = typeof GROUPS[number];

/** Flags of every command. `-h` is left to commands for the host, as MySQL's clients have it. */
export const COMMON_FLAGS = {
  color: {
    kind: "choice",
    values: COLOUR_CHOICES,
    default: "auto",
    help: "When to colour output; auto also honours NO_COLOR and FORCE_COLOR",
  },
  help: { kind: "boolean", short: "?", env: false, help: "Show this help" },
} as const satisfies FlagTable;

export interface Example {
  readonly line: string;
  readonly does: string;
}

export interface Declaration<F extends FlagTable, P extends FlagTable> {
  readonly name: string;
  /** One line without a period, as the list of commands shows it. */
  readonly summary: string;
  readonly group: Group;
  /** More about it, in sentences. */
  readonly description?: string;
  /** What follows the command's name, in order; the last may take all that is left. */
  readonly positionals: P;
  readonly flags: F;
  readonly examples: readonly Example[];
  /** It may start other programs and send signals; a command that does not say so cannot. */
  readonly runsPrograms?: true;
  /** Answers with the exit code. Expected errors may be thrown; `report_error.ts` words them. */
  run(config: ConfigOf<F> & ConfigOf<P>, context: CommandContext): Promise<number>;
}

/** A declaration as the list of commands holds it, its configuration's type forgotten. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly group: Group;
  readonly description: string;
  readonly positionals: FlagTable;
  readonly flags: FlagTable;
  readonly examples: readonly Example[];
  readonly runsPrograms?: true;
  run(config: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number>;
}

/** What a command may use of the process it runs in. */
export interface CommandContext {
  readonly out: Output;
  readonly err: Output;
  readonly process: ProcessControl;
  readonly environment: Environment;
  /** All commands that exist, for help and completions. */
  readonly commands: readonly Command[];
}

export function command<const F extends FlagTable, const P extends FlagTable>(
  declaration: Declaration<F, P>,
): Command {
  return {
    ...declaration,
    description: declaration.description ?? "",
    flags: { ...declaration.flags, ...COMMON_FLAGS },
    run: (config, context) => declaration.run(config as ConfigOf<F> & ConfigOf<P>, context),
  };
}
