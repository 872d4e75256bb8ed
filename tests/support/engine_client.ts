/** A client whose cluster is one engine: for trying what stands on the client library by itself. */
import type {
  Client,
  ClusterAdmin,
  Outcome,
  Prepared,
  QueryOptions,
  QueryResult,
  QueryStream,
  Session,
} from "../../src/client/api.ts";
import type { Engine, EngineSession } from "../../src/ports/engine.ts";
import type { ReadLevel, Receipt } from "../../src/protocol/calls/region.ts";
import type { Row } from "../../src/protocol/values.ts";
import { bind, type Parameter } from "../../src/sql/bind.ts";
import { classify } from "../../src/sql/classify.ts";
import { engineAdmin } from "./engine_admin.ts";

const LIMIT_MS = 60_000;

export interface EngineClientOptions {
  /** Queries are streamed; their warnings are not counted then. */
  readonly streams?: boolean;
  /** Called before each statement. */
  readonly onStatement?: (sql: string, options: QueryOptions) => void | Promise<void>;
  /** Answers in place of the engine, where it answers anything. */
  readonly answer?: (sql: string) => Pick<QueryResult, "columns" | "rows"> | null;
  readonly admin?: Partial<ClusterAdmin>;
}

export class EngineClient implements Client {
  readonly admin: ClusterAdmin;
  readonly #engine: Engine;
  readonly #options: EngineClientOptions;
  readonly #sessions = new Set<EngineClientSession>();

  constructor(engine: Engine, options: EngineClientOptions = {}) {
    this.#engine = engine;
    this.#options = options;
    this.admin = { ...engineAdmin(engine), ...options.admin };
  }

  session(): EngineClientSession {
    const session = new EngineClientSession(this.#engine, this.#options);
    this.#sessions.add(session);
    return session;
  }

  async query(sql: string, params: readonly Parameter[] = [], options: QueryOptions = {}) {
    const session = this.session();
    try {
      return await session.query(sql, params, options);
    } finally {
      await session.close();
    }
  }

  stream(sql: string, params: readonly Parameter[] = [], options: QueryOptions = {}): QueryStream {
    return this.session().stream(sql, params, options);
  }

  execute(sql: string, params?: readonly Parameter[], options?: QueryOptions): Promise<Outcome> {
    return this.query(sql, params, options);
  }

  cancel(): void {}

  prepare(sql: string): Prepared {
    return { sql, execute: (params, options) => this.query(sql, params, options) };
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = this.session();
    try {
      await session.query("BEGIN");
      const value = await work(session);
      await session.query("COMMIT");
      return value;
    } finally {
      await session.close();
    }
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.close();
  }
}

class EngineClientSession implements Session {
  readonly #engine: Engine;
  readonly #options: EngineClientOptions;
  #opened: Promise<EngineSession> | null = null;
  #seq = 0;
  inTransaction = false;
  read: ReadLevel = "voted";

  constructor(engine: Engine, options: EngineClientOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  setRead(level: ReadLevel): void {
    this.read = level;
  }

  async query(
    sql: string,
    params: readonly Parameter[] = [],
    options: QueryOptions = {},
  ): Promise<QueryResult> {
    const bound = bind(sql, params);
    await this.#options.onStatement?.(bound, options);
    options.signal?.throwIfAborted();
    const answer = this.#options.answer?.(bound) ?? null;
    if (answer !== null) return { ...answer, result: { affected: 0 }, receipt: null };
    const session = await (this.#opened ??= this.#engine.session());
    if (await this.#transaction(session, bound)) {
      return { columns: [], rows: [], result: { affected: 0 }, receipt: this.#receipt() };
    }
    const rows = await session.run(bound, { timeoutMs: LIMIT_MS, ...options });
    return { ...rows, receipt: this.#receipt() };
  }

  stream(sql: string, params: readonly Parameter[] = [], options: QueryOptions = {}): QueryStream {
    return this.#options.streams === true && /^\s*select\b.*\bfrom\b/is.test(sql)
      ? this.#streaming(bind(sql, params), options)
      : wholeStream(this.query(sql, params, options));
  }

  execute(sql: string, params?: readonly Parameter[], options?: QueryOptions): Promise<Outcome> {
    return this.query(sql, params, options);
  }

  cancel(): void {}

  prepare(sql: string): Prepared {
    return { sql, execute: (params, options) => this.query(sql, params, options) };
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    await (await opened)?.close();
  }

  /** BEGIN and its kin, and USE; false for everything else. */
  async #transaction(session: EngineSession, sql: string): Promise<boolean> {
    switch (kindOf(sql)) {
      case "begin":
        await session.begin("write");
        this.inTransaction = true;
        return true;
      case "commit":
        await session.commit();
        this.inTransaction = false;
        return true;
      case "rollback":
        await session.rollback();
        this.inTransaction = false;
        return true;
      default:
        return false;
    }
  }

  #streaming(sql: string, options: QueryOptions): QueryStream {
    const rows = (async () => {
      await this.#options.onStatement?.(sql, options);
      const session = await (this.#opened ??= this.#engine.session());
      return session.stream(sql, { timeoutMs: LIMIT_MS, ...options });
    })();
    const ended = Promise.withResolvers<Omit<QueryResult, "rows" | "columns">>();
    ended.promise.catch(() => {});
    const receipt = () => this.#receipt();
    return {
      columns: rows.then((stream) => stream.columns),
      outcome: ended.promise,
      async *[Symbol.asyncIterator](): AsyncIterator<readonly Row[]> {
        try {
          yield* await rows;
          ended.resolve({ result: { affected: 0 }, receipt: receipt() });
        } catch (error) {
          ended.reject(error);
          throw error;
        }
      },
    };
  }

  #receipt(): Receipt {
    const seq = ++this.#seq;
    return { region: "r1", epoch: 1, seq, rid: 1, agree: [1, 2, 3], dissent: [], ms: 0.5 };
  }
}

function kindOf(sql: string): string {
  try {
    return classify(sql).kind;
  } catch {
    return "unknown";
  }
}

function wholeStream(result: Promise<QueryResult>): QueryStream {
  result.catch(() => {});
  return {
    columns: result.then(({ columns }) => columns),
    outcome: result,
    async *[Symbol.asyncIterator]() {
      const { rows } = await result;
      if (rows.length > 0) yield rows;
    },
  };
}
