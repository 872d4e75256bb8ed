/** Commands about how results are shown. */
import { type FormatName, FORMATS } from "../output/result_format.ts";
import type { Settings } from "../options.ts";
import { DEFAULT_PROMPT } from "../prompt.ts";
import type { Shell } from "../shell.ts";
import { ShellError } from "../shell_error.ts";
import type { ShellCommand } from "./command.ts";

type Switch = "timing" | "receipt" | "showWarnings";

function switchCommand(
  name: string,
  setting: Switch,
  does: string,
  said: string,
): ShellCommand {
  return {
    names: [name],
    args: "[on|off]",
    does,
    run: async (shell, { args }) => {
      const { settings } = shell;
      settings[setting] = onOrOff(name, args, settings[setting]);
      await shell.printer.say(`${said} ${settings[setting] ? "shown" : "not shown"}.`);
    },
  };
}

function onOrOff(name: string, args: string, now: boolean): boolean {
  if (args === "") return !now;
  if (/^on$/i.test(args)) return true;
  if (/^off$/i.test(args)) return false;
  throw new ShellError(`${name} takes on or off, not ${args}`);
}

export const OUTPUT_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["\\x"],
    args: "[on|off|auto]",
    does: "Each column on a line of its own; auto: where a table would not fit",
    run: async (shell, { args }) => {
      shell.settings.vertical = verticalOf(args, shell.settings.vertical);
      await shell.printer.say(`Vertical output is ${shell.settings.vertical}.`);
    },
  },
  {
    names: ["\\format"],
    args: `[${FORMATS.join("|")}]`,
    does: "How results are written",
    run: setFormat,
  },
  switchCommand("\\timing", "timing", "What took how long", "Timing is"),
  switchCommand("\\receipt", "receipt", "Which copies agree on each answer", "Receipts are"),
  {
    names: ["\\W", "warnings"],
    args: "",
    does: "Show warnings after each statement",
    run: (shell) => setWarnings(shell, true),
  },
  {
    names: ["\\w", "nowarning"],
    args: "",
    does: "Do not show warnings",
    run: (shell) => setWarnings(shell, false),
  },
  {
    names: ["\\P", "pager"],
    args: "[COMMAND]",
    does: "Show large results through a program; without one, the usual one",
    run: async (shell, { args }) => {
      const { settings, port, printer } = shell;
      settings.pager = args === "" ? port.variable("PAGER") ?? shell.usualPager : args;
      await printer.say(`PAGER set to '${settings.pager}'`);
    },
  },
  {
    names: ["\\n", "nopager"],
    args: "",
    does: "Show results directly",
    run: async (shell) => {
      shell.settings.pager = "";
      await shell.printer.say("PAGER set to stdout");
    },
  },
  {
    names: ["\\R", "prompt"],
    args: "[TEXT]",
    does: "Another prompt: \\u user, \\h host, \\p port, \\d database, \\c cluster, \\x state",
    run: async (shell, { args }) => {
      shell.settings.prompt = args === "" ? DEFAULT_PROMPT : `${args} `;
      await shell.printer.say(`PROMPT set to '${shell.settings.prompt}'`);
    },
  },
];

function verticalOf(args: string, now: Settings["vertical"]): Settings["vertical"] {
  switch (args.toLowerCase()) {
    case "":
      return now === "on" ? "off" : "on";
    case "on":
    case "off":
    case "auto":
      return args.toLowerCase() as Settings["vertical"];
    default:
      throw new ShellError(`\\x takes on, off or auto, not ${args}`);
  }
}

async function setFormat(
  shell: Shell,
  { args }: { readonly args: string },
): Promise<void> {
  if (args !== "") {
    const format = FORMATS.find((each) => each === args.toLowerCase());
    if (format === undefined) {
      throw new ShellError(`\\format takes ${FORMATS.join(", ")}, not ${args}`);
    }
    shell.settings.format = format satisfies FormatName;
  }
  await shell.printer.say(`Results are written as ${shell.formatFor(true)}.`);
}

async function setWarnings(shell: Shell, shown: boolean): Promise<void> {
  shell.settings.showWarnings = shown;
  await shell.printer.say(`Show warnings ${shown ? "enabled" : "disabled"}.`);
}
