/** The completion script for fish. */
import type { Command } from "./command.ts";
import {
  type CommandWords,
  completionWords,
  type OptionWords,
  type ValueWords,
} from "./completion_words.ts";

export function fishScript(commands: readonly Command[]): string {
  const words = completionWords(commands);
  const lines = [
    "# fish completion for minisql",
    "complete -c minisql -f",
    ...words.map(({ name, summary }) =>
      `complete -c minisql -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`
    ),
    ...words.flatMap(commandLines),
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines({ name, options, positionals }: CommandWords): readonly string[] {
  const start = `complete -c minisql -n '__fish_seen_subcommand_from ${name}'`;
  return [
    ...options.map((option) => `${start} ${optionParts(option)}`),
    ...positionals.flatMap((value) => {
      const parts = valueParts(value);
      return parts === "" ? [] : [`${start} ${parts}`];
    }),
  ];
}

function optionParts({ names, help, value }: OptionWords): string {
  const flags = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${quote(name.slice(1))}`
  );
  // -x asks for a value and offers no files; -r only asks for a value.
  const needs = value.kind === "none" ? [] : [value.kind === "file" ? "-r" : "-x"];
  const words = valueParts(value);
  return [...flags, ...needs, ...(words === "" ? [] : [words]), `-d ${quote(help)}`].join(" ");
}

function valueParts(value: ValueWords): string {
  switch (value.kind) {
    case "words":
      return `-a ${quote(value.words.join(" "))}`;
    case "file":
      return "-F";
    case "folder":
      return "-a '(__fish_complete_directories)'";
    default:
      return "";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
