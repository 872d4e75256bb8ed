/**
 * One client of the library under guard: it connects with a limit, sends nothing late, survives
 * whatever a server says, and is really gone once destroyed.
 */
import { Buffer } from "node:buffer";
import { clearTimeout } from "node:timers";
import { InvariantError } from "../../base/assert.ts";
import { backoffDelay, type BackoffPolicy } from "../../base/backoff.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { WatchKind } from "../coordinator/transport.ts";
import type { ServerAddress } from "./connect_string.ts";
import { NOT_SENT } from "./errors.ts";
import { FrameReader } from "./frame_reader.ts";
import {
  CHILDREN_CHANGED,
  createLibraryClient,
  type LibraryClient,
  type LibraryEvent,
  type LibraryManager,
  MANAGER_AUTH_FAILED,
  MANAGER_CONNECTED,
  MANAGER_CONNECTING,
  MANAGER_EXPIRED,
  NODE_DELETED,
} from "./library.ts";

/** Between two rounds through all servers. */
const ROUND_DELAY: BackoffPolicy = { initialMs: 50, limitMs: 1000 };

/** No session is longer than an hour; what claims to be is no answer of a ZooKeeper server. */
const SESSION_MS_MAX = 3_600_000;

/** Where a granted session has its timeout. */
const TIMEOUT_OFFSET = 8;

export interface GuardedClientOptions {
  readonly clock: Clock;
  readonly servers: readonly ServerAddress[];
  readonly sessionTimeoutMs: number;
  /** How long a server may take to accept and to grant the session. */
  readonly connectTimeoutMs: number;
  readonly digest: string | undefined;
}

export interface GuardedClientListener {
  connected(session: { id: string; timeoutMs: number; sentAt: number }): void;
  refused(reason: string): void;
  lost(reason: string): void;
  expired(reason: string): void;
  changed(kind: WatchKind, path: string): void;
}

export class GuardedClient {
  readonly library: LibraryClient;
  readonly #manager: LibraryManager;
  readonly #options: GuardedClientOptions;
  readonly #listener: GuardedClientListener;
  readonly #servers: readonly ServerAddress[];
  readonly #closed = new Deferred<void>();
  #frames = new FrameReader();
  #nextServerAt = 0;
  /** Since the last connection. */
  #attempts = 0;
  #sentAt = 0;
  #id = "";
  #connected = false;
  /** The connection's end has been reported. */
  #dropped = true;
  /** Nothing is reported and no connection is made any more. */
  #ended = false;
  #socketOpen = false;
  /** What went wrong with the connection last. */
  #fault: string | null = null;
  #cancelAttempt = () => {};

  constructor(options: GuardedClientOptions, listener: GuardedClientListener) {
    this.#options = options;
    this.#listener = listener;
    this.#servers = shuffled(options.servers);
    this.library = createLibraryClient(options.sessionTimeoutMs);
    this.#manager = this.library.connectionManager;
    if (options.digest !== undefined) {
      this.library.addAuthInfo("digest", Buffer.from(options.digest));
    }
    this.#guard();
  }

  /** Whether a request written now goes out at once, on the session's connection. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Gives the connection up; another is made. */
  disconnect(reason: string): void {
    this.#fault ??= reason;
    this.#manager.socket?.destroy();
    this.#drop();
  }

  /** Asks the server to end the session, for at most `limitMs`, then destroys the client. */
  async close(limitMs: number): Promise<void> {
    this.#ended = true;
    if (this.#connected) this.library.close();
    else this.#manager.socket?.destroy();
    const cancel = this.#options.clock.after(limitMs, () => this.#manager.socket?.destroy());
    if (this.#socketOpen) await this.#closed.promise;
    cancel();
    await this.destroy();
  }

  async destroy(): Promise<void> {
    this.#ended = true;
    this.#connected = false;
    this.#cancelAttempt();
    this.#dropUnsent();
    this.#manager.removeAllListeners("state");
    if (!this.#socketOpen) return;
    this.#manager.socket?.destroy();
    await this.#closed.promise;
  }

  /** Puts the guards in the places where the library looks its own methods up. */
  #guard(): void {
    const manager = this.#manager;
    const { onSocketConnected, onSocketData, onSocketError, onSocketClosed } = manager;
    manager.findNextServer = (connect) => this.#nextServer(connect);
    manager.onSocketConnected = () => {
      this.#sentAt = this.#options.clock.now();
      onSocketConnected.call(manager);
    };
    manager.onSocketData = (chunk) =>
      this.#read(chunk, (frame) => onSocketData.call(manager, frame));
    manager.onSocketError = (error) => {
      this.#fault ??= error.message;
      onSocketError.call(manager, error);
    };
    manager.onSocketClosed = (hasError) => {
      // The library forgets this timer, which would then destroy the next connection.
      clearTimeout(manager.connectTimeoutHandler as undefined);
      this.#socketClosed();
      if (!this.#ended) onSocketClosed.call(manager, hasError);
    };
    // The library's own table of watches is set anew on each connection, by one request that can
    // grow too large to be sent, and grows with every path ever looked at. Sessions have their own.
    manager.watcherManager = {
      isEmpty: () => true,
      registerDataWatcher: () => {},
      registerExistenceWatcher: () => {},
      registerChildWatcher: () => {},
      emit: (event) => this.#changed(event),
    };
    manager.on("state", (state) => this.#stateChanged(state));
  }

  #nextServer(connect: (server: ServerAddress) => void): void {
    const { clock, connectTimeoutMs } = this.#options;
    const round = Math.floor(this.#attempts / this.#servers.length);
    const roundStarts = this.#attempts++ % this.#servers.length === 0;
    const delayMs = roundStarts && round > 0
      ? backoffDelay(ROUND_DELAY, round - 1, Math.random)
      : 0;
    const server = this.#servers[this.#nextServerAt++ % this.#servers.length] as ServerAddress;
    this.#cancelAttempt = clock.after(delayMs, () => {
      this.#frames = new FrameReader();
      this.#fault = null;
      this.#dropped = false;
      this.#socketOpen = true;
      connect(server);
      this.#cancelAttempt = clock.after(connectTimeoutMs, () => {
        const limit = Math.round(connectTimeoutMs);
        this.disconnect(`${server.host}:${server.port} did not answer within ${limit} ms`);
      });
    });
  }

  #stateChanged(state: number): void {
    if (this.#ended) return;
    if (state === MANAGER_EXPIRED) this.#listener.expired("expired");
    if (state === MANAGER_AUTH_FAILED) this.#listener.expired("the credentials are not accepted");
    if (state !== MANAGER_CONNECTED) return;
    this.#cancelAttempt();
    const id = this.#manager.sessionId.toString("hex");
    if (this.#id !== "" && this.#id !== id) return this.#listener.expired("replaced by another");
    this.#id = id;
    this.#attempts = 0;
    this.#connected = true;
    this.#listener.connected({ id, timeoutMs: this.#manager.sessionTimeout, sentAt: this.#sentAt });
  }

  /**
   * Hands frames to the library one by one: by itself it goes one call deeper for each, and copies
   * all that is left each time. What a server's nonsense makes it throw ends the connection only.
   */
  #read(chunk: Buffer, handle: (frame: Buffer) => void): void {
    const { socket } = this.#manager;
    try {
      for (const frame of this.#frames.read(chunk)) {
        this.#check(frame);
        handle(frame);
        if (socket?.destroyed || socket !== this.#manager.socket) return;
      }
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      this.disconnect(`the server's answer makes no sense: ${(error as Error).message}`);
    }
  }

  /** The library would believe any figure, and the session would then never end. */
  #check(frame: Buffer): void {
    const granting = this.#manager.state === MANAGER_CONNECTING;
    if (granting && frame.readInt32BE(TIMEOUT_OFFSET) > SESSION_MS_MAX) {
      throw new RangeError("a session of more than an hour");
    }
  }

  #socketClosed(): void {
    this.#socketOpen = false;
    this.#cancelAttempt();
    this.#drop();
    if (this.#ended) this.#closed.resolve();
  }

  /** Reports a connection's end, after failing what was never written on it. */
  #drop(): void {
    const wasConnected = this.#connected;
    this.#connected = false;
    this.#dropUnsent();
    if (this.#ended || this.#dropped) return;
    this.#dropped = true;
    const reason = this.#fault ?? "the server closed the connection";
    if (wasConnected) this.#listener.lost(reason);
    else this.#listener.refused(reason);
  }

  #dropUnsent(): void {
    const error = { code: NOT_SENT, getCode: () => NOT_SENT };
    for (const packet of this.#manager.packetQueue.queue.splice(0)) packet.callback(error);
  }

  #changed({ type, path }: LibraryEvent): void {
    if (this.#ended) return;
    if (type !== CHILDREN_CHANGED) this.#listener.changed("node", path);
    if (type === CHILDREN_CHANGED || type === NODE_DELETED) {
      this.#listener.changed("children", path);
    }
  }
}

/** So that clients spread over the servers. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
