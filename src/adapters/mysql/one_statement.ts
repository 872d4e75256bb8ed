/**
 * Whether a text is one statement for certain, so that others may follow it in one packet: no
 * semicolon is in it but between quotes, and nothing that reaches beyond its end. What may be read
 * in more than one way, as comments may, is not certain.
 */

/** Longer ones gain nothing by company, and are not looked through. */
const UNITS_MAX = 64 * 1024;
/** Quotes that end, and all that can neither end a statement nor hide something. */
const CERTAIN = /[^;'"`#\\/\0-]+|'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|`[^`]*`|-(?!-)|\/(?!\*)/y;

export function isOneStatement(sql: string): boolean {
  if (sql.length > UNITS_MAX) return false;
  let at = 0;
  while (at < sql.length) {
    CERTAIN.lastIndex = at;
    if (!CERTAIN.test(sql)) return false;
    at = CERTAIN.lastIndex;
  }
  return true;
}
