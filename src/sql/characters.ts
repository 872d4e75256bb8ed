/** Classes of characters as MySQL's lexer sees them, by UTF-16 code unit. */

export function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

/** What an unquoted name may hold: letters, digits, `_`, `$` and everything beyond ASCII. */
export function isNamePart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || isDigit(code) ||
    code === 0x5f || code === 0x24 || code >= 0x80;
}

/** The name of a user variable may hold dots as well. */
export function isVariablePart(code: number): boolean {
  return isNamePart(code) || code === 0x2e;
}
