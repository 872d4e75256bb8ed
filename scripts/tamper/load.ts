/** Readers that look closely at all they get, and writers that change rows meanwhile. */
import type { Client } from "../../src/client/api.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { delay } from "../services/wait.ts";
import { faultIn, idAt, ROWS, TABLE, wordOf } from "./table.ts";

/** Of each ten reads one is of so many rows. */
const RANGE_ROWS = 20;
const RANGE_EVERY = 10;
/** Each writer's rows are its own, and it rests between two writes. */
const REST_MS = 20;
const FAULTS_KEPT_MAX = 20;

/** What a reader or writer was refused is counted, and not held against anybody's rows. */
export class Load {
  reads = 0;
  wrong = 0;
  writes = 0;
  readonly faults: string[] = [];
  readonly refusals = new Map<string, number>();
  /** Milliseconds of each read. */
  readonly times: number[] = [];
  /** Writers rest while this is false. */
  isWriting = true;
  readonly #ending = new AbortController();
  #running: readonly Promise<void>[] = [];

  start(readers: readonly Client[], writers: readonly Client[]): void {
    this.#running = [
      ...readers.map((client) => this.#read(client)),
      ...writers.map((client, number) => this.#write(client, number, writers.length)),
    ];
  }

  /** Rejects when one of them came upon a defect. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#running);
  }

  /** Never resolves; rejects when one of them came upon a defect. */
  get failed(): Promise<never> {
    return Promise.all(this.#running).then(() => new Promise<never>(() => {}));
  }

  async #read(client: Client): Promise<void> {
    const session = client.session();
    for (let number = 0; !this.#ending.signal.aborted; number++) {
      const count = number % RANGE_EVERY === 0 ? RANGE_ROWS : 1;
      const place = Math.floor(Math.random() * (ROWS - count + 1));
      const [from, to] = [idAt(place), idAt(place + count - 1)];
      const sql = count === 1
        ? `SELECT id, version, word FROM ${TABLE} WHERE id = ${from}`
        : `SELECT id, version, word FROM ${TABLE} WHERE id BETWEEN ${from} AND ${to} ORDER BY id`;
      const since = performance.now();
      try {
        const { rows } = await session.query(sql, [], { read: "voted" });
        this.reads++;
        this.times.push(performance.now() - since);
        this.#judge(sql, faultIn(rows, { place, count }));
      } catch (error) {
        this.#refused("read", error);
      }
    }
    await session.close();
  }

  async #write(client: Client, number: number, writers: number): Promise<void> {
    const session = client.session();
    for (let version = 1; !this.#ending.signal.aborted; version++) {
      await delay(REST_MS);
      if (!this.isWriting) continue;
      const place = number + writers * Math.floor(Math.random() * (ROWS / writers));
      const id = idAt(Math.min(place, ROWS - 1));
      const sql = `UPDATE ${TABLE} SET version = ${version}, word = '${wordOf(id, version)}' ` +
        `WHERE id = ${id}`;
      try {
        await session.query(sql);
        this.writes++;
      } catch (error) {
        this.#refused("write", error);
      }
    }
    await session.close();
  }

  #judge(sql: string, fault: string | null): void {
    if (fault === null) return;
    this.wrong++;
    if (this.faults.length < FAULTS_KEPT_MAX) this.faults.push(`${sql}: ${fault}`);
  }

  #refused(what: string, error: unknown): void {
    if (!(error instanceof MinisqlError)) throw error;
    const kind = `${what} ${error.code}`;
    this.refusals.set(kind, (this.refusals.get(kind) ?? 0) + 1);
  }
}
