/** How many columns of a terminal a text takes: wide characters two, combining ones none. */
import { eastAsianWidth } from "get-east-asian-width";

const ASCII = /^[\u0020-\u007e]*$/;
const INVISIBLE = /^[\p{Control}\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;
/** A grapheme shown as a picture: two columns, whatever its parts would take. */
const PICTURE = /\p{RGI_Emoji}/v;

export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  if (PICTURE.test(grapheme)) return 2;
  return eastAsianWidth(grapheme.codePointAt(0) ?? 0);
}

/** The text with spaces after it (`end` false: before it) up to so many columns. */
export function pad(text: string, columns: number, end = true): string {
  const spaces = " ".repeat(Math.max(0, columns - displayWidth(text)));
  return end ? text + spaces : spaces + text;
}
