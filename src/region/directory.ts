/** Which region servers live, and where, as the coordination service has it; and links to them. */
import { Deferred } from "../base/deferred.ts";
import { readNode } from "../cluster/nodes.ts";
import { pause } from "../cluster/pause.ts";
import type { Paths } from "../cluster/paths.ts";
import type { Clock } from "../ports/clock.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { Reporter } from "../ports/reporter.ts";
import { type LiveServer, liveServerShape } from "../protocol/model.ts";
import type { Channel } from "../rpc/channel.ts";
import type { Pool } from "../rpc/pool.ts";

export interface DirectoryDeps {
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly paths: Paths;
  readonly pool: Pool;
}

const REREAD_MS = 3000;

export class Directory {
  readonly #deps: DirectoryDeps;
  #live: ReadonlyMap<number, LiveServer> = new Map();
  #isCurrent = false;
  #changed = new Deferred<void>();

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
  }

  /** Where a server is; the last that was known of it when the service cannot be reached. */
  server(rid: number): LiveServer | null {
    return this.#live.get(rid) ?? null;
  }

  /** Whether the list is what the service says now, so that who is not in it has gone. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Whether this process has been taken off the list. */
  misses({ rid, incarnation }: { readonly rid: number; readonly incarnation: string }): boolean {
    return this.#isCurrent && this.server(rid)?.incarnation !== incarnation;
  }

  /** Resolves at the next change of the list. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** The channel to a server; null where nobody knows where it is. */
  channel(rid: number): Channel | null {
    const server = this.server(rid);
    return server === null ? null : this.#deps.pool.to({ host: server.host, port: server.port });
  }

  /** Follows the list while the session lives. Never raises. */
  async follow(session: Session, signal: AbortSignal): Promise<void> {
    const { clock, paths } = this.#deps;
    const offState = session.onState((state) => {
      if (state !== "connected") this.#isCurrent = false;
    });
    try {
      while (!signal.aborted && session.state !== "ended") {
        try {
          const watched = await session.observeChildren(paths.servers);
          await this.#read(session, watched.value);
          await pause(clock, REREAD_MS, signal, [watched.changed]);
          watched.release();
        } catch (error) {
          if (!(error instanceof CoordinatorError)) throw error;
          this.#isCurrent = false;
          if (error.code === "session_ended") return;
          await pause(clock, 100, signal, [session.ended]);
        }
      }
    } finally {
      offState();
      this.#isCurrent = false;
    }
  }

  async #read(session: Session, names: readonly string[]): Promise<void> {
    const { paths, reporter } = this.#deps;
    const live = new Map<number, LiveServer>();
    for (const name of names) {
      const path = paths.server(Number(name));
      const node = await session.get(path).catch((error) => {
        if (error instanceof CoordinatorError && error.code === "no_node") return null;
        throw error;
      });
      if (node === null) continue;
      const said = readNode(liveServerShape, node.data, path);
      if (said.ok) live.set(said.value.rid, said.value);
      else reporter.log("debug", said.why);
    }
    const before = JSON.stringify([...this.#live]);
    this.#live = live;
    this.#isCurrent = session.state === "connected";
    if (JSON.stringify([...live]) === before) return;
    this.#changed.resolve();
    this.#changed = new Deferred();
  }
}
