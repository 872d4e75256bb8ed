/**
 * In which order a script's tables are made. A dump is sorted by name and may refer to a table that
 * it makes further on: MySQL lets it, with its checks off, but here tables that belong together live
 * together, so that a parent must be there first.
 */
import { ScriptSplitter, statementOf } from "../../client/sql_text.ts";
import type { OpenFile } from "../port.ts";
import { HEX_ADVICE, Utf8Text } from "../utf8.ts";
import { withoutRemarks } from "./dump.ts";

export interface Step {
  readonly sql: string;
  readonly line: number;
}

interface Definition {
  /** Where in the script it stands, among definitions. */
  readonly at: number;
  /** DROP TABLE, where there is one, and CREATE TABLE. */
  readonly steps: readonly Step[];
  readonly parents: readonly string[];
}

/** What is to be done about one statement. */
export interface Turn {
  /** To be run before it. */
  readonly ahead: readonly Step[];
  /** It was run before its turn. */
  readonly isDone: boolean;
}

const IN_ORDER: Turn = { ahead: [], isDone: false };
const DEFINES = /^(?:CREATE|DROP)\s+TABLE\b/i;

export class TableOrder {
  readonly #definitions = new Map<string, Definition>();
  /** Tables that were made before their turn. */
  readonly #early = new Set<string>();

  /** Looks the script through. */
  static async of({ pieces }: OpenFile, path: string): Promise<TableOrder> {
    const order = new TableOrder();
    const splitter = new ScriptSplitter();
    const text = new Utf8Text(path, HEX_ADVICE);
    const drops = new Map<string, Step>();
    const note = (steps: readonly Step[]) => {
      for (const step of steps) order.#note(step, drops);
    };
    for await (const piece of pieces) note(splitter.push(text.push(piece)));
    note([...splitter.push(text.end()), ...splitter.end()]);
    return order;
  }

  /** As the script has it. */
  static asItIs(): TableOrder {
    return new TableOrder();
  }

  /** To be asked about each statement in turn, those of an earlier run included. */
  turn(sql: string): Turn {
    if (this.#definitions.size === 0 || !DEFINES.test(withoutRemarks(sql))) return IN_ORDER;
    const table = written(sql);
    if (table === null) return IN_ORDER;
    if (this.#early.has(table)) return { ahead: [], isDone: true };
    const definition = this.#definitions.get(table);
    if (definition === undefined || definition.steps.at(-1)?.sql !== sql) return IN_ORDER;
    return { ahead: this.#parentsOf(definition, definition.at), isDone: false };
  }

  /** Definitions of what it refers to and what comes after `at`, each behind its own parents. */
  #parentsOf({ parents }: Definition, at: number): readonly Step[] {
    return parents.flatMap((parent) => {
      const definition = this.#definitions.get(parent);
      if (definition === undefined || definition.at <= at || this.#early.has(parent)) return [];
      this.#early.add(parent);
      return [...this.#parentsOf(definition, at), ...definition.steps];
    });
  }

  #note(step: Step, drops: Map<string, Step>): void {
    const text = withoutRemarks(step.sql);
    if (!DEFINES.test(text)) return;
    const statement = statementOf(step.sql);
    const table = written(step.sql);
    if (statement === null || table === null) return;
    if (/^DROP/i.test(text)) return void drops.set(table, step);
    const drop = drops.get(table);
    this.#definitions.set(table, {
      at: this.#definitions.size,
      steps: drop === undefined ? [step] : [drop, step],
      parents: statement.tables.flatMap(({ table: name, role }) =>
        role === "read" && name !== table ? [name] : []
      ),
    });
  }
}

/** The one table that a definition is of; null for several. */
function written(sql: string): string | null {
  const tables = statementOf(sql)?.tables.filter(({ role }) => role === "written") ?? [];
  return tables.length === 1 ? tables[0]?.table ?? null : null;
}
