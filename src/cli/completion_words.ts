/** What can follow what on the command line, as the completion scripts need it. */
import type { Command } from "./command.ts";
import { type Flag, placeholder } from "./flags.ts";

/** How the value of an option or argument is completed. */
export type ValueWords =
  | { readonly kind: "none" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" }
  | { readonly kind: "folder" }
  /** Something that cannot be guessed: an address, a number. */
  | { readonly kind: "free" };

export interface OptionWords {
  /** `--listen`, `-p`. */
  readonly names: readonly string[];
  readonly help: string;
  readonly value: ValueWords;
}

export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWords[];
  /** The value of each argument in order. */
  readonly positionals: readonly ValueWords[];
}

export function completionWords(commands: readonly Command[]): readonly CommandWords[] {
  const names = commands.map((each) => each.name);
  return commands.map(({ name, summary, flags, positionals }) => ({
    name,
    summary,
    options: Object.entries(flags).flatMap(([flag, spec]) => optionWords(flag, spec)),
    positionals: name === "help"
      ? [{ kind: "words", words: names }]
      : Object.values(positionals).map(valueWords),
  }));
}

function optionWords(name: string, flag: Flag): readonly OptionWords[] {
  const { help } = flag;
  const short = flag.short === undefined ? [] : [`-${flag.short}`];
  if (flag.kind === "secret") {
    return [
      { names: [`--${name}`, ...short], help, value: { kind: "none" } },
      { names: [`--${name}-file`], help: `${help}, from a file`, value: { kind: "file" } },
    ];
  }
  const isOn = flag.kind === "boolean" && flag.default === true;
  return [{ names: [`--${isOn ? "no-" : ""}${name}`, ...short], help, value: valueWords(flag) }];
}

function valueWords(flag: Flag): ValueWords {
  if (flag.kind === "boolean" || flag.kind === "count") return { kind: "none" };
  if (flag.kind === "choice") return { kind: "words", words: flag.values };
  const value = placeholder(flag);
  if (value === "FILE") return { kind: "file" };
  return { kind: value === "DIR" ? "folder" : "free" };
}
