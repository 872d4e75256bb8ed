/** A client of the made-up cluster that asks for all a master can do, and remembers what to believe. */
import { MinisqlError } from "../protocol/errors.ts";
import { Channel } from "../rpc/channel.ts";
import { MASTER_PORT, type MasterCluster } from "./master_cluster.ts";

/** What the client knows of a table: `maybe` after a request whose outcome it does not know. */
export type Belief = "there" | "gone" | "maybe";

export const WISHES = [
  "create",
  "drop",
  "locate",
  "alter",
  "rename",
  "move",
  "drain",
  "undrain",
  "cancel",
  "verify",
] as const;

export type Wish = (typeof WISHES)[number];

const CALL_MS = 4000;

export class SimClient {
  /** What it believes of each table it ever asked for. */
  readonly beliefs = new Map<string, Belief>();
  /** The mark that the last change of a table's definition left, where that is known for certain. */
  readonly marks = new Map<string, string | null>();
  /** How often each kind of request has succeeded. */
  readonly done = Object.fromEntries(WISHES.map((wish) => [wish, 0])) as Record<Wish, number>;
  readonly #cluster: MasterCluster;
  #next = 1;

  constructor(cluster: MasterCluster) {
    this.#cluster = cluster;
  }

  /** One request to the master it is pointed at, whatever comes of it. */
  async request(wish: Wish, at: string): Promise<void> {
    await this.#with(at, wish, (channel) => this.#ask(wish, channel));
  }

  async #with(
    at: string,
    wish: Wish,
    work: (channel: Channel) => Promise<boolean>,
  ): Promise<void> {
    const { world } = this.#cluster;
    const deps = {
      clock: world.clock,
      random: world.random,
      network: world.network.host("client"),
    };
    const channel = new Channel(deps, {
      address: { host: at, port: MASTER_PORT },
      greeting: { cluster: "sim", role: "client", name: "client" },
      connectMs: 1000,
    });
    try {
      if (await work(channel)) this.done[wish]++;
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      world.trace(`client ${wish} at ${at}: ${error.code} ${error.message}`);
    } finally {
      channel.close();
    }
  }

  /** Asks for regions on a server again. */
  async undrain(rid: number, at: string): Promise<void> {
    await this.#with(at, "undrain", async (channel) => {
      const { caller } = await channel.connect();
      await caller.call("drain", { rid, undo: true }, { timeoutMs: CALL_MS });
      return true;
    });
  }

  /** False where there is nothing to ask it for. */
  async #ask(wish: Wish, channel: Channel): Promise<boolean> {
    const options = { timeoutMs: CALL_MS };
    const { caller } = await channel.connect();
    switch (wish) {
      case "create":
        return await this.#create(channel);
      case "drop":
        return await this.#drop(channel);
      case "alter":
        return await this.#alter(channel);
      case "rename":
        return await this.#rename(channel);
      case "locate":
        await caller.call("locate", { tables: this.#tables("there").slice(0, 3) }, options);
        return true;
      case "verify":
        await caller.call("verifyTables", {}, options);
        return true;
      case "move": {
        const table = this.#someTable();
        if (table === null) return false;
        const role = this.#cluster.world.random.next() < 0.3;
        await caller.call("moveRegion", { table, ...(role ? { role } : {}) }, options);
        return true;
      }
      case "drain":
      case "undrain": {
        const rid = this.#someServer();
        if (rid === null) return false;
        await caller.call("drain", { rid, undo: wish === "undrain" }, options);
        return true;
      }
      case "cancel": {
        const { jobs } = await caller.call("jobs", {}, options);
        const job = jobs.find(({ state, kind }) => state === "running" && kind !== "create_table");
        if (job === undefined) return false;
        await caller.call("cancelJob", { job: job.id }, options);
        return true;
      }
    }
  }

  /** Now and then under a name that was dropped before, or beside a table that is there. */
  async #create(channel: Channel): Promise<boolean> {
    const { random } = this.#cluster.world;
    const [used] = random.next() < 0.5 ? this.#tables("gone") : [];
    const [beside] = random.next() < 0.3 ? this.#tables("there") : [];
    const table = used ?? this.#newName();
    const ddl = `CREATE TABLE \`${table}\` (id INT PRIMARY KEY)`;
    const request = beside === undefined ? { table, ddl } : { table, ddl, beside };
    await this.#attempt({ [table]: "there" }, async () => {
      const { caller } = await channel.connect();
      await caller.call("createTable", request, { timeoutMs: CALL_MS });
    });
    this.marks.set(table, null);
    return true;
  }

  async #drop(channel: Channel): Promise<boolean> {
    const [table] = this.#tables("there");
    if (table === undefined) return false;
    await this.#attempt({ [table]: "gone" }, async () => {
      const { caller } = await channel.connect();
      await caller.call("dropTable", { table }, { timeoutMs: CALL_MS });
    });
    this.marks.delete(table);
    return true;
  }

  /** Leaves a mark in the definition; now and then it is one that cannot be made. */
  async #alter(channel: Channel): Promise<boolean> {
    const table = this.#someTable();
    if (table === null) return false;
    const mark = `c${this.#next++}`;
    const fails = this.#cluster.world.random.next() < 0.2;
    const change = fails ? "DROP COLUMN nothing" : `COMMENT '${mark}'`;
    const sql = `ALTER TABLE \`${table}\` ${change}`;
    const before = this.marks.get(table);
    this.marks.delete(table);
    try {
      await this.#attempt({ [table]: "there" }, async () => {
        const { caller } = await channel.connect();
        await caller.call("alterTable", { table, sql }, { timeoutMs: CALL_MS });
      });
    } catch (error) {
      const isUndone = error instanceof MinisqlError && error.applied === "no";
      if (isUndone && before !== undefined) this.marks.set(table, before);
      throw error;
    }
    this.marks.set(table, mark);
    return true;
  }

  async #rename(channel: Channel): Promise<boolean> {
    const table = this.#someTable();
    if (table === null) return false;
    const to = this.#newName();
    const sql = `RENAME TABLE \`${table}\` TO \`${to}\``;
    await this.#attempt({ [table]: "gone", [to]: "there" }, async () => {
      const { caller } = await channel.connect();
      await caller.call("alterTable", { table, sql }, { timeoutMs: CALL_MS });
    });
    const mark = this.marks.get(table);
    this.marks.delete(table);
    if (mark !== undefined) this.marks.set(to, mark);
    return true;
  }

  /** Keeps what may be believed of tables, by what the error says may have happened. */
  async #attempt(after: Readonly<Record<string, Belief>>, work: () => Promise<void>) {
    const before = new Map(
      Object.keys(after).map((table) => [table, this.beliefs.get(table) ?? "gone"] as const),
    );
    for (const table of before.keys()) this.beliefs.set(table, "maybe");
    try {
      await work();
      for (const [table, belief] of Object.entries(after)) this.beliefs.set(table, belief);
    } catch (error) {
      if (error instanceof MinisqlError && error.applied === "no") {
        for (const [table, belief] of before) this.beliefs.set(table, belief);
      }
      throw error;
    }
  }

  #newName(): string {
    const name = `t${this.#next++}`;
    this.beliefs.set(name, "gone");
    return name;
  }

  #someTable(): string | null {
    const there = this.#tables("there");
    return there[Math.floor(this.#cluster.world.random.next() * there.length)] ?? null;
  }

  #someServer(): number | null {
    const rids = this.#cluster.regionStates.flatMap((state) => [...state.rids]);
    return rids[Math.floor(this.#cluster.world.random.next() * rids.length)] ?? null;
  }

  #tables(belief: Belief): string[] {
    return [...this.beliefs].flatMap(([table, held]) => (held === belief ? [table] : []));
  }
}
