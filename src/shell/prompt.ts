/** The prompt, with MySQL's escapes in it. */
import type { OpenPart } from "../client/sql_text.ts";
import { displayWidth } from "../base/width.ts";
import type { Shell } from "./shell.ts";

export const DEFAULT_PROMPT = "minisql \\w[\\d]\\x> ";

/** What stands in front of a statement's first line. */
export function promptText(shell: Shell): string {
  return shell.settings.prompt.replace(/\\(.)/g, (_all, letter: string) => escaped(shell, letter));
}

function escaped(shell: Shell, letter: string): string {
  const { user, cluster, ...first } = shell.options.connection;
  const { host, port } = shell.health.leader ?? first;
  const now = new Date(shell.port.time.wall());
  switch (letter) {
    case "u":
      return user ?? "anyone";
    case "h":
      return host;
    case "p":
      return String(port);
    case "w":
      return `${user === null ? "" : `${user}@`}${host}:${port} `;
    case "d":
      return shell.settings.database ?? cluster;
    case "c":
      return cluster;
    case "x":
      return `${shell.session.inTransaction ? "*" : ""}${shell.health.isWell ? "" : "!"}`;
    case "D":
      return now.toISOString().slice(0, 19).replace("T", " ");
    case "R":
      return now.toISOString().slice(11, 13);
    case "m":
      return now.toISOString().slice(14, 16);
    case "s":
      return now.toISOString().slice(17, 19);
    case "_":
    case " ":
      return " ";
    case "\\":
      return "\\";
    default:
      return letter;
  }
}

const ENDINGS: Readonly<Record<OpenPart, string>> = {
  nothing: "-> ",
  statement: "-> ",
  "'": "'> ",
  '"': '"> ',
  "`": "`> ",
  "/*": "/*> ",
};

/** In front of a further line, as wide as the prompt, saying what is open there. */
export function continuationPrompt(prompt: string, open: OpenPart): string {
  return ENDINGS[open].padStart(displayWidth(prompt));
}
