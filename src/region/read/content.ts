/** What tables hold, in a few words that are equal for equal contents. */
import type { Fingerprint } from "../../ports/engine.ts";

/** Of several tables, in the order given; null where one is not known. */
export function contentOf(fingerprints: readonly (Fingerprint | null)[]): string | null {
  const words: string[] = [];
  for (const fingerprint of fingerprints) {
    if (fingerprint === null) return null;
    words.push(`${fingerprint.rows}:${fingerprint.sum}:${fingerprint.schema}`);
  }
  return words.join(" ");
}

/** The same, table by table. */
export function tableContents(content: string): readonly string[] {
  return content.split(" ");
}

export function isSameContent(a: Fingerprint, b: Fingerprint): boolean {
  return differenceOf(a, b) === null;
}

/** In what a copy's rows differ from what is kept of them, for people; null where they do not. */
export function differenceOf(counted: Fingerprint, kept: Fingerprint): string | null {
  if (counted.schema !== kept.schema) return `schema ${counted.schema}, kept ${kept.schema}`;
  if (counted.rows !== kept.rows) return `${counted.rows} rows counted, ${kept.rows} kept`;
  return counted.sum === kept.sum ? null : `checksum ${counted.sum} counted, ${kept.sum} kept`;
}
