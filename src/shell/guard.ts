/** Asks before a statement destroys what nobody can bring back. Only people are asked. */
import { statementOf } from "../client/sql_text.ts";
import { meaningful, scan } from "./editor/scan.ts";
import { firstWord } from "./first_word.ts";
import type { Shell } from "./shell.ts";

export interface Danger {
  /** What will happen, as a sentence without a period. */
  readonly what: string;
  /** To be typed by whoever means it. */
  readonly name: string;
}

/** Whether the statement is to be run: it is harmless, nobody is asked, or the person means it. */
export async function mayRun(shell: Shell, sql: string): Promise<boolean> {
  if (!shell.interactive || !shell.options.warn) return true;
  const danger = dangerOf(sql);
  return danger === null || await isMeant(shell, danger);
}

/** Has a name typed. Answers false, and says so, where it is another one. */
export async function isMeant(shell: Shell, { what, name }: Danger): Promise<boolean> {
  const typed = await shell.ask(`${what}. Type ${name} to go on: `);
  if (typed?.trim() === name) return true;
  await shell.printer.say("Nothing was done.");
  return false;
}

const DANGEROUS = new Set(["DROP", "TRUNCATE", "DELETE", "UPDATE", "WITH"]);

export function dangerOf(sql: string): Danger | null {
  if (!DANGEROUS.has(firstWord(sql))) return null;
  const statement = statementOf(sql);
  if (statement === null) return null;
  const written = statement.tables.filter(({ role }) => role === "written");
  const names = [...new Set(written.map(({ table }) => table))];
  const list = names.join(", ");
  const [first = ""] = names;
  switch (statement.kind) {
    case "drop_table":
      return { what: `This drops ${list} with all rows`, name: first };
    case "truncate":
      return { what: `This removes all rows of ${list}`, name: first };
    case "drop_database":
      return databaseDanger(sql);
    case "delete":
      return hasWhere(sql) ? null : { what: `This deletes all rows of ${list}`, name: first };
    case "update":
      return hasWhere(sql) ? null : { what: `This changes all rows of ${list}`, name: first };
    default:
      return null;
  }
}

function databaseDanger(sql: string): Danger {
  const name = meaningful(scan(sql)).at(-1)?.text.replaceAll("`", "") ?? "";
  return { what: `This drops the database ${name} with all its tables`, name };
}

/** A condition, a join or a limit of the statement itself, not of a query inside it. */
function hasWhere(sql: string): boolean {
  let depth = 0;
  for (const { kind, text } of meaningful(scan(sql))) {
    if (text === "(") depth++;
    if (text === ")") depth--;
    if (depth === 0 && kind === "word" && /^(?:where|join|limit)$/i.test(text)) return true;
  }
  return false;
}
