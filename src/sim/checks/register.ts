/** One number in one row: written, added to, read. */
import type { Model, Operation } from "./linearizable.ts";
import { linearize } from "./linearizable.ts";

export type RegisterInput =
  | { readonly kind: "read" }
  | { readonly kind: "write"; readonly value: number }
  | { readonly kind: "add"; readonly by: number };

/** What a read found; nothing to know of writes. */
export interface RegisterOutput {
  readonly value: number | null;
}

/** Null while there is no row. */
export const REGISTER: Model<number | null, RegisterInput, RegisterOutput> = {
  initial: null,
  step(state, input, output) {
    switch (input.kind) {
      case "read":
        return output === null || output.value === state ? { state } : null;
      case "write":
        return { state: input.value };
      case "add":
        return { state: state === null ? null : state + input.by };
    }
  },
  key: (state) => String(state),
};

export type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/** What is wrong with the history of one row, in words, or null. */
export function registerFault(
  row: string,
  initial: number | null,
  operations: readonly RegisterOperation[],
): string | null {
  const longest = linearize({ ...REGISTER, initial }, operations);
  if (longest === null) return null;
  const known = new Set(longest);
  const left = operations.filter((_, at) => !known.has(at))
    .toSorted((a, b) => a.returned - b.returned);
  const story = [...longest.map((at) => operations[at]), "|", ...left.slice(0, 6)];
  return `${row} is not linearizable: ${story.map(words).join(" ")}`;
}

function words(operation: RegisterOperation | string | undefined): string {
  if (operation === undefined || typeof operation === "string") return operation ?? "";
  const { input, output, called, returned } = operation;
  const what = input.kind === "read"
    ? `read=${output?.value}`
    : input.kind === "write"
    ? `write(${input.value})`
    : `add(${input.by})`;
  return `${what}@${called.toFixed(1)}-${returned.toFixed(1)}`;
}
