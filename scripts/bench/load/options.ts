/** What the benchmarks under load can be told. */
import { parseArgs } from "node:util";

export interface LoadOptions {
  readonly seconds: number;
  readonly clients: readonly number[];
  /** Only systems whose name holds one of these; all where there are none. */
  readonly only: readonly string[];
  /** Each thing is measured so often; its median counts. */
  readonly rounds: number;
}

/** Raises what people can read. */
export function loadOptions(
  args: readonly string[],
  usual: Pick<LoadOptions, "seconds" | "rounds">,
): LoadOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: String(usual.seconds) },
      clients: { type: "string", default: "1,8,32,64" },
      only: { type: "string", default: "" },
      rounds: { type: "string", default: String(usual.rounds) },
    },
  });
  const clients = values.clients.split(",").map(Number);
  const seconds = Number(values.seconds);
  const rounds = Number(values.rounds);
  if (!(seconds > 0) || ![...clients, rounds].every((each) => Number.isInteger(each) && each > 0)) {
    const { seconds, clients, rounds } = values;
    throw new TypeError(
      `Cannot use --seconds ${seconds} --clients ${clients} --rounds ${rounds}: they are numbers`,
    );
  }
  return { seconds, clients, rounds, only: values.only.split(",").filter((name) => name !== "") };
}

export function isWanted(name: string, { only }: LoadOptions): boolean {
  return only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase()));
}
