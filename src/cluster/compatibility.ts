/** Whether two servers may hold copies of the same table: what replication depends on is alike. */
import type { Infer } from "../base/shape.ts";
import type { engineShape } from "../protocol/model.ts";

export type EngineDescription = Infer<typeof engineShape>;

/** The first difference that matters, in words, or null when there is none. */
export function difference(one: EngineDescription, other: EngineDescription): string | null {
  if (one.vendor !== other.vendor) return `vendor is ${one.vendor}, not ${other.vendor}`;
  if (one.version !== other.version) return `version is ${one.version}, not ${other.version}`;
  const names = new Set([...Object.keys(one.settings), ...Object.keys(other.settings)]);
  for (const name of [...names].sort()) {
    const mine = one.settings[name] ?? "unset";
    const theirs = other.settings[name] ?? "unset";
    if (mine !== theirs) return `${name} is ${quote(mine)}, not ${quote(theirs)}`;
  }
  return null;
}

function quote(value: string): string {
  return value === "" ? "empty" : value;
}
