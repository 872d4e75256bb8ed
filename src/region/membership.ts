/**
 * A region server's place in the cluster: it finds the active master, registers, keeps its node in
 * its own session, sends heartbeats, and does all that again whenever one of them is lost.
 */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import { connected } from "../cluster/election.ts";
import { ensureNodes, readNode, unlessMissing } from "../cluster/nodes.ts";
import { pause } from "../cluster/pause.ts";
import { Paths } from "../cluster/paths.ts";
import type { TermGuard } from "../cluster/term_guard.ts";
import type { Clock } from "../ports/clock.ts";
import { type Coordinator, CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { EngineInfo } from "../ports/engine.ts";
import type { Address, Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer } from "../protocol/messages.ts";
import {
  type ActiveMaster,
  activeMasterShape,
  type LiveServer,
  type Load,
} from "../protocol/model.ts";
import { Channel, type Connection } from "../rpc/channel.ts";
import type { EventFeed } from "./event_feed.ts";

export interface MembershipDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly coordinator: Coordinator;
  readonly reporter: Reporter;
  readonly terms: TermGuard;
}

export interface MembershipOptions {
  readonly cluster: string;
  readonly root?: string;
  /** This server's own name, drawn once and kept in its data folder. */
  readonly identity: string;
  /** Drawn at every start of the process. */
  readonly incarnation: string;
  /** Where others reach this server. */
  readonly address: Address;
  readonly zone: string;
  readonly engine: EngineInfo;
  /** What was done since the last heartbeat. */
  readonly load: () => Load;
  /** Why the database is dead; null while it lives. */
  readonly engineLost: () => string | null;
  /** What has happened here, for the master to keep. */
  readonly events?: Pick<EventFeed, "take" | "putBack" | "news">;
  /** Told whenever this server has become, or is no longer, a member. */
  readonly onMember?: (rid: number | null, session: Session | null) => void;
}

const RETRY: BackoffPolicy = { initialMs: 100, limitMs: 3000 };
const CALL_MS = 5000;
/** Without news from a watch the master's address is looked up again so often. */
const LOOK_MS = 1000;

export class Membership {
  readonly #deps: MembershipDeps;
  readonly #options: MembershipOptions;
  readonly #paths: Paths;
  #rid: number | null = null;

  constructor(deps: MembershipDeps, options: MembershipOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#paths = new Paths(options.root);
  }

  /** The number the master has given, once it has. It stays the same for this identity. */
  get rid(): number | null {
    return this.#rid;
  }

  /** Takes part until the signal aborts. Raises FORBIDDEN when the cluster will not have it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, coordinator, reporter } = this.#deps;
    for (let attempt = 0; !signal.aborted; attempt++) {
      let session: Session | null = null;
      try {
        session = await coordinator.open(signal);
        attempt = 0;
        await this.#belong(session, signal);
      } catch (error) {
        if (signal.aborted) break;
        if (!isTrouble(error)) throw error;
        reporter.log("warning", `Not a member of the cluster now: ${(error as Error).message}`);
      } finally {
        this.#options.onMember?.(this.#rid, null);
        await session?.close();
      }
      await clock.sleep(backoffDelay(RETRY, attempt, () => random.next()), signal).catch(() => {});
    }
  }

  /** One session: register with whoever leads, again and again as masters come and go. */
  async #belong(session: Session, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    await ensureNodes(session, this.#paths.standing);
    for (let attempt = 0; !signal.aborted; attempt++) {
      await connected(session, signal);
      const replaced = new AbortController();
      const either = AbortSignal.any([signal, replaced.signal]);
      try {
        // Without its database it would be evicted at its first heartbeat.
        const master = this.#options.engineLost() === null ? await this.#findMaster(session) : null;
        if (master !== null) {
          void this.#watch(session, master.term, replaced, either);
          await this.#serve(master, session, either, () => attempt = 0);
        }
      } catch (error) {
        const ended = error instanceof CoordinatorError && error.code === "session_ended";
        if (ended || !isTrouble(error)) throw error;
        this.#deps.reporter.log("debug", `Looking for a master: ${(error as Error).message}`);
      } finally {
        // Nobody needs to watch a master that this server has nothing under way with.
        replaced.abort();
      }
      await clock.sleep(
        Math.min(LOOK_MS, backoffDelay(RETRY, attempt, () => random.next())),
        signal,
      );
    }
  }

  async #findMaster(session: Session): Promise<ActiveMaster | null> {
    const node = await session.get(this.#paths.active).catch(unlessMissing);
    const said = node === null ? null : readNode(activeMasterShape, node.data, this.#paths.active);
    return said?.ok && said.value.term >= this.#deps.terms.highest ? said.value : null;
  }

  /** Calls off what is under way with a master that leads no longer: it may never answer. */
  async #watch(
    session: Session,
    term: number,
    replaced: AbortController,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      while (!signal.aborted) {
        await connected(session, signal);
        const active = await session.observe(this.#paths.active);
        const said = active.value === null
          ? null
          : readNode(activeMasterShape, active.value.data, this.#paths.active);
        if (!said?.ok || said.value.term !== term) {
          const why = `Cannot go on with the master of term ${term}: it leads no longer`;
          replaced.abort(new MinisqlError("NOT_MASTER", why));
        }
        await pause(this.#deps.clock, null, signal, [active.changed]);
        active.release();
      }
    } catch (error) {
      if (!signal.aborted) replaced.abort(error);
    }
  }

  /** One master: register, then send heartbeats until it no longer takes them. */
  async #serve(
    master: Address,
    session: Session,
    signal: AbortSignal,
    registered: () => void,
  ): Promise<void> {
    const { cluster, address, incarnation } = this.#options;
    const channel = new Channel(this.#deps, {
      address: master,
      greeting: {
        cluster,
        role: "region",
        name: `${address.host}:${address.port}`,
        incarnation,
        ...(this.#rid === null ? {} : { rid: this.#rid }),
      },
    });
    try {
      const connection = await channel.connect(CALL_MS, signal);
      const terms = await this.#register(connection, session, signal);
      registered();
      await this.#beat(connection, session, terms, signal);
    } finally {
      channel.close();
    }
  }

  async #register(
    { caller }: Connection,
    session: Session,
    signal: AbortSignal,
  ): Promise<Answer<"register">> {
    const { identity, address, zone, engine, incarnation } = this.#options;
    const { vendor, version, settings } = engine;
    const request = {
      identity,
      ...address,
      zone,
      engine: { vendor, version, settings },
      incarnation,
    };
    const answer = await caller.call("register", request, { timeoutMs: CALL_MS, signal });
    this.#deps.terms.learn(answer.term);
    this.#rid = answer.rid;
    await this.#announce(session, answer.rid);
    this.#options.onMember?.(answer.rid, session);
    return answer;
  }

  /** The node that says this server lives. One of an earlier session of its own makes way. */
  async #announce(session: Session, rid: number): Promise<void> {
    const { address, zone, engine, incarnation } = this.#options;
    const { vendor, version, settings } = engine;
    const live: LiveServer = {
      ...{ rid, ...address, zone, incarnation },
      engine: { vendor, version, settings },
      status: "online",
      createTime: Math.floor(this.#deps.clock.wallMicros() / 1000),
    };
    const path = this.#paths.server(rid);
    const there = await session.get(path).catch(unlessMissing);
    if (there?.owner === session.id) return;
    if (there !== null) await session.delete(path, null).catch(unlessMissing);
    await session.create(path, JSON.stringify(live), "ephemeral");
  }

  /** Returns when this server must register anew. */
  async #beat(
    { caller }: Connection,
    session: Session,
    { rid, heartbeatMs }: Answer<"register">,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, terms } = this.#deps;
    const gone = new AbortController();
    void caller.closed.then(() => gone.abort());
    const sooner = AbortSignal.any([signal, gone.signal]);
    while (!signal.aborted) {
      const node = await session.observe(this.#paths.server(rid));
      const evicted = node.value?.owner !== session.id;
      if (!evicted) await pause(clock, heartbeatMs, sooner, [node.changed, ...this.#news()]);
      node.release();
      if (evicted || !caller.usable) return;
      const answer = await this.#report(caller, rid, signal);
      terms.learn(answer.term);
    }
  }

  /** What is worth a heartbeat before its time. */
  #news(): readonly Promise<void>[] {
    const { events } = this.#options;
    return events === undefined ? [] : [events.news];
  }

  async #report(
    caller: Connection["caller"],
    rid: number,
    signal: AbortSignal,
  ): Promise<Answer<"heartbeat">> {
    const { incarnation, load, engineLost, events } = this.#options;
    const lost = engineLost();
    const told = events?.take() ?? [];
    const request = {
      ...{ rid, incarnation, load: load() },
      ...(lost === null ? { engine: "ok" } as const : { engine: "lost", reason: lost } as const),
      ...(told.length === 0 ? {} : { events: told }),
    };
    try {
      return await caller.call("heartbeat", request, { timeoutMs: CALL_MS, signal });
    } catch (error) {
      events?.putBack(told);
      throw error;
    }
  }
}

/** Trouble that passes, or that another master may not give. A refusal for good is not one. */
function isTrouble(error: unknown): boolean {
  if (error instanceof CoordinatorError) return true;
  return error instanceof MinisqlError && error.code !== "FORBIDDEN" &&
    error.code !== "UNAUTHENTICATED";
}
