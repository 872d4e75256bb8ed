/** An expression translated: SQLite's SQL for it, and what MySQL knows of its value. */
import type { SqlValue } from "./functions_spec.ts";
import { sqliteName } from "./functions_registry.ts";
import type { LiteralValue } from "./translate_ast.ts";
import { detached, NULL_TYPE, type ValueType } from "./translate_type.ts";

export interface Value {
  readonly sql: string;
  readonly type: ValueType;
  /** The same on every row of a statement. */
  readonly constant: boolean;
  /** The literal it was, where it was one. */
  readonly literal: LiteralValue | null;
  /** Answers may differ from one evaluation to the next. */
  readonly volatile: boolean;
}

export const NULL_VALUE: Value = {
  sql: "NULL",
  type: NULL_TYPE,
  constant: true,
  literal: { type: "null" },
  volatile: false,
};

export function isNull(value: Value): boolean {
  return value.type.kind === "null";
}

/** A value computed from others: constant when they all are. */
export function derived(sql: string, type: ValueType, from: readonly Value[]): Value {
  return {
    sql,
    type: detached(type),
    constant: from.every((each) => each.constant),
    literal: null,
    volatile: from.some((each) => each.volatile),
  };
}

/** SQL that calls one of our functions. */
export function callSql(name: string, ...args: readonly string[]): string {
  return `${sqliteName(name, args.length)}(${args.join(", ")})`;
}

/** Text that has no place among the parameters: units, scales, expressions for error messages. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll("\0", "")}'`;
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A parameter's number; quoted text, in which nothing is one, is passed over. */
const PARAMETER = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?(\d+)/g;

/** Values bound to a statement, each under a number, so that its text may stand in any order. */
export class Parameters {
  readonly #values: SqlValue[] = [];

  get values(): readonly SqlValue[] {
    return this.#values;
  }

  /** The values that SQL asks for: SQLite takes none beyond the last one named. */
  usedBy(sql: string): readonly SqlValue[] {
    let last = 0;
    for (const [, number] of sql.matchAll(PARAMETER)) last = Math.max(last, Number(number ?? 0));
    return this.#values.slice(0, last);
  }

  /** A place for a value that comes later. */
  reserve(): string {
    this.#values.push(null);
    return `?${this.#values.length}`;
  }

  add(value: SqlValue): string {
    const found = typeof value === "object" ? -1 : this.#values.indexOf(value);
    if (found >= 0) return `?${found + 1}`;
    this.#values.push(value);
    return `?${this.#values.length}`;
  }
}
