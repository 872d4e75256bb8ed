/** The master's role: stand by, lead when elected, step down, and begin again. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import { Candidate, connected } from "../cluster/election.ts";
import { mastersInQueue } from "../cluster/masters.ts";
import { ensureNodes, readNode } from "../cluster/nodes.ts";
import { pause } from "../cluster/pause.ts";
import { Paths } from "../cluster/paths.ts";
import { type Coordinator, CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { Address } from "../ports/network.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type ActiveMaster, activeMasterShape, type CandidateMaster } from "../protocol/model.ts";
import { MasterDispatcher } from "./master_dispatcher.ts";
import { MasterServer } from "./master_server.ts";
import { type MasterDeps, Reign } from "./reign.ts";
import { UPKEEP, type UpkeepOptions } from "./upkeep.ts";

export interface MasterOptions {
  /** Its name, unlike any other master's. */
  readonly id: string;
  readonly cluster: string;
  readonly root?: string;
  /** Where it listens, and the host that others reach it by. */
  readonly listen: Address;
  readonly advertise: string;
  readonly version: string;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  readonly rereadMs?: number;
  readonly upkeep?: Partial<UpkeepOptions>;
}

const RETRY: BackoffPolicy = { initialMs: 100, limitMs: 3000 };
const REREAD_MS = 5000;
const CLOSE_MS = 2000;
/** What happened last in a reign gets so long to be written down. */
const LAST_EVENTS_MS = 500;
/** A catching of breath before the node of the active master is looked at again, after an error. */
const WATCH_AGAIN_MS = 100;
/** A master that hands over lets the next one come first. */
const STAND_BACK_MS = 1000;

export class Master {
  readonly #deps: MasterDeps & { readonly coordinator: Coordinator };
  readonly #options: MasterOptions;
  readonly #paths: Paths;
  readonly #server: MasterServer;
  #reign: Reign | null = null;
  #ready = false;
  /** Who leads, as far as this standby knows. */
  #active: ActiveMaster | null = null;
  #standBack = false;
  /** The highest term that this master was refused for. */
  #above = -1;

  private constructor(
    deps: MasterDeps & { readonly coordinator: Coordinator },
    options: MasterOptions,
    server: MasterServer,
  ) {
    this.#deps = deps;
    this.#options = options;
    this.#paths = new Paths(options.root);
    this.#server = server;
  }

  /** Listens, as a standby. Rejects with UNAVAILABLE where the address is in use. */
  static async start(
    deps: MasterDeps & { readonly coordinator: Coordinator },
    options: MasterOptions,
  ): Promise<Master> {
    const holder: { master?: Master } = {};
    const dispatcher = new MasterDispatcher({
      ...deps,
      cluster: options.cluster,
      version: options.version,
      reign: () => requireReign(holder.master),
      stepDown: (reign) => holder.master?.stepDown(reign) ?? Promise.resolve(),
    });
    const server = await MasterServer.start(deps, options, dispatcher.handlers);
    const master = new Master(deps, options, server);
    holder.master = master;
    return master;
  }

  get address(): Address {
    return this.#server.address;
  }

  /** The reign, while it can be acted in; for requests, and for those who look from outside. */
  get reign(): Reign | null {
    return this.#ready && this.#reign?.certain === true ? this.#reign : null;
  }

  /** Who leads, for the answer to a request that came to the wrong master. */
  get active(): ActiveMaster | null {
    return this.#active;
  }

  /** Runs until the signal aborts; rejects only for a defect or for two masters of one name. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, coordinator, reporter } = this.#deps;
    const stop = () => this.#reign?.depose("this master is shutting down");
    signal.addEventListener("abort", stop, { once: true });
    try {
      for (let attempt = 0; !signal.aborted; attempt++) {
        let session: Session | null = null;
        try {
          session = await coordinator.open(signal);
          attempt = 0;
          await this.#serve(session, signal);
        } catch (error) {
          if (signal.aborted) break;
          if (!(error instanceof CoordinatorError)) throw error;
          reporter.log("warning", `Cannot take part in the election: ${error.message}`);
        } finally {
          await session?.close();
        }
        const pause = this.#standBack ? STAND_BACK_MS : 0;
        this.#standBack = false;
        const delay = pause + backoffDelay(RETRY, attempt, () => random.next());
        await clock.sleep(delay, signal).catch(() => {});
      }
    } finally {
      signal.removeEventListener("abort", stop);
      await this.#server.close(CLOSE_MS);
    }
  }

  /** Hands over at once: the next candidate is told before this master stops answering. */
  async stepDown(reign: Reign): Promise<void> {
    this.#standBack = true;
    reign.depose("it was asked to step down");
    await Promise.resolve();
  }

  /** One session: queue up, lead, leave. */
  async #serve(session: Session, signal: AbortSignal): Promise<void> {
    const { random } = this.#deps;
    const { id, advertise } = this.#options;
    await ensureNodes(session, this.#paths.standing);
    const here: CandidateMaster = { id, host: advertise, port: this.address.port };
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    const watching = this.#watchActive(session, either).catch((error) => end.abort(error));
    const options = {
      queue: this.#paths.candidates,
      data: JSON.stringify(here),
      above: this.#above,
    };
    const candidate = await Candidate.join(session, random, options, either);
    try {
      await this.#refuseNamesake(session);
      await candidate.elected(either);
      await this.#lead(session, candidate.term, signal);
    } finally {
      end.abort(new CoordinatorError("session_ended", "The candidacy has ended"));
      await watching;
      await candidate.leave().catch(ignoreTrouble);
    }
  }

  async #lead(session: Session, term: number, signal: AbortSignal): Promise<void> {
    const { id, advertise, cluster, heartbeatMs, silenceMs, rereadMs = REREAD_MS } = this.#options;
    const upkeep = { ...UPKEEP, ...this.#options.upkeep };
    const since = Math.floor(this.#deps.clock.wallMicros() / 1000);
    const active = { id, host: advertise, port: this.address.port, term, since };
    const options = { active, cluster, heartbeatMs, silenceMs, rereadMs, ...upkeep };
    const reign = new Reign(session, this.#paths, this.#deps, options);
    this.#reign = reign;
    const stopReporting = this.#reportSuspension(session, reign);
    if (signal.aborted) reign.depose("this master is shutting down");
    const reason = await reign.run(() => this.#ready = true);
    this.#ready = false;
    this.#reign = null;
    stopReporting();
    // The next master waits for this one to go: a catalog that does not answer must not delay it.
    const { clock } = this.#deps;
    await pause(clock, LAST_EVENTS_MS, new AbortController().signal, [reign.meta.flushEvents()]);
    this.#deps.reporter.event({ event: "master.deposed", id, term, reason });
    if (reign.overtaken) this.#above = await this.#termSeen();
    await this.#unpublish(session);
  }

  #reportSuspension(session: Session, reign: Reign): () => void {
    const { id, term } = reign.active;
    return session.onState((state) => {
      if (state === "suspended") {
        const reason = "the coordination service cannot be reached";
        this.#deps.reporter.event({ event: "master.suspended", id, term, reason });
      } else if (state === "connected") {
        this.#deps.reporter.event({ event: "master.resumed", id, term });
      }
    });
  }

  /** Leaves no address behind that clients would try in vain. */
  async #unpublish(session: Session): Promise<void> {
    try {
      const there = await session.get(this.#paths.active);
      if (there.owner === session.id) await session.delete(this.#paths.active, there.version);
    } catch (error) {
      ignoreTrouble(error);
    }
  }

  /**
   * The highest term the catalog has seen. A term not above it could write nothing: so it is when
   * the coordination service has lost its data and counts from the start again.
   */
  async #termSeen(): Promise<number> {
    try {
      return (await this.#deps.catalog.load()).term;
    } catch (error) {
      if (error instanceof MinisqlError) return -1;
      throw error;
    }
  }

  /** Keeps the answer to "who leads?" for requests that a standby turns away. */
  async #watchActive(session: Session, signal: AbortSignal): Promise<void> {
    const path = this.#paths.active;
    while (!signal.aborted) {
      await connected(session, signal);
      try {
        const watched = await session.observe(path);
        const said = watched.value === null
          ? null
          : readNode(activeMasterShape, watched.value.data, path);
        this.#active = said?.ok ? said.value : null;
        await pause(this.#deps.clock, null, signal, [watched.changed]);
        watched.release();
      } catch (error) {
        if (!(error instanceof CoordinatorError) || error.code === "session_ended") throw error;
        await pause(this.#deps.clock, WATCH_AGAIN_MS, signal);
      }
    }
  }

  /** Two masters of one name could each take the other's place in lists and logs for its own. */
  async #refuseNamesake(session: Session): Promise<void> {
    const { id, advertise } = this.#options;
    for (const said of await mastersInQueue(session, this.#paths)) {
      if (said.id !== id) continue;
      if (said.host === advertise && said.port === this.address.port) continue;
      const why = `Cannot be master ${id}: another of that name is at ${said.host}:${said.port}; ` +
        `give each its own --id`;
      throw new MinisqlError("FORBIDDEN", why);
    }
  }
}

/** The reign of a master that leads for certain; else where to ask instead. */
function requireReign(master: Master | undefined): Reign {
  const reign = master?.reign ?? null;
  if (reign !== null) return reign;
  const active = master?.active ?? null;
  const { host, port } = master?.address ?? { host: "", port: 0 };
  const elsewhere = active !== null && !(active.port === port && active.host === host);
  throw new MinisqlError(
    "NOT_MASTER",
    elsewhere
      ? `This master stands by: the active one is ${active.id} at ${active.host}:${active.port}`
      : "This master stands by, and no other is active just now",
    elsewhere ? { master: { host: active.host, port: active.port } } : {},
  );
}

function ignoreTrouble(error: unknown): void {
  if (!(error instanceof CoordinatorError)) throw error;
}
