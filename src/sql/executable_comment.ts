/** Comments that servers run as code, opened up or blanked out as one server would take them. */
import { lex, type Token } from "./lexer.ts";

export interface ServerVersion {
  readonly vendor: "mariadb" | "mysql";
  /** As in comments: 80036 for 8.0.36, 101119 for 10.11.19. */
  readonly version: number;
}

/** MariaDB skips what is meant for the MySQL versions it does not follow. */
const MYSQL_ONLY_FROM = 50_700;
const MYSQL_ONLY_BELOW = 100_000;

/**
 * Answers a text of the same length, positions kept, in which every executable comment is either
 * plain code or blank, as the given server decides it.
 */
export function unfoldComments(sql: string, server: ServerVersion): string {
  let unfolded = "";
  let from = 0;
  for (const token of lex(sql)) {
    if (!token.executable) continue;
    unfolded += sql.slice(from, token.start) + unfold(token, server);
    from = token.end;
  }
  return from === 0 ? sql : unfolded + sql.slice(from);
}

function unfold(token: Token, server: ServerVersion): string {
  const head = /^\/\*M?!(\d{5,6})?/.exec(token.text);
  const opening = head?.[0] ?? "";
  const body = token.text.slice(opening.length, -2);
  if (!runs(token.text.startsWith("/*M"), head?.[1], server)) return blank(token.text);
  // The body may hold executable comments in turn.
  return " ".repeat(opening.length) + unfoldComments(body, server) + "  ";
}

function runs(mariadbOnly: boolean, digits: string | undefined, server: ServerVersion): boolean {
  if (mariadbOnly && server.vendor !== "mariadb") return false;
  if (digits === undefined) return true;
  const version = Number(digits);
  if (version > server.version) return false;
  return mariadbOnly || server.vendor !== "mariadb" ||
    version < MYSQL_ONLY_FROM || version >= MYSQL_ONLY_BELOW;
}

/** Line breaks stay, so that errors name the right line. */
function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
