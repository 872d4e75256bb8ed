/** Clients at work: unique inserts, registers, counters, lists, transfers, reads at each level. */
import type { Client, MasterCall, QueryResult, Session } from "../client/api.ts";
import { connect } from "../client/connect.ts";
import { SeededRandom } from "../adapters/seeded_random.ts";
import { READ_LEVELS, type ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Request } from "../protocol/messages.ts";
import type { Outcome, TokenWrite } from "./checks/tokens.ts";
import { push, type ReadQuestion, RegionHistory } from "./region_history.ts";
import { partOf, questionSql } from "./region_questions.ts";
import { type RegionWatch, tableOf } from "./region_watch.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

export const TABLES = [
  {
    table: "reg",
    ddl: "CREATE TABLE reg (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
  },
  {
    table: "lst",
    ddl: "CREATE TABLE lst (id INT NOT NULL PRIMARY KEY, v TEXT NOT NULL)",
    beside: "reg",
  },
  {
    table: "tok",
    ddl: "CREATE TABLE tok (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, " +
      "token VARCHAR(20) NOT NULL, made VARCHAR(60) NOT NULL)",
  },
] as const;

/** Hosts that clients are on. */
export const CLIENTS = ["c1", "c2"];
export const REGISTERS = [1, 2, 3];
export const COUNTERS = [11, 12];
export const BANK = [21, 22, 23];
export const BANK_EACH = 100;
export const LISTS = [1, 2];
/** The list that transfers leave their tokens in. */
export const JOURNAL = 9;

/** The row of each table that only shows that writing works. */
export const PROOF = 7;

export interface WorkloadOptions {
  readonly masters: readonly string[];
  readonly cluster: string;
  readonly sessions: number;
  /** So many more only read what is latest: who writes soon waits for a primary that is cut off. */
  readonly readers: number;
  /** Between two operations of a session. */
  readonly thinkMs: number;
  readonly timeoutMs: number;
}

export class RegionWorkload {
  readonly history = new RegionHistory();
  readonly #world: World;
  readonly #watch: RegionWatch;
  readonly #options: WorkloadOptions;
  readonly #clients: readonly Client[];
  /** Of each table. */
  readonly #regions = new Map<string, string>();
  #stopped = false;
  #next = 1;
  /** What a session ran into that no client should. */
  defect: unknown = null;

  constructor(world: World, watch: RegionWatch, options: WorkloadOptions) {
    this.#world = world;
    this.#watch = watch;
    this.#options = options;
    this.#clients = CLIENTS.map((name) =>
      connect({
        clock: world.clock,
        random: new SeededRandom(Math.floor(world.random.next() * 2 ** 50)),
        network: world.network.host(name),
      }, {
        masters: options.masters.map((host) => ({ host, port: 9090 })),
        ...{ cluster: options.cluster, name, timeoutMs: options.timeoutMs },
      })
    );
  }

  get client(): Client {
    return this.#clients[0] as Client;
  }

  /** Makes the tables and their first rows; rejects where that fails. */
  async prepare(): Promise<void> {
    const { client } = this;
    for (const { table, ddl, ...place } of TABLES) {
      const request = { table, ddl, ...place };
      const { region } = await client.admin.master("createTable", request, { timeoutMs: 20_000 });
      this.#regions.set(table, region);
    }
    const rows = [
      ...[...REGISTERS, ...COUNTERS, PROOF].map((id) => `(${id}, 0)`),
      ...BANK.map((id) => `(${id}, ${BANK_EACH})`),
    ];
    await client.query(`INSERT INTO reg (id, n) VALUES ${rows.join(", ")}`);
    const lists = [...LISTS, JOURNAL, PROOF].map((id) => `(${id}, '')`);
    await client.query(`INSERT INTO lst (id, v) VALUES ${lists.join(", ")}`);
  }

  /** What an operator asks of the master, whatever comes of it. */
  order<N extends MasterCall>(op: N, request: Request<N>): void {
    this.client.admin.master(op, request, { timeoutMs: this.#options.timeoutMs }).then(
      () => this.#world.trace(`${op}: done`),
      (error) => this.#world.trace(`${op}: ${(error as Error).message}`),
    );
  }

  /** One more column, while everybody goes on. */
  alter(): void {
    const sql = `ALTER TABLE tok ADD COLUMN c${this.#next++} INT NOT NULL DEFAULT 7`;
    this.client.query(sql).then(
      () => this.#world.trace(`${sql}: done`),
      (error) => this.#world.trace(`${sql}: ${(error as Error).message}`),
    );
  }

  start(): void {
    const { sessions, readers } = this.#options;
    for (let at = 0; at < sessions + readers; at++) {
      const client = this.#clients[at % this.#clients.length] as Client;
      const isReader = at >= sessions;
      this.#work(`s${at + 1}`, client.session(), isReader)
        .catch((error) => this.defect ??= error);
    }
  }

  /** No session begins anything new. */
  stop(): void {
    this.#stopped = true;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
  }

  async #work(name: string, session: Session, isReader: boolean): Promise<void> {
    const { clock, random } = this.#world;
    for (;;) {
      await clock.sleep(random.next() * 2 * this.#options.thinkMs);
      if (this.#stopped) return;
      this.history.begun++;
      await (isReader ? this.#readLatest(name, session) : this.#one(name, session));
      this.history.ended++;
    }
  }

  async #one(name: string, session: Session): Promise<void> {
    const draw = this.#world.random.next();
    if (draw < 0.2) return await this.#token(name, session);
    if (draw < 0.35) return await this.#write(name, session);
    if (draw < 0.45) return await this.#count(name, session);
    if (draw < 0.6) return await this.#append(name, session);
    if (draw < 0.68) return await this.#transfer(name, session);
    if (draw < 0.73) {
      const level = this.#pick(["fast", "voted", "latest"] as const);
      return void await this.askBoth(name, session, level);
    }
    return await this.#read(name, session);
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#world.random.next() * items.length)] as T;
  }

  /** Runs a write, and says how it ended as far as the client can know. */
  async #attempt(
    name: string,
    what: string,
    work: () => Promise<QueryResult>,
  ): Promise<Pick<TokenWrite, "outcome" | "called" | "returned">> {
    const { clock } = this.#world;
    const called = clock.now();
    const end = (outcome: Outcome) => {
      this.history.outcomes[outcome]++;
      const returned = outcome === "unknown" ? Infinity : clock.now();
      this.#world.trace(`${name} ${what}: ${outcome}`);
      return { outcome, called, returned };
    };
    try {
      const { receipt, result } = await work();
      if (result.affected === 0) return end(this.#missed(what));
      if (receipt !== null) {
        this.history.seen(name, "write", receipt, clock.now());
        this.#watch.acknowledged(receipt.region, receipt.seq);
      }
      return end("done");
    } catch (error) {
      return end(this.#outcomeOf(what, error));
    }
  }

  /** Every request ends by its deadline, give or take what a message takes. */
  async #query(session: Session, sql: string, level?: ReadLevel): Promise<QueryResult> {
    const { clock } = this.#world;
    const called = clock.now();
    try {
      return await session.query(sql, [], level === undefined ? {} : { read: level });
    } finally {
      this.#inTime(sql, clock.now() - called);
    }
  }

  /**
   * A write found no row: somebody must have taken it from the primary's database. Where the others
   * have it and out-vote the primary, it counts all the same.
   */
  #missed(what: string): Outcome {
    if (this.#watch.isTampered) return "unknown";
    throw new Violation("safety", `${what}: the row was not there`);
  }

  #outcomeOf(what: string, error: unknown): Outcome {
    if (!(error instanceof MinisqlError)) throw error;
    const { refusals } = this.history;
    refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
    this.#world.trace(`${what}: ${error.code} ${error.message}`);
    if (error.code === "INTERNAL") {
      throw new Violation("safety", `${what}: ${error.code} ${error.message}`);
    }
    return error.applied === "no" ? "refused" : "unknown";
  }

  #inTime(sql: string, tookMs: number): void {
    if (tookMs <= this.#options.timeoutMs + SLACK_MS) return;
    throw new Violation("liveness", `${sql} took ${tookMs.toFixed(0)} ms`);
  }

  async #token(name: string, session: Session): Promise<void> {
    const token = `t${this.#next++}`;
    const sql = `INSERT INTO tok (token, made) VALUES ('${token}', CONCAT(NOW(6), ' ', RAND()))`;
    const ended = await this.#attempt(name, `inserts ${token}`, () => this.#query(session, sql));
    this.history.tokens.push({ token, ...ended });
  }

  async #write(name: string, session: Session): Promise<void> {
    const id = this.#pick(REGISTERS);
    const value = this.#next++;
    const sql = `UPDATE reg SET n = ${value} WHERE id = ${id}`;
    const ended = await this.#attempt(
      name,
      `writes ${value} to ${id}`,
      () => this.#query(session, sql),
    );
    if (ended.outcome === "refused") return;
    const { called, returned } = ended;
    push(this.history.registers, id, {
      ...{ input: { kind: "write", value }, output: null, called, returned },
    });
  }

  async #count(name: string, session: Session): Promise<void> {
    const id = this.#pick(COUNTERS);
    const token = `+${this.#next++}`;
    const sql = `UPDATE reg SET n = n + 1 WHERE id = ${id}`;
    const ended = await this.#attempt(name, `adds to ${id}`, () => this.#query(session, sql));
    push(this.history.counters, id, { token, ...ended });
  }

  async #append(name: string, session: Session): Promise<void> {
    const id = this.#pick(LISTS);
    const token = `a${this.#next++}`;
    const sql = `UPDATE lst SET v = CONCAT(v, '${token},') WHERE id = ${id}`;
    const ended = await this.#attempt(
      name,
      `appends ${token} to ${id}`,
      () => this.#query(session, sql),
    );
    push(this.history.appends, id, { token, ...ended });
  }

  /** Moves one from a row of the bank to another, and leaves a token, all or nothing. */
  async #transfer(name: string, session: Session): Promise<void> {
    const from = this.#pick(BANK);
    const to = this.#pick(BANK.filter((id) => id !== from));
    const token = `x${this.#next++}`;
    let isCommitting = false;
    const ended = await this.#attempt(name, `moves ${token} from ${from} to ${to}`, async () => {
      await this.#query(session, "BEGIN");
      await this.#query(session, `SELECT n FROM reg WHERE id = ${from}`);
      if (this.#world.random.next() < 0.2) {
        await this.#query(session, "SAVEPOINT a");
        await this.#query(session, `UPDATE reg SET n = n + 7 WHERE id = ${to}`);
        await this.#query(session, "ROLLBACK TO a");
      }
      const steps = [
        `UPDATE reg SET n = n - 1 WHERE id = ${from}`,
        `UPDATE reg SET n = n + 1 WHERE id = ${to}`,
        `UPDATE lst SET v = CONCAT(v, '${token},') WHERE id = ${JOURNAL}`,
      ];
      for (const sql of steps) {
        const step = await this.#query(session, sql);
        if (step.result.affected === 0) return step;
      }
      isCommitting = true;
      const { receipt } = await this.#query(session, "COMMIT");
      return { columns: [], rows: [], result: { affected: steps.length }, receipt };
    });
    await session.query("ROLLBACK").catch(() => {});
    // Before COMMIT was sent nothing has happened, whatever the error leaves open.
    const isSure = ended.outcome === "unknown" && !isCommitting;
    const outcome = isSure ? "refused" : ended.outcome;
    this.history.transfers.push({ token, from, to, ...ended, outcome });
  }

  async #read(name: string, session: Session): Promise<void> {
    const what = this.#pick<ReadQuestion>([
      { kind: "register", id: this.#pick(REGISTERS) },
      { kind: "register", id: this.#pick([...REGISTERS, ...COUNTERS]) },
      { kind: "list", id: this.#pick(LISTS) },
      { kind: "bank" },
      { kind: "tokens" },
    ]);
    await this.ask(name, session, what, this.#pick([...READ_LEVELS, "latest"] as const));
  }

  async #readLatest(name: string, session: Session): Promise<void> {
    await this.ask(name, session, { kind: "register", id: this.#pick(REGISTERS) }, "latest");
  }

  /** Of two regions in one statement: gathered where no server may answer for both. */
  async askBoth(name: string, session: Session, level: ReadLevel): Promise<boolean> {
    const parts = [{ kind: "bank" }, { kind: "tokens" }] as const;
    const called = this.#world.clock.now();
    const acknowledged = this.#watch.acknowledgedSeqs;
    const words = `reads both ${level}`;
    try {
      const sql = parts.map(questionSql).join(" UNION ALL ");
      const { rows, receipt } = await this.#query(session, sql, level);
      const found = rows.map(([cell]) => String(cell));
      this.#world.trace(`${name} ${words}: ${found.join(", ")} at ${JSON.stringify(receipt)}`);
      this.history.reads++;
      parts.forEach((what, at) => {
        const own = partOf(receipt, this.#regions.get(tableOf(what)) ?? "");
        if (own === null) throw new Violation("safety", `${words}: no receipt for ${what.kind}`);
        if (own.rid !== receipt?.rid) this.history.gathered++;
        const after = this.history.reached(name, own.region);
        const answer = { level, receipt: own, what, found: found[at] ?? "", after };
        this.#watch.read({ ...answer, called, acknowledged });
        this.history.seen(name, "read", own, this.#world.clock.now());
      });
      return true;
    } catch (error) {
      this.#outcomeOf(`${name} ${words}`, error);
      return false;
    }
  }

  /** Reads, compares with what stood where it was read, and notes it for later. */
  async ask(
    name: string,
    session: Session,
    what: ReadQuestion,
    level: ReadLevel,
  ): Promise<boolean> {
    const { clock } = this.#world;
    const called = clock.now();
    const acknowledged = this.#watch.acknowledgedSeqs;
    const words = `reads ${what.kind} ${"id" in what ? what.id : ""} ${level}`;
    try {
      const { rows, receipt } = await this.#query(session, questionSql(what), level);
      const found = String(rows[0]?.[0] ?? null);
      this.#world.trace(`${name} ${words}: ${found} at ${receipt?.seq} of ${receipt?.rid}`);
      this.history.reads++;
      if (receipt === null) throw new Violation("safety", `${words} has no receipt`);
      const after = this.history.reached(name, receipt.region);
      const read = { level, receipt, what, found, after, called, acknowledged };
      const isTelling = this.#watch.read(read);
      this.history.seen(name, "read", receipt, clock.now());
      if (isTelling) this.#note(what, found, level, called);
      return true;
    } catch (error) {
      this.#outcomeOf(`${name} ${words}`, error);
      return false;
    }
  }

  #note(what: ReadQuestion, found: string, level: ReadLevel, called: number): void {
    const returned = this.#world.clock.now();
    const latest = level === "latest";
    if (what.kind === "list") {
      const tokens = found.split(",").slice(0, -1);
      push(this.history.listReads, what.id, { tokens, called, returned, latest });
    }
    if (what.kind !== "register" || !latest || COUNTERS.includes(what.id)) return;
    const output = { value: Number(found) };
    push(this.history.registers, what.id, { input: { kind: "read" }, output, called, returned });
  }
}

/** What a client may take beyond its deadline to notice it. */
const SLACK_MS = 1000;
