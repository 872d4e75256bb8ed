/** SET, USE and transaction control as a session takes them, `minisql_read` included. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { scopeOf } from "../sql/guard/guard.ts";
import { sessionChanges } from "../sql/guard/session_rules.ts";
import { isGroup, listItems, type Node, treeOf } from "../sql/guard/tree.ts";
import type { SessionChange } from "../sql/guard/verdict.ts";
import { NO_FACTS, readLevel } from "./statement.ts";

export type Setting =
  | SessionChange
  /** Null for DEFAULT: what the client was given when it connected. */
  | { readonly kind: "read"; readonly level: ReadLevel | null };

const SCOPES = new Set(["SESSION", "LOCAL", ".", "@@"]);

/** What a statement asks of its session, in order. Raises a refusal of what none can have. */
export function readSettings(sql: string, database: string): readonly Setting[] {
  if (sql === "") return [];
  const facts = { ...NO_FACTS, database };
  if (!/minisql_read/i.test(sql)) return sessionChanges(scopeOf(sql, facts));
  const [verb, ...nodes] = treeOf(sql);
  if (verb === undefined || isGroup(verb) || verb.upper !== "SET") {
    return sessionChanges(scopeOf(sql, facts));
  }
  return listItems(nodes).flatMap((item): readonly Setting[] => {
    const level = levelSetting(item);
    return level === null ? sessionChanges(scopeOf(`SET ${textOf(sql, item)}`, facts)) : [level];
  });
}

function textOf(sql: string, item: readonly Node[]): string {
  return sql.slice(item[0]?.start ?? 0, item.at(-1)?.end ?? 0);
}

/** `[SESSION | LOCAL] minisql_read = level`, also as `@@minisql_read`; null for all else. */
function levelSetting(item: readonly Node[]): Setting | null {
  const tokens = item.flatMap((node) => isGroup(node) ? [] : [node]);
  const words = tokens.filter(({ upper }) => !SCOPES.has(upper));
  const [name, sign, value] = words;
  if (words.length !== 3 || name === undefined || sign === undefined || value === undefined) {
    return null;
  }
  const isName = /^((session|local)\.)?minisql_read$/i.test(name.value);
  if (!isName || (sign.upper !== "=" && sign.upper !== ":=")) return null;
  return { kind: "read", level: value.upper === "DEFAULT" ? null : readLevel(value.value) };
}
