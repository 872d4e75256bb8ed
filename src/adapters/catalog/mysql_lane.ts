/** A connection that is there when it is needed: calls one after the other, each with a limit. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { catalogFault } from "./mysql_faults.ts";
import { LinkLostError, MysqlLink } from "./mysql_link.ts";
import type { MysqlCatalogOptions } from "./mysql_options.ts";

/** What is left of a call's time. */
class Limit {
  #passed = false;
  #link: MysqlLink | null = null;
  readonly #cancel: () => void;

  constructor(clock: Clock, ms: number) {
    this.#cancel = clock.after(ms, () => {
      this.#passed = true;
      this.#link?.destroy(`no answer within ${Math.ceil(ms)} ms; check its load and the network`);
    });
  }

  get passed(): boolean {
    return this.#passed;
  }

  /** The connection that the call waits for: ending it ends the wait. */
  guard(link: MysqlLink): void {
    this.#link = link;
  }

  clear(): void {
    this.#cancel();
  }
}

/** So long a server may take over a farewell. */
const FAREWELL_MS_MAX = 1_000;

export type Work<T> = (link: MysqlLink) => Promise<T>;

export class MysqlLane {
  readonly #clock: Clock;
  readonly #options: MysqlCatalogOptions;
  readonly #database: string | null;
  #link: MysqlLink | null = null;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  /** `database` is null to use none. */
  constructor(clock: Clock, options: MysqlCatalogOptions, database: string | null) {
    this.#clock = clock;
    this.#options = options;
    this.#database = database;
  }

  /**
   * Runs `work` with the connection to itself, after those that came before; they end within their
   * own limits, so the wait has one too. Work that fails is rolled back.
   */
  async run<T>(doing: string, work: Work<T>, limitMs = this.#options.timeoutMs): Promise<T> {
    if (this.#closed) throw new MinisqlError("UNAVAILABLE", `Cannot ${doing}: it is closed`);
    const limit = new Limit(this.#clock, limitMs);
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await before;
      return await this.#serve(doing, limit, work);
    } finally {
      limit.clear();
      resolve();
    }
  }

  /** Waits for the calls under way, then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    const link = this.#link;
    if (link === null) return;
    this.#link = null;
    const limit = new Limit(this.#clock, FAREWELL_MS_MAX);
    limit.guard(link);
    await link.end();
    limit.clear();
  }

  async #serve<T>(doing: string, limit: Limit, work: Work<T>): Promise<T> {
    const held = this.#link;
    if (held === null || !held.alive) return await this.#serveAnew(doing, limit, work);
    try {
      return await this.#attempt(doing, limit, held, work);
    } catch (error) {
      // A server that restarted, or tired of an idle connection, has dropped it unnoticed. Nothing
      // was committed, so it can be done again.
      if (held.alive || held.committing || limit.passed) throw error;
      return await this.#serveAnew(doing, limit, work);
    }
  }

  async #serveAnew<T>(doing: string, limit: Limit, work: Work<T>): Promise<T> {
    if (limit.passed) {
      throw this.#fault(
        doing,
        new LinkLostError("earlier calls took all the time there was"),
        false,
      );
    }
    const link = new MysqlLink(this.#options, this.#database);
    this.#link = link;
    return await this.#attempt(doing, limit, link, async () => {
      await link.ready(this.#options.timeoutMs);
      return await work(link);
    });
  }

  async #attempt<T>(doing: string, limit: Limit, link: MysqlLink, work: Work<T>): Promise<T> {
    limit.guard(link);
    try {
      return await work(link);
    } catch (error) {
      const fault = this.#fault(doing, error, link.committing);
      if (link.committing || !link.usable) link.destroy("its state is not known");
      await rollback(link);
      throw fault;
    }
  }

  #fault(doing: string, error: unknown, committing: boolean): unknown {
    return catalogFault(error, { doing, options: this.#options, committing });
  }
}

/** Leaves no transaction open; where that fails, no connection either, which comes to the same. */
async function rollback(link: MysqlLink): Promise<void> {
  if (!link.alive) return;
  try {
    await link.query("ROLLBACK");
  } catch {
    link.destroy("a transaction on it could not be rolled back");
  }
}
