/** What a table itself must not have for writes to it to repeat. */
import { functionRule } from "./functions.ts";
import { usesIn } from "./calls.ts";
import type { GuardColumn, GuardTable } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { type Node, treeOf } from "./tree.ts";
import { unsafe, unsupported } from "./verdict.ts";

/** Whose changes are undone with their transaction, which everything rests on. */
const TRANSACTIONAL = new Set(["innodb", "sqlite"]);
const QUIET_ACTIONS = new Set(["RESTRICT", "NO ACTION", ""]);

export function isQuietAction(action: string | null): boolean {
  return action === null || QUIET_ACTIONS.has(action.toUpperCase());
}

export function isTransactional(engine: string): boolean {
  return TRANSACTIONAL.has(engine.toLowerCase());
}

/** Raises a refusal for a table that no write can be let at, however it is worded. */
export function requireReplicable(table: GuardTable, scope: Scope): void {
  const [trigger] = table.triggers;
  if (trigger !== undefined) {
    throw unsupported(
      `a write to ${table.name}`,
      `its trigger ${trigger} may do what cannot be seen`,
      "drop the trigger and do its work in the client",
    );
  }
  if (!isTransactional(table.storage)) {
    throw unsupported(
      `a write to ${table.name}`,
      `what is written to a table of engine ${table.storage} cannot be undone`,
      "ALTER TABLE … ENGINE = InnoDB",
    );
  }
  for (const { name, onDelete, onUpdate } of table.foreignKeys) {
    if (isQuietAction(onDelete) && isQuietAction(onUpdate)) continue;
    throw unsupported(
      `a write to ${table.name}`,
      `its foreign key ${name} changes rows that no trigger sees`,
      "make it anew with ON DELETE RESTRICT",
    );
  }
  for (const column of table.columns) requireRepeatableColumn(column, scope);
}

function requireRepeatableColumn(column: GuardColumn, scope: Scope): void {
  const { name, defaultSql, generatedSql, onUpdateSql } = column;
  if (generatedSql !== null) requirePure(generatedSql, `generated column ${name}`);
  if (onUpdateSql !== null || (defaultSql !== null && isClock(defaultSql))) {
    scope.expressions.context.add("timestamp");
  }
}

/** Raises a refusal unless an expression kept in a schema depends on nothing but the row. */
export function requirePure(sql: string, where: string): void {
  const offence = offenceOf(sql, new Set(["pure"]));
  if (offence === null) return;
  throw unsafe(
    `${where} with ${offence}`,
    "it would be worked out anew on each copy, and at other times",
    "compute it in the client and write the value",
  );
}

/** Whether a default is the same on each copy, given the statement's time. */
export function isRepeatableDefault(sql: string): boolean {
  return offenceOf(sql, new Set(["pure", "clock"])) === null;
}

/** What in an expression is none of the kinds let in, or null. */
function offenceOf(sql: string, kinds: ReadonlySet<string>): string | null {
  return offenceIn(treeOf(sql), kinds);
}

export function offenceIn(nodes: readonly Node[], kinds: ReadonlySet<string>): string | null {
  for (const use of usesIn(nodes, "once")) {
    if (use.kind === "user_variable" || use.kind === "system_variable") return use.token.text;
    if (use.kind === "sequence") return "NEXT VALUE FOR";
    const rule = use.isQualified ? "unknown" : functionRule(use.name).kind;
    if (!kinds.has(rule)) return `${use.name}()`;
  }
  return null;
}

function isClock(sql: string): boolean {
  return offenceOf(sql, new Set(["pure"])) !== null;
}

/** Raises a refusal for a column that is left to a default of another value on each copy. */
export function requireRepeatableDefault(table: GuardTable, column: GuardColumn): void {
  const { defaultSql, name } = column;
  if (defaultSql === null || isRepeatableDefault(defaultSql)) return;
  throw unsafe(
    `the default ${defaultSql} of ${table.name}.${name}`,
    "each copy would work out its own value",
    `name the column and write ${defaultSql} as its value`,
  );
}
