/**
 * How a session's own triggers know which statement they work for. The number of the transaction's
 * part and of the statement in it travel as one: `part * 2^20 + statement`. A part ends with each
 * flush, commit or rollback, so what session variables hold of an older part counts for nothing.
 *
 * MariaDB sets variables for one statement only, in the same round trip: the number is put into
 * one that decides nothing as long as the optimizer is not traced. Elsewhere it is a user variable,
 * set before.
 */
import type { Dialect } from "./server_facts.ts";

const STATEMENTS_BITS = 20n;
/** Parts in a part's number, for SQL. */
export const STATEMENTS_PER_PART = 1n << STATEMENTS_BITS;
/** No number a person would set that variable to: a number so high or higher is a counter. */
export const COUNTER_MIN = 1n << 40n;

/** MariaDB's variable that carries the counter. */
export const CARRIER = "optimizer_trace_max_mem_size";

/** The SQL expression of the running statement's counter; lower or NULL where it is not counted. */
export function counterSql(dialect: Dialect): string {
  return dialect === "mariadb" ? `@@SESSION.${CARRIER}` : "@_minisql_counter";
}

export class Counter {
  #part = COUNTER_MIN >> STATEMENTS_BITS;
  #statement = 0n;

  /** The part that runs. Never comes again in this session. */
  get part(): bigint {
    return this.#part;
  }

  /** The last statement's number; of none yet in this part, one lower than any. */
  get value(): bigint {
    return (this.#part << STATEMENTS_BITS) + this.#statement;
  }

  /** How many statements more fit into this part. */
  get room(): number {
    return Number(STATEMENTS_PER_PART - 1n - this.#statement);
  }

  /** Something in this part was counted, as far as can be seen from here. */
  get isUsed(): boolean {
    return this.#statement > 0n;
  }

  nextStatement(): bigint {
    this.#statement++;
    return this.value;
  }

  nextPart(): void {
    this.#part++;
    this.#statement = 0n;
  }
}
