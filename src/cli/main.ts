/** From argv to an exit code: finds the command, reads its configuration, runs it, words errors. */
import { askSecret } from "./ask_secret.ts";
import type { Command, CommandContext } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { findCommand } from "./find_command.ts";
import { configName, variableName } from "./flags.ts";
import { commandHelp } from "./help_text.ts";
import { EXIT } from "./exit_codes.ts";
import { Process } from "./process.ts";
import { readConfig } from "./read_config.ts";
import { reportError } from "./report_error.ts";
import { suggest } from "./suggest.ts";
import { realEnvironment, realOutput, realSystem } from "./system.ts";
import { COLOUR_CHOICES, type ColourChoice } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** Runs the program in the real world. */
export function main(args: readonly string[]): Promise<number> {
  const choice = colourChoice(args, realEnvironment.get("MINISQL_COLOR"));
  const out = realOutput("stdout", choice);
  const err = realOutput("stderr", choice);
  return new Process(realSystem()).run((control) =>
    runCommand(args, {
      out,
      err,
      process: control,
      environment: realEnvironment,
      commands: COMMANDS,
      askSecret: (flag) => askSecret(flag, Deno.stdin, err, control),
      renouncePrograms: async () => void await Deno.permissions.revoke({ name: "run" }),
    })
  );
}

/** The world of one run; in memory for tests. */
export interface Host extends CommandContext {
  askSecret(flag: string): Promise<string>;
  /** From now on this process can start no other program. */
  renouncePrograms(): Promise<void>;
}

/** Expected errors are told and become exit codes; anything else is a bug, and is thrown. */
export async function runCommand(args: readonly string[], host: Host): Promise<number> {
  try {
    return await dispatch(args, host);
  } catch (error) {
    const code = await reportError(error, host.err);
    if (code === null) throw error;
    return code;
  }
}

async function dispatch(args: readonly string[], host: Host): Promise<number> {
  const [name = "help", ...rest] = normalized(args);
  if (name.startsWith("-")) throw unknownOption(name);
  const command = findCommand(host.commands, name);
  if (asksForHelp(rest)) {
    await host.out.line(commandHelp(command, host.out.terminal));
    return EXIT.ok;
  }
  if (command.runsPrograms !== true) await host.renouncePrograms();
  return await command.run(await configure(command, rest, host), host);
}

const COMMAND_FOR_OPTION: Readonly<Record<string, string>> = {
  "-?": "help",
  "--help": "help",
  "-V": "version",
  "--version": "version",
};

/** Options before the command's name go behind it; `--help` and `--version` are commands. */
function normalized(args: readonly string[]): readonly string[] {
  const [first = "", second, ...rest] = args;
  if (first === "--color" && second !== undefined) return [...normalized(rest), first, second];
  const [, ...afterFirst] = args;
  if (first.startsWith("--color=")) return [...normalized(afterFirst), first];
  const command = Object.hasOwn(COMMAND_FOR_OPTION, first) ? COMMAND_FOR_OPTION[first] : undefined;
  return command === undefined ? args : [command, ...afterFirst];
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const options = end === -1 ? args : args.slice(0, end);
  return options.includes("--help") || options.includes("-?");
}

function unknownOption(name: string): UsageError {
  const meant = suggest(name, ["--help", "--version", "--color"]);
  const hint = meant === null ? "" : `. Did you mean ${meant}?`;
  return new UsageError(`Unknown option ${name}${hint}`);
}

async function configure(
  command: Command,
  args: readonly string[],
  host: Host,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { values, ask, exposed } = readConfig(command, args, host.environment);
    for (const flag of exposed) {
      await host.err.line(
        `Warning: others on this machine can see --${flag} among the arguments; ` +
          `${variableName(flag)} or --${flag}-file keeps it from them`,
      );
    }
    const asked: Record<string, string> = {};
    for (const flag of ask) asked[configName(flag)] = await host.askSecret(flag);
    return Object.freeze({ ...values, ...asked });
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(error.message, command.name);
    throw error;
  }
}

/** Looked for ahead of everything else, so that mistakes are told in the right colours too. */
function colourChoice(args: readonly string[], variable: string | undefined): ColourChoice {
  const at = args.findLastIndex((arg) => arg === "--color" || arg.startsWith("--color="));
  const given = at === -1 ? variable : args[at]?.split("=")[1] ?? args[at + 1];
  return COLOUR_CHOICES.find((choice) => choice === given) ?? "auto";
}
