/** The transaction that a session has open, as far as the server has told of it. */
import type { TableSchema, TransactionMode } from "../../ports/engine.ts";
import type { MinisqlError } from "../../protocol/errors.ts";
import type { Channel } from "./channel.ts";
import { ERRNO } from "./faults.ts";
import { type Ending, STATUS_IN_TRANSACTION } from "./results.ts";

export class OpenTransaction {
  readonly mode: TransactionMode;
  /** Of the tables that were counted in it. */
  readonly schemas = new Map<string, TableSchema>();
  /** With what the server has undone it. */
  undoneBy: MinisqlError | null = null;
  /** It begins with its first statement. */
  #isInServer = false;

  constructor(mode: TransactionMode) {
    this.mode = mode;
  }

  /** False where a statement has ended it by itself, as DDL does. Queries tell nothing. */
  goesOn(ending: Ending): boolean {
    if (this.mode !== "write" || ending.status === null) return true;
    const wasInServer = this.#isInServer;
    this.#isInServer = isInTransaction(ending);
    return this.#isInServer || !wasInServer;
  }

  /** Whether the server has undone all of it with the statement that failed. */
  async isUndoneBy({ errno }: MinisqlError, channel: Channel): Promise<boolean> {
    if (errno === ERRNO.deadlock || errno === ERRNO.lockTableFull) return true;
    const { ending } = await channel.command("SET @_minisql_direct=NULL");
    return this.#isInServer && !isInTransaction(ending);
  }
}

function isInTransaction({ status }: Ending): boolean {
  return ((status ?? 0) & STATUS_IN_TRANSACTION) !== 0;
}
