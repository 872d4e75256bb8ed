/** What a statement begins with: enough to know that most are not one's business. */

const FIRST =
  /^(?:\s|\/\*(?!M?!)[^]*?\*\/|--(?:[ \t][^\n]*)?(?:\n|$)|#[^\n]*(?:\n|$)|\()*([a-z]+)/i;

/** In capitals; empty where it begins with no word. */
export function firstWord(sql: string): string {
  return FIRST.exec(sql)?.[1]?.toUpperCase() ?? "";
}
