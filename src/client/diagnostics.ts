/** What SHOW WARNINGS tells of a session: the conditions that its last statement has left. */
import { MinisqlError } from "../protocol/errors.ts";
import type { Column, Condition, Row } from "../protocol/values.ts";
import { DONE, type Outcome } from "./answers.ts";
import type { QueryResult } from "./api.ts";
import type { ConditionsShow } from "./show.ts";

const COLUMNS: readonly Column[] = [
  { name: "Level", kind: "text", type: "varchar(7)", nullable: false },
  { name: "Code", kind: "integer", type: "int unsigned", nullable: false },
  { name: "Message", kind: "text", type: "varchar(512)", nullable: false },
];

export class Diagnostics {
  #conditions: readonly Condition[] = [];
  #count = 0;

  /** Takes note of how a statement goes that was begun; `end` tells of the whole of it. */
  async of<T>(statement: Promise<T>, end: (value: T) => Promise<Outcome>): Promise<T> {
    try {
      const value = await statement;
      end(value).then(
        ({ result }) => this.#note(result.conditions ?? [], result.warnings),
        (error) => this.#failed(error),
      );
      return value;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  show({ errorsOnly, counts, from, most }: ConditionsShow): QueryResult {
    const shown = this.#conditions.filter(({ level }) => !errorsOnly || level === "Error");
    if (counts) {
      const name = errorsOnly ? "@@session.error_count" : "@@session.warning_count";
      return answer([{ name, kind: "integer" }], [[errorsOnly ? shown.length : this.#count]]);
    }
    const rows = shown.slice(from, most === null ? undefined : from + most);
    return answer(COLUMNS, rows.map(({ level, code, message }) => [level, code, message]));
  }

  #note(conditions: readonly Condition[], count = conditions.length): void {
    this.#conditions = conditions;
    this.#count = Math.max(count, conditions.length);
  }

  #failed(error: unknown): void {
    const isSql = error instanceof MinisqlError && error.errno !== undefined;
    this.#note(isSql ? [{ level: "Error", code: error.errno ?? 0, message: error.message }] : []);
  }
}

function answer(columns: readonly Column[], rows: readonly Row[]): QueryResult {
  return { ...DONE, columns, rows };
}
