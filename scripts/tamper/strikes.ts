/** Changes rows in one MariaDB, past every part of minisql, and times what follows. */
import { createConnection } from "mysql2/promise";
import type { ClusterEvent } from "../../src/protocol/events.ts";
import type { MariadbServer } from "../services/mariadb.ts";
import { COPIES } from "../services/minisql.ts";
import type { Operator } from "../services/minisql_clients.ts";
import { waitUntil } from "../services/wait.ts";
import { idAt, ROWS, TABLE } from "./table.ts";

const LIMIT_MS = 60_000;
const EVENTS_AT_ONCE = 1000;

export const KINDS = ["edit", "delete", "insert", "swap"] as const;
export const VICTIMS = ["slave", "primary"] as const;

export type Kind = typeof KINDS[number];
export type Victim = typeof VICTIMS[number];

export interface Strike {
  readonly kind: Kind;
  readonly victim: Victim;
  readonly server: string;
  /** Milliseconds from the change to its being told, and to the copy's being put right. */
  readonly noticedMs: number;
  readonly repairedMs: number;
  /** Rows that were put right. */
  readonly rows: number;
  readonly reason: string;
}

export class Tamperer {
  readonly #operator: Operator;

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  async strike(kind: Kind, victim: Victim): Promise<Strike> {
    const { primary, isr } = await this.#operator.allInSync(TABLE);
    const slaves = isr.map(({ rid }) => rid).filter((rid) => rid !== primary);
    const rid = victim === "primary" ? primary : slaves[Math.floor(Math.random() * slaves.length)];
    const { server, mariadb } = await this.#operator.serverOf(rid ?? 0);
    const last = (await this.#events()).at(-1)?.id ?? 0;
    await tamper(mariadb, kind);
    const since = Date.now();
    const found = async (name: ClusterEvent["event"]) => {
      let at: { readonly ms: number; readonly what: ClusterEvent } | undefined;
      const isFound = await waitUntil(LIMIT_MS, async () => {
        const events = await this.#events(last);
        const event = events.find(({ what }) =>
          what.event === name && "rid" in what && what.rid === rid
        );
        if (event !== undefined) at = { ms: event.at - since, what: event.what };
        return at !== undefined;
      });
      if (isFound && at !== undefined) return at;
      throw new Error(`No event ${name} of server ${rid} after the ${kind} in its database`);
    };
    const noticed = await found("copy.diverged");
    const repaired = await found("copy.repaired");
    return {
      ...{ kind, victim, server: server.name },
      noticedMs: Math.max(0, noticed.ms),
      repairedMs: Math.max(0, repaired.ms),
      rows: repaired.what.event === "copy.repaired" ? repaired.what.rows : 0,
      reason: noticed.what.event === "copy.diverged" ? noticed.what.reason : "",
    };
  }

  async #events(after = 0) {
    const request = { after, limit: EVENTS_AT_ONCE };
    return (await this.#operator.client.admin.master("events", request)).events;
  }
}

/** As somebody does it who has the password of the database and means well, or not. */
async function tamper({ host, port, user, password }: MariadbServer, kind: Kind): Promise<void> {
  const connection = await createConnection({ host, port, user, password, database: COPIES });
  try {
    await connection.query(statementOf(kind));
  } finally {
    await connection.end();
  }
}

function statementOf(kind: Kind): string {
  const place = Math.floor(Math.random() * (ROWS - 1));
  const [id, next] = [idAt(place), idAt(place + 1)];
  switch (kind) {
    case "edit":
      return `UPDATE ${TABLE} SET word = 'tampered' WHERE id = ${id}`;
    case "delete":
      return `DELETE FROM ${TABLE} WHERE id = ${id}`;
    case "insert":
      return `INSERT INTO ${TABLE} VALUES (${id + 1}, 0, 'tampered')`;
    case "swap":
      return `UPDATE ${TABLE} JOIN ${TABLE} other ON other.id = ${id} + ${next} - ${TABLE}.id ` +
        `SET ${TABLE}.word = other.word WHERE ${TABLE}.id IN (${id}, ${next})`;
  }
}
