/** Texts to statements, executable comments as the cluster's servers take them. */
import type { Answer } from "../protocol/messages.ts";
import { type ServerVersion, unfoldComments } from "../sql/executable_comment.ts";
import type { Deadline } from "./deadline.ts";
import type { MasterClient } from "./master_client.ts";
import { glance, readStatement, type Statement } from "./statement.ts";

type Engine = Answer<"servers">["servers"][number]["engine"];

/** What the embedded engine goes by. */
const LIKE_MYSQL: ServerVersion = { vendor: "mysql", version: 80_000 };
const EXECUTABLE = /\/\*M?!/;

/** A text that was all comment: nothing is done, and that is no error. */
const NOTHING: Statement = {
  sql: "",
  kind: "set",
  plan: { to: "session" },
  usesLastInsertId: false,
  parameters: [],
};

/** Texts that are given again and again are read once… */
const KEPT = 256;
/** …unless they are so long that the values must be written in. */
const KEPT_LENGTH_MAX = 1000;

export class StatementReader {
  readonly #masters: MasterClient;
  /** The ones used last are at the end. */
  readonly #kept = new Map<string, Statement>();
  #version: ServerVersion | null = null;

  constructor(masters: MasterClient) {
    this.#masters = masters;
  }

  async read(sql: string, deadline: Deadline): Promise<Statement> {
    const kept = this.#kept.get(sql);
    if (kept !== undefined) return this.#keep(sql, kept);
    const plain = glance(sql);
    if (plain !== null) return plain;
    if (!EXECUTABLE.test(sql)) return this.#keep(sql, readStatement(sql));
    this.#version ??= await this.#ask(deadline);
    // Opened up here, so that every server runs the same text.
    const unfolded = unfoldComments(sql, this.#version);
    return /[^\s;]/.test(unfolded) ? readStatement(unfolded) : NOTHING;
  }

  #keep(sql: string, statement: Statement): Statement {
    if (sql.length > KEPT_LENGTH_MAX) return statement;
    this.#kept.delete(sql);
    this.#kept.set(sql, statement);
    if (this.#kept.size > KEPT) {
      const [oldest = ""] = this.#kept.keys();
      this.#kept.delete(oldest);
    }
    return statement;
  }

  /** Servers that hold copies of the same tables are of one version. */
  async #ask(deadline: Deadline): Promise<ServerVersion> {
    const { servers } = await this.#masters.call("servers", {}, deadline.limits());
    const server = servers.find(({ status }) => status === "online") ?? servers[0];
    return server === undefined ? LIKE_MYSQL : versionOf(server.engine);
  }
}

function versionOf({ vendor, version }: Engine): ServerVersion {
  if (vendor === "sqlite") return LIKE_MYSQL;
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return { vendor, version: major * 10_000 + minor * 100 + patch };
}
