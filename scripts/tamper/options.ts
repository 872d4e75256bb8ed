/** What `deno task tamper` can be told. */
import { parseArgs } from "node:util";

export interface TamperOptions {
  /** Voted reads, at least; strikes go on until there are so many. */
  readonly reads: number;
  readonly readers: number;
  readonly writers: number;
}

export function tamperOptions(args: readonly string[]): TamperOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      reads: { type: "string", default: "1000000" },
      readers: { type: "string", default: "32" },
      writers: { type: "string", default: "4" },
    },
  });
  return {
    reads: count("reads", values.reads),
    readers: count("readers", values.readers),
    writers: count("writers", values.writers),
  };
}

function count(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`Cannot use --${flag} ${text}: it must be a whole number above 0`);
}
