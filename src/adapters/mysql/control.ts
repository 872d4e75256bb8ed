/** A connection kept aside, by which statements on other connections are ended. */
import type { Clock } from "../../ports/clock.ts";
import type { Row } from "../../protocol/values.ts";
import { ERRNO } from "./faults.ts";
import { MysqlLink } from "./link.ts";
import type { MysqlEngineOptions, MysqlLimits } from "./options.ts";
import { PLAIN_SESSION } from "./server_facts.ts";

const LOOK_AGAIN_MS = 20;
const OPENING_LOOK_MS = 2;
const OPENING_MS_MAX = 250;
/** Where SHOW PROCESSLIST has what a connection does. */
const COMMAND_AT = 4;
const STATE_AT = 6;
/** States of a statement that may not yet have opened all its tables. */
const OPENING = /^(|starting|init|checking permissions|opening tables?|after opening tables)$/i;

/**
 * It is opened with the engine, so that it is there when no further connection can be made, and
 * opened again when it is lost. Its commands go one after the other and each ends in time.
 */
export class Control {
  readonly #clock: Clock;
  readonly #options: MysqlEngineOptions;
  readonly #limits: MysqlLimits;
  #link: MysqlLink | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, options: MysqlEngineOptions, limits: MysqlLimits) {
    this.#clock = clock;
    this.#options = options;
    this.#limits = limits;
  }

  async open(): Promise<void> {
    await this.#queue(async () => void await this.#opened());
  }

  /**
   * Ends the statement that runs on a connection, and leaves the connection. One that is opening
   * its tables is given a moment: MariaDB may be left with triggers that were read in part.
   */
  async endStatement(thread: number): Promise<void> {
    const end = this.#clock.now() + OPENING_MS_MAX;
    while (await this.#isOpening(thread) && this.#clock.now() < end) {
      await this.#clock.sleep(OPENING_LOOK_MS);
    }
    await this.#kill(`KILL QUERY ${thread}`);
  }

  /** Whether the server waits for a connection's next command. */
  async isIdle(thread: number): Promise<boolean> {
    return (await this.#find(thread))?.[COMMAND_AT] === "Sleep";
  }

  /** Ends a connection with all that is open on it, and resolves when the server has done so. */
  async endConnection(thread: number): Promise<void> {
    await this.#kill(`KILL CONNECTION ${thread}`);
    const end = this.#clock.now() + this.#limits.endMs;
    while (await this.#isThere(thread)) {
      if (this.#clock.now() > end) throw new Error(`connection ${thread} does not end`);
      await this.#clock.sleep(LOOK_AGAIN_MS);
    }
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#link?.close(this.#clock, this.#limits.endMs);
    this.#link = null;
  }

  async #isThere(thread: number): Promise<boolean> {
    return await this.#find(thread) !== undefined;
  }

  async #isOpening(thread: number): Promise<boolean> {
    const found = await this.#find(thread);
    if (found === undefined || found[COMMAND_AT] === "Sleep") return false;
    return OPENING.test(String(found[STATE_AT] ?? ""));
  }

  async #find(thread: number): Promise<Row | undefined> {
    return (await this.#ask("SHOW PROCESSLIST")).find(([id]) => Number(id) === thread);
  }

  async #kill(sql: string): Promise<void> {
    try {
      await this.#ask(sql);
    } catch (error) {
      if ((error as { errno?: unknown }).errno !== ERRNO.noSuchThread) throw error;
    }
  }

  async #ask(sql: string): Promise<readonly Row[]> {
    return await this.#queue(async () => await this.#send(await this.#opened(), sql));
  }

  async #send(link: MysqlLink, sql: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    const callOff = this.#clock.after(this.#limits.endMs, () => link.destroy("it was silent"));
    try {
      await link.send(sql, [{ columns() {}, row: (row) => rows.push(row) }]);
      return rows;
    } finally {
      callOff();
    }
  }

  async #opened(): Promise<MysqlLink> {
    if (this.#link?.isAlive !== true) {
      const limit = Math.min(this.#limits.connectMs, this.#limits.endMs);
      const link = await MysqlLink.open(this.#clock, this.#options, limit);
      this.#link = link;
      await this.#send(link, PLAIN_SESSION);
    }
    return this.#link;
  }

  async #queue<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(action, action);
    this.#last = mine.catch(() => {});
    return await mine;
  }
}
