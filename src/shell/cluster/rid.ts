/** Servers as people name them: `r3`, or its number alone. */
import { ShellError } from "../shell_error.ts";

export function readRid(text: string): number {
  const digits = /^r?(\d{1,9})$/i.exec(text.trim())?.[1];
  const rid = Number(digits);
  if (digits === undefined || rid < 1) {
    throw new ShellError(`A server is named by its number, as r3 or 3, not ${text}`);
  }
  return rid;
}
