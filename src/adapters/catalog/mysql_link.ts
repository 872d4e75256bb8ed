/** One connection to the catalog's MySQL: statements one after the other, and a sure end. */
import { type Connection, type ConnectionOptions, createConnection, type QueryError } from "mysql2";
import { connect as dial, type Socket } from "node:net";
import { Deferred } from "../../base/deferred.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Scalar, SqlRow } from "./record_table.ts";
import type { MysqlCatalogOptions } from "./mysql_options.ts";

/** A peer that vanished without a word is noticed by the system after some of these. */
const KEEP_ALIVE_MS = 10_000;

/** No idle connection is dropped by the server sooner. */
const IDLE_SECONDS_MIN = 10;

/** The connection ended, or was ended, before the answer came. */
export class LinkLostError extends Error {
  override readonly name = "LinkLostError";
}

export class MysqlLink {
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly #closed = new Deferred<void>();
  /** What is to be told when the connection is lost: the handshake's waiter, then a statement's. */
  readonly #waiting = new Set<Deferred<readonly SqlRow[]>>();
  #lost: Error | null = null;
  #usable = false;
  #committing = false;
  #packetMax = Infinity;

  /** Begins to connect. `database` is null to use none. */
  constructor(options: MysqlCatalogOptions, database: string | null) {
    const { server } = options;
    this.#socket = "socket" in server ? dial(server.socket) : dial(server.port, server.host);
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket.once("close", () => {
      this.#lose(new LinkLostError("the connection was closed"));
      this.#closed.resolve();
    });
    this.#connection = createConnection(driverOptions(options, database, this.#socket));
    // Stays for good: an error event that nobody hears would end the process.
    this.#connection.on("error", (error: Error) => this.#lose(error));
  }

  /** False once it is lost or closed. */
  get alive(): boolean {
    return this.#lost === null;
  }

  /** True once it is connected and its session set up. */
  get usable(): boolean {
    return this.#usable;
  }

  /** True from the sending of a COMMIT until its answer: what was sent may have happened. */
  get committing(): boolean {
    return this.#committing;
  }

  /** Resolves once statements can be run. `limitMs` is how long their caller waits at most. */
  async ready(limitMs: number): Promise<void> {
    await this.#answer((answer) => this.#connection.once("connect", () => answer.resolve([])));
    for (const sql of sessionSettings(limitMs)) await this.query(sql);
    const [row] = await this.query("SELECT @@max_allowed_packet AS packet_max");
    this.#packetMax = Number(row?.packet_max);
    this.#usable = true;
  }

  /** The rows of a query, or none. A failing statement leaves the connection in order. */
  query(sql: string, values: readonly Scalar[] = []): Promise<readonly SqlRow[]> {
    return this.#answer((answer) => {
      const text = this.#connection.format(sql, [...values]);
      this.#checkLength(text);
      this.#connection.query(text, (error: QueryError | null, result: unknown) => {
        if (error !== null) answer.reject(withoutStatement(error));
        else answer.resolve(Array.isArray(result) ? result : []);
      });
    });
  }

  async commit(): Promise<void> {
    this.#committing = true;
    await this.query("COMMIT");
    this.#committing = false;
  }

  /** Takes leave of the server and closes. Resolves once nothing is left open. */
  async end(): Promise<void> {
    if (this.alive) this.#connection.end(() => this.#socket.end());
    await this.#closed.promise;
  }

  /** Closes at once, whatever is under way. */
  destroy(reason: string): void {
    this.#lose(new LinkLostError(reason));
  }

  /** Whatever `ask` waits for, or the loss of the connection, which the driver may not tell of. */
  async #answer(ask: (answer: Deferred<readonly SqlRow[]>) => void): Promise<readonly SqlRow[]> {
    if (this.#lost !== null) throw this.#lost;
    const answer = new Deferred<readonly SqlRow[]>();
    this.#waiting.add(answer);
    try {
      ask(answer);
      return await answer.promise;
    } finally {
      this.#waiting.delete(answer);
    }
  }

  #lose(reason: Error): void {
    if (this.#lost !== null) return;
    this.#lost = reason;
    this.#socket.destroy();
    for (const answer of this.#waiting) answer.reject(reason);
  }

  /** The server would drop the connection on a longer packet, often without a word. */
  #checkLength(text: string): void {
    const bytes = text.length * 3 < this.#packetMax ? 0 : new TextEncoder().encode(text).length;
    if (bytes < this.#packetMax) return;
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot send ${bytes} bytes to the catalog's MySQL: its max_allowed_packet is ` +
        `${this.#packetMax}; raise it`,
    );
  }
}

/** The driver hangs the whole statement on its error, with all that is secret in it. */
function withoutStatement(error: QueryError): QueryError {
  Reflect.deleteProperty(error, "sql");
  return error;
}

function driverOptions(
  options: MysqlCatalogOptions,
  database: string | null,
  socket: Socket,
): ConnectionOptions {
  const { server, tls } = options;
  return {
    // The driver only ever half-closes a socket of its own, so it is given one that can be ended.
    stream: () => socket,
    ...("host" in server ? { host: server.host, port: server.port } : {}),
    user: options.user,
    password: options.password,
    ...(database === null ? {} : { database }),
    ...(tls === undefined ? {} : {
      ssl: { ...tls, rejectUnauthorized: true, verifyIdentity: true },
    }),
    charset: "utf8mb4",
    // This file's owner keeps the time.
    connectTimeout: 0,
    stringifyObjects: true,
    disableEval: true,
    // Text of every cell: what it means is decided by the column's kind, never by the driver.
    typeCast: (field) => field.string(),
    flags: ["-LOCAL_FILES", "-FOUND_ROWS", "-IGNORE_SPACE", "-ODBC"],
  };
}

/** What every session needs, whatever the server's own defaults are. */
function sessionSettings(limitMs: number): readonly string[] {
  // The server gives up a little sooner than the caller, and says what it waited for.
  const seconds = Math.max(1, Math.ceil(limitMs / 1000) - 1);
  const settings = {
    autocommit: "1",
    // A transaction that a COMMIT chains would go on reading its own old snapshot.
    completion_type: "'NO_CHAIN'",
    sql_mode: "'STRICT_ALL_TABLES'",
    sql_safe_updates: "0",
    sql_select_limit: "18446744073709551615",
    time_zone: "'+00:00'",
    innodb_lock_wait_timeout: seconds,
    lock_wait_timeout: seconds,
    // A master that vanished in the middle of a transaction must not hold its lock for hours.
    wait_timeout: Math.max(IDLE_SECONDS_MIN, 2 * seconds),
  };
  return [
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE",
    `SET SESSION ${Object.entries(settings).map(([name, to]) => `${name} = ${to}`).join(", ")}`,
  ];
}
