/** What becomes of each kind of statement: the rules it is put to, or why a cluster cannot run it. */
import type { StatementKind } from "../statement_kind.ts";
import { requireRepeatableDdl } from "./ddl_rules.ts";
import { requireRepeatableInsert } from "./insert_rules.ts";
import { requireHarmlessRead } from "./read_rules.ts";
import type { Scope } from "./scope.ts";
import { requireRepeatableDelete, requireRepeatableUpdate } from "./update_rules.ts";
import { unsupported } from "./verdict.ts";

/** Raises a refusal unless the statement repeats, once its spots are filled in. */
export function requireRepeatable(scope: Scope): void {
  const { kind } = scope.statement;
  switch (kind) {
    case "select":
    case "values":
    case "table":
    case "show":
    case "describe":
    case "explain":
    case "checksum_table":
    case "help":
      return requireHarmlessRead(scope);
    case "insert":
    case "replace":
      return requireRepeatableInsert(scope);
    case "update":
      return requireRepeatableUpdate(scope);
    case "delete":
      return requireRepeatableDelete(scope);
    case "create_table":
    case "alter_table":
    case "drop_table":
    case "rename_table":
    case "truncate":
    case "create_index":
    case "drop_index":
      return requireRepeatableDdl(scope);
    case "set":
    case "set_transaction":
    case "use":
    case "begin":
    case "commit":
    case "rollback":
    case "savepoint":
    case "rollback_to":
    case "release":
      return;
    default:
      throw unsupported(...REFUSALS[kind]);
  }
}

type Refused = Exclude<
  StatementKind,
  | ("select" | "values" | "table" | "show" | "describe" | "explain" | "checksum_table" | "help")
  | ("insert" | "replace" | "update" | "delete" | "create_table" | "alter_table" | "drop_table")
  | ("rename_table" | "truncate" | "create_index" | "drop_index" | "set" | "set_transaction")
  | ("use" | "begin" | "commit" | "rollback" | "savepoint" | "rollback_to" | "release")
>;

/** What each is, why a cluster cannot run it, and what to do instead. */
const REFUSALS: Readonly<Record<Refused, readonly [what: string, why: string, instead?: string]>> =
  {
    load: [
      "LOAD DATA",
      "the file is on one machine only",
      "read it in the client and write INSERT … VALUES",
    ],
    ...alike(["create_view", "alter_view", "drop_view"], [
      "a statement on a view",
      "views are not replicated",
      "write the view's query where it is used",
    ]),
    ...alike(["create_database", "alter_database", "drop_database"], [
      "a statement on a database",
      "a cluster is one database",
      "make another cluster",
    ]),
    ...alike(["create_sequence", "alter_sequence", "drop_sequence"], [
      "a statement on a sequence",
      "sequences are not replicated",
      "use an AUTO_INCREMENT column",
    ]),
    ...alike(["create_routine", "alter_routine", "drop_routine"], [
      "a statement on a trigger, routine or event",
      "what such code does cannot be followed",
      "do its work in the client",
    ]),
    xa: [
      "XA",
      "transactions over several servers are not built",
      "use START TRANSACTION and COMMIT",
    ],
    call: ["CALL", "what a procedure does cannot be followed", "send its statements one by one"],
    do: ["DO", "nothing would come of it", "write SELECT"],
    handler: ["HANDLER", "it reads past transactions and replicas", "write SELECT"],
    ...alike(["lock_tables", "unlock_tables"], [
      "LOCK TABLES and UNLOCK TABLES",
      "they would lock one copy only",
      "use a transaction with SELECT … FOR UPDATE",
    ]),
    ...alike(["prepare", "execute", "deallocate"], [
      "PREPARE and EXECUTE",
      "the connection is shared by many clients",
      "send the statement with its parameters",
    ]),
    maintain_table: [
      "ANALYZE, CHECK, OPTIMIZE and REPAIR TABLE",
      "they work on one server's files",
      "run them on each MySQL server",
    ],
    administer: [
      "a statement that administers a server",
      "it would change one server only",
      "run it on each MySQL server",
    ],
    unknown: ["this statement", "what it does is not known"],
  };

function alike<K extends Refused, R>(kinds: readonly K[], refusal: R): Record<K, R> {
  return Object.fromEntries(kinds.map((kind) => [kind, refusal])) as Record<K, R>;
}
