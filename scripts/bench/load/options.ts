/** What the benchmarks under load can be told. */
import { parseArgs } from "node:util";

export interface LoadOptions {
  readonly seconds: number;
  readonly clients: readonly number[];
  /** Only systems whose name holds one of these; all where there are none. */
  readonly only: readonly string[];
}

/** `--seconds 5 --clients 1,8,32,64 --only alone,minisql` */
export function loadOptions(args: readonly string[]): LoadOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "5" },
      clients: { type: "string", default: "1,8,32,64" },
      only: { type: "string", default: "" },
    },
  });
  const clients = values.clients.split(",").map(Number);
  const seconds = Number(values.seconds);
  if (!(seconds > 0) || !clients.every((each) => Number.isInteger(each) && each > 0)) {
    throw new Error(`Cannot use --seconds ${values.seconds} --clients ${values.clients}`);
  }
  return { seconds, clients, only: values.only.split(",").filter((name) => name !== "") };
}

export function isWanted(name: string, { only }: LoadOptions): boolean {
  return only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase()));
}
