/** What a stream of output can show: whether a person reads it, its width, its colours. */

export interface Terminal {
  readonly isTerminal: boolean;
  /** Columns; 80 where nobody knows. */
  readonly width: number;
  readonly style: Style;
}

/** Marks text for people; plain where colour is off. */
export interface Style {
  readonly isColoured: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export const COLOUR_CHOICES = ["auto", "always", "never"] as const;

export type ColourChoice = typeof COLOUR_CHOICES[number];

const WIDTH_DEFAULT = 80;

export interface TerminalFacts {
  readonly isTerminal: boolean;
  /** As the terminal tells it; some tell 0. */
  readonly columns: number | null;
  readonly variable: (name: string) => string | undefined;
}

export function describeTerminal(facts: TerminalFacts, choice: ColourChoice): Terminal {
  const told = facts.columns ?? Number(facts.variable("COLUMNS"));
  const width = Number.isInteger(told) && told > 0 ? told : WIDTH_DEFAULT;
  return { isTerminal: facts.isTerminal, width, style: makeStyle(isColoured(facts, choice)) };
}

/** The flag decides; then NO_COLOR, FORCE_COLOR, and whether a terminal that can is there. */
function isColoured({ isTerminal, variable }: TerminalFacts, choice: ColourChoice): boolean {
  if (choice !== "auto") return choice === "always";
  if (variable("NO_COLOR")) return false;
  const force = variable("FORCE_COLOR");
  if (force) return force !== "0" && force !== "false";
  return isTerminal && variable("TERM") !== "dumb";
}

export function makeStyle(coloured: boolean): Style {
  const mark = (on: number, off: number) => (text: string) =>
    coloured && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    isColoured: coloured,
    bold: mark(1, 22),
    dim: mark(2, 22),
    red: mark(31, 39),
    green: mark(32, 39),
    yellow: mark(33, 39),
    cyan: mark(36, 39),
  };
}
