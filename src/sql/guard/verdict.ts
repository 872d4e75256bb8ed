/** What the guard answers, and how its refusals are worded. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { StatementCategory, StatementKind } from "../statement_kind.ts";
import type { TableUse } from "../table_walk.ts";

/** What of a statement's context it depends on; all else is written in its text. */
export type ContextField =
  | "timestamp"
  | "random_seeds"
  | "last_insert_id"
  /** The first number drawn for AUTO_INCREMENT, which the server's answer tells. */
  | "insert_id"
  /**
   * The same, but rows that are already there let the answer tell another number: the primary
   * must itself choose one above all there are, and run the statement with it.
   */
  | "insert_id_beforehand";

/** What a statement asks of the session it is said in; no server's session runs it as text. */
export type SessionChange =
  | { readonly kind: "nothing" }
  | { readonly kind: "autocommit"; readonly isOn: boolean }
  | { readonly kind: "foreign_key_checks"; readonly isOn: boolean }
  | { readonly kind: "begin"; readonly isReadOnly: boolean }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback" }
  | { readonly kind: "savepoint"; readonly name: string }
  | { readonly kind: "rollback_to"; readonly name: string }
  | { readonly kind: "release"; readonly name: string };

/** What is told of every statement that may run. */
export interface Accepted {
  readonly statement: StatementKind;
  readonly category: StatementCategory;
  readonly tables: readonly TableUse[];
  readonly context: readonly ContextField[];
}

export type Verdict =
  /** `sql` repeats exactly with its context. It is the given text, executable comments opened up. */
  | (Accepted & {
    readonly kind: "safe";
    readonly sql: string;
    /** What SET, USE and transaction control ask for, in order; empty for all else. */
    readonly session: readonly SessionChange[];
  })
  /** The text that `rewrite` makes of the values of `expressions`, as SQL literals, is safe. */
  | (Accepted & {
    readonly kind: "rewritten";
    readonly expressions: readonly string[];
    rewrite(literals: readonly string[]): string;
  })
  | { readonly kind: "refused"; readonly error: MinisqlError };

/** It could run differently on each copy. */
export function unsafe(what: string, why: string, instead: string): MinisqlError {
  return new MinisqlError("UNSAFE", `Cannot replicate ${what}: ${why}; ${instead}`);
}

/** A cluster cannot do it, however it is written. */
export function unsupported(what: string, why: string, instead?: string): MinisqlError {
  const advice = instead === undefined ? "" : `; ${instead}`;
  return new MinisqlError("UNSUPPORTED", `Cannot run ${what}: ${why}${advice}`);
}
