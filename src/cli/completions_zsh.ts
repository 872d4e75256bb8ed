/** The completion script for zsh. */
import type { Command } from "./command.ts";
import {
  type CommandWords,
  completionWords,
  type OptionWords,
  type ValueWords,
} from "./completion_words.ts";

export function zshScript(commands: readonly Command[]): string {
  const words = completionWords(commands);
  const list = words.map(({ name, summary }) => `    ${quote(`${name}:${escape(summary)}`)}`);
  return `#compdef minisql
_minisql() {
  local -a commands
  commands=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${words.map(commandCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _minisql ]]; then
  _minisql "$@"
else
  compdef _minisql minisql
fi
`;
}

function commandCase({ name, options, positionals }: CommandWords): string {
  const specs = [
    ...options.flatMap(optionSpecs),
    ...positionals.map((value, at) => `${at + 1}:${message(value)}:${action(value)}`),
  ];
  return `    ${name})
      _arguments -s ${specs.map((each) => `\\\n        ${quote(each)}`).join(" ")}
      ;;`;
}

function optionSpecs({ names, help, value }: OptionWords): readonly string[] {
  const tail = value.kind === "none" ? "" : `:${message(value)}:${action(value)}`;
  return names.map((name) => `${name}[${escape(help)}]${tail}`);
}

function message(value: ValueWords): string {
  return value.kind === "free" ? "value" : value.kind;
}

function action(value: ValueWords): string {
  switch (value.kind) {
    case "words":
      return `(${value.words.join(" ")})`;
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    default:
      return " ";
  }
}

/** What ends a description early in a specification of zsh. */
function escape(text: string): string {
  return text.replace(/[\\[\]:]/g, (char) => `\\${char}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
