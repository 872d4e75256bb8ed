/** A made-up region's replicated content: as much of it as clients can see of their statements. */
import { MinisqlError, sqlError } from "../../../src/protocol/errors.ts";
import type { Route, ServerRef } from "../../../src/protocol/model.ts";

/** A statement that was committed. */
export interface CommittedStatement {
  readonly sql: string;
  readonly session: string;
  readonly n: number;
}

/** What all replicas agree on; which of them leads is one number. */
export class FakeRegion {
  readonly name: string;
  readonly tables: string[];
  readonly replicas: ServerRef[];
  epoch = 1;
  primary: number;
  /** In sync, the primary included. */
  inSync: number[];
  /** Of each of its tables. */
  rows = 0;
  readonly committed: CommittedStatement[] = [];
  readonly #answered = new Map<string, { readonly n: number; readonly seq: number }>();

  constructor(name: string, tables: readonly string[], replicas: readonly ServerRef[]) {
    this.name = name;
    this.tables = [...tables];
    this.replicas = [...replicas];
    this.primary = replicas[0]?.rid ?? 0;
    this.inSync = replicas.map(({ rid }) => rid);
  }

  /** Each statement is one entry, so that positions are easy to tell. */
  get seq(): number {
    return this.committed.length;
  }

  get route(): Route {
    const servers = this.replicas.filter(({ rid }) => this.inSync.includes(rid));
    return {
      ...{ region: this.name, epoch: this.epoch, tables: [...this.tables] },
      primary: servers.find(({ rid }) => rid === this.primary) ?? null,
      slaves: servers.filter(({ rid }) => rid !== this.primary),
      state: "writable",
    };
  }

  elect(rid: number): void {
    this.primary = rid;
    this.epoch++;
  }

  /** Commits statements under one number; the same number again is answered and not done again. */
  commit(statements: readonly string[], session: string, n: number): number {
    const last = this.#answered.get(session);
    if (last?.n === n) return last.seq;
    if (last !== undefined && last.n > n) {
      throw new MinisqlError("BAD_REQUEST", `Write ${n} of ${session} comes after ${last.n}`);
    }
    for (const sql of statements) {
      if (sql.includes("duplicate")) throw duplicate();
      this.committed.push({ sql, session, n });
    }
    this.#answered.set(session, { n, seq: this.seq });
    return this.seq;
  }

  knows(session: string, n: number): boolean {
    return this.#answered.get(session)?.n === n;
  }

  /** How often a statement was done. */
  count(sql: string): number {
    return this.committed.filter((each) => each.sql === sql).length;
  }
}

export function duplicate(): MinisqlError {
  return sqlError(1062, "23000", "Duplicate entry '1' for key 'PRIMARY'");
}
