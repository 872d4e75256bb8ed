/** The completion script for bash. Needs no bash-completion package. */
import type { Command } from "./command.ts";
import { type CommandWords, completionWords, type ValueWords } from "./completion_words.ts";

export function bashScript(commands: readonly Command[]): string {
  const words = completionWords(commands);
  return `# bash completion for minisql; load it with: source <(minisql completions bash)
_minisql() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=0 i
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W ${quote(words.map((each) => each.name).join(" "))} -- "$word"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] || ((at += 1))
  done
  case \${COMP_WORDS[1]} in
${words.map(commandCase).join("\n")}
  esac
}
complete -F _minisql minisql
`;
}

function commandCase({ name, options, positionals }: CommandWords): string {
  const withValue = options.filter((each) => each.value.kind !== "none");
  const values = withValue.map(({ names, value }) =>
    `        ${names.join("|")}) ${reply(value)}; return ;;`
  );
  const all = options.flatMap((each) => each.names).join(" ");
  const places = positionals.map((value, at) => `        ${at}) ${reply(value)} ;;`);
  return `    ${name})
      case $before in
${values.join("\n")}
      esac
      if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W ${quote(all)} -- "$word"))
        return
      fi
      case $at in
${places.length === 0 ? "        *) ;;" : places.join("\n")}
      esac
      ;;`;
}

function reply(value: ValueWords): string {
  switch (value.kind) {
    case "words":
      return `COMPREPLY=($(compgen -W ${quote(value.words.join(" "))} -- "$word"))`;
    case "file":
      return `COMPREPLY=($(compgen -f -- "$word"))`;
    case "folder":
      return `COMPREPLY=($(compgen -d -- "$word"))`;
    default:
      return ":";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
