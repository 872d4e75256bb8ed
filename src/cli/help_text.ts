/** Renders help from the declarations of commands. */
import { type Command, GROUPS } from "./command.ts";
import { type Flag, type FlagTable, placeholder, variableName } from "./flags.ts";
import type { Terminal } from "./terminal.ts";
import { wrap } from "./wrap.ts";

const PROGRAM = "minisql";
const WIDTH_MAX = 100;
/** Names wider than this stand on a line of their own. */
const NAMES_WIDTH_MAX = 30;

/** The help of the program: what it is and its commands. */
export function programHelp(commands: readonly Command[], terminal: Terminal): string {
  const width = Math.max(...commands.map((each) => each.name.length)) + 2;
  const sections = GROUPS.flatMap((group) => {
    const members = commands.filter((each) => each.group === group);
    if (members.length === 0) return [];
    const rows = members.map(({ name, summary }) =>
      entry(`  ${name}`, summary, width + 2, terminal)
    );
    return [`  ${terminal.style.dim(`${group}:`)}\n${rows.join("\n")}`];
  });
  return page(terminal, [
    ["", "minisql makes a handful of MySQL servers one database"],
    ["Usage", `  ${PROGRAM} <command> [options]`],
    ["Commands", sections.join("\n\n")],
    [
      "Options",
      [
        entry(
          "-?, --help",
          `Show this help; ${PROGRAM} help <command> shows that of a command`,
          15,
          terminal,
        ),
        entry("--version", "Show the version", 15, terminal),
      ].join("\n"),
    ],
    [
      "Environment",
      paragraph(
        "Every option of a command can be set by a variable: MINISQL_ and its name in capitals, " +
          "such as MINISQL_LOG_LEVEL for --log-level. The command line comes first.",
        terminal,
      ),
    ],
    ["Exit codes", exitCodes(terminal)],
  ]);
}

function exitCodes(terminal: Terminal): string {
  const rows: readonly (readonly [string, string])[] = [
    ["0", "done"],
    ["1", "a statement or an operation failed"],
    ["2", "a wrong option or argument; nothing was done"],
    ["3", "a server cannot be reached or refuses the user"],
    ["4", "a check was made, and found something wrong"],
    ["70", "a bug in minisql"],
    ["130, 143", "ended by SIGINT or SIGTERM before it was done"],
  ];
  return rows.map(([code, means]) => entry(code, means, 10, terminal)).join("\n");
}

/** The help of one command. */
export function commandHelp(command: Command, terminal: Terminal): string {
  const positionals = Object.entries(command.positionals);
  const argumentRows = positionals.map(([, flag]) => [placeholder(flag), helpOf(flag)] as const);
  return page(terminal, [
    ["", command.summary],
    ["Usage", `  ${usageLine(command)}`],
    ["", command.description === "" ? "" : paragraph(command.description, terminal, 0)],
    ["Arguments", table(argumentRows, terminal)],
    ...flagSections(command.flags, terminal),
    ["Environment", environment(command.flags, terminal)],
    [
      "Examples",
      command.examples.map(({ line, does }) => `  ${terminal.style.dim(`# ${does}`)}\n  ${line}`)
        .join("\n\n"),
    ],
  ]);
}

function usageLine(command: Command): string {
  const positionals = Object.values(command.positionals).map((flag) => {
    const many = flag.kind === "texts" || flag.kind === "addresses" ? "..." : "";
    const name = placeholder(flag) + many;
    return flag.required === true ? name : `[${name}]`;
  });
  return [PROGRAM, command.name, "[options]", ...positionals].join(" ");
}

type Section = readonly [heading: string, body: string];

function flagSections(flags: FlagTable, terminal: Terminal): readonly Section[] {
  const bySection = new Map<string, (readonly [string, string])[]>();
  for (const [name, flag] of Object.entries(flags)) {
    const section = flag.section ?? "Options";
    const rows = bySection.get(section) ?? [];
    rows.push([flagNames(name, flag), helpOf(flag)]);
    bySection.set(section, rows);
  }
  return [...bySection].map(([section, rows]) => [section, table(rows, terminal)]);
}

function flagNames(name: string, flag: Flag): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  const isOn = flag.kind === "boolean" && flag.default === true;
  const value = placeholder(flag);
  const tail = value === "" ? "" : flag.kind === "secret" ? `[=${value}]` : ` ${value}`;
  return `${short}--${isOn ? "no-" : ""}${name}${tail}`;
}

function helpOf(flag: Flag): string {
  const value = "default" in flag ? flag.default : undefined;
  if (flag.required === true) return `${flag.help} (required)`;
  const isTold = value !== undefined && value !== "" && flag.kind !== "boolean";
  return isTold ? `${flag.help} (default ${value})` : flag.help;
}

function environment(flags: FlagTable, terminal: Terminal): string {
  const named = Object.entries(flags).filter(([, flag]) => flag.env !== false);
  const rows = named.flatMap(([name, flag]) => {
    const row = [variableName(name), `Sets --${name}`] as const;
    if (flag.kind !== "secret") return [row];
    const file = [
      `${variableName(name)}_FILE`,
      `Sets --${name}-file: a file that holds it`,
    ] as const;
    return [row, file];
  });
  return table(rows, terminal);
}

function table(rows: readonly (readonly [string, string])[], terminal: Terminal): string {
  const fitting = rows.map(([name]) => name.length).filter((length) => length <= NAMES_WIDTH_MAX);
  const width = Math.max(0, ...fitting) + 2;
  return rows.map(([name, help]) => entry(name, help, width, terminal)).join("\n");
}

/** A name and its help beside it, or underneath where the name is wide. */
function entry(name: string, help: string, width: number, terminal: Terminal): string {
  const margin = 2 + width;
  const lines = wrap(help, textWidth(terminal) - margin);
  const head = terminal.style.bold(name) + " ".repeat(Math.max(0, width - name.length));
  const isWide = name.length >= width;
  const first = isWide ? [`  ${terminal.style.bold(name)}`] : [`  ${head}${lines[0] ?? ""}`];
  const rest = isWide ? lines : lines.slice(1);
  return [...first, ...rest.map((line) => " ".repeat(margin) + line)].join("\n");
}

function paragraph(text: string, terminal: Terminal, margin = 2): string {
  return wrap(text, textWidth(terminal) - margin).map((line) => " ".repeat(margin) + line).join(
    "\n",
  );
}

function textWidth(terminal: Terminal): number {
  return Math.min(WIDTH_MAX, terminal.width);
}

function page(terminal: Terminal, sections: readonly Section[]): string {
  return sections.filter(([, body]) => body !== "").map(([heading, body]) =>
    heading === "" ? body : `${terminal.style.bold(`${heading}:`)}\n${body}`
  ).join("\n\n");
}
