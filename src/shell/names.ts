/** Names for completion, asked for when they are first wanted and kept until something changes. */
import type { Client } from "../client/api.ts";
import { quoteName } from "../client/sql_text.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Names } from "./editor/completion.ts";

/** A person who presses Tab does not wait longer. */
const LIMIT_MS = 2000;

export class ClusterNames implements Names {
  readonly #client: Client;
  readonly #known = new Map<string, Promise<readonly string[]>>();

  constructor(client: Client) {
    this.#client = client;
  }

  forget(): void {
    this.#known.clear();
  }

  databases(): Promise<readonly string[]> {
    return this.#ask("databases", () => this.#column("SHOW DATABASES"));
  }

  tables(): Promise<readonly string[]> {
    return this.#ask("tables", async () => {
      const { tables } = await this.#client.admin.master("meta", {}, { timeoutMs: LIMIT_MS });
      return tables.map(({ name }) => name);
    });
  }

  columns(table: string): Promise<readonly string[]> {
    if (table === "") return Promise.resolve([]);
    return this.#ask(
      `columns of ${table}`,
      () => this.#column(`SHOW COLUMNS FROM ${quoteName(table)}`),
    );
  }

  servers(): Promise<readonly string[]> {
    return this.#ask("servers", async () => {
      const { servers } = await this.#client.admin.master("servers", {}, { timeoutMs: LIMIT_MS });
      return servers.map(({ rid }) => `r${rid}`);
    });
  }

  async #column(sql: string): Promise<readonly string[]> {
    const { rows } = await this.#client.query(sql, [], { timeoutMs: LIMIT_MS });
    return rows.map(([name]) => String(name));
  }

  /** Not to know a name is no error: nothing is completed then, and it is asked again. */
  async #ask(
    what: string,
    question: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const known = this.#known.get(what) ?? question();
    this.#known.set(what, known);
    try {
      return await known;
    } catch (error) {
      this.#known.delete(what);
      if (error instanceof MinisqlError) return [];
      throw error;
    }
  }
}
