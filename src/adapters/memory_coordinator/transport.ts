/** A client's side of the coordinator in memory. */
import { failure } from "../coordinator/failure.ts";
import type {
  Answer,
  Op,
  Request,
  Transport,
  TransportListener,
} from "../coordinator/transport.ts";
import type { Ambushes } from "./ambushes.ts";
import type { Connection, Line } from "./line.ts";
import type { CoordinationService, Granted } from "./service.ts";

export interface MemoryTransportParts {
  readonly service: CoordinationService;
  readonly line: Line;
  readonly ambushes: Ambushes;
}

export class MemoryTransport implements Transport {
  readonly #parts: MemoryTransportParts;
  readonly #timeoutMs: number;
  readonly #listener: TransportListener;
  #connection: Connection | null = null;
  #id: string | null = null;
  #entered = false;
  #destroyed = false;

  constructor(parts: MemoryTransportParts, timeoutMs: number, listener: TransportListener) {
    this.#parts = parts;
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
  }

  start(): void {
    const { service, line } = this.#parts;
    if (this.#destroyed) return;
    const connection = line.connect(() => this.#drop(connection, "the connection was cut"));
    if (connection === null) {
      this.#listener.refused("connections are refused");
      return line.whenReachable(() => this.start());
    }
    this.#connection = connection;
    const sentAt = line.clock.now();
    const session = { id: this.#id, client: line.name, timeoutMs: this.#timeoutMs };
    connection.toService.send(() => {
      const granted = service.enter(session, connection, {
        changed: (kind, path) => this.#listener.changed(kind, path),
        expired: (reason) => this.#expire(reason),
      });
      connection.toClient.send(() => this.#enter(granted, sentAt));
    });
  }

  send<O extends Op>(request: Request<O>, done: (answer: Answer<O>) => void): void {
    const { service, ambushes, line } = this.#parts;
    const [connection, id] = [this.#connection, this.#id];
    if (connection === null || id === null) {
      return done({ ok: false, error: failure(request, "suspended") });
    }
    connection.toService.send(() => {
      const ambush = ambushes.take(line.name, request);
      if (ambush?.kind === "refuse") {
        const error = failure(request, ambush.code);
        return connection.toClient.send(() => done({ ok: false, error }));
      }
      if (ambush?.kind === "lose_reply") {
        if (ambush.applied) service.execute(id, request);
        ambush.sprung();
        return connection.cut();
      }
      const answer = service.execute(id, request);
      connection.toClient.send(() => {
        service.answered(id, request);
        done(answer);
      });
    });
  }

  reconnect(reason: string): void {
    const connection = this.#connection;
    connection?.abandon();
    if (connection !== null) this.#drop(connection, reason);
  }

  async close(limitMs: number): Promise<void> {
    const [connection, id] = [this.#connection, this.#id];
    this.#destroyed = true;
    if (connection === null || id === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const { service, line } = this.#parts;
    const cancel = line.clock.after(limitMs, resolve);
    connection.toService.send(() => {
      service.end(id, "closed");
      connection.toClient.send(resolve);
    });
    await promise;
    cancel();
    await this.destroy();
  }

  destroy(): Promise<void> {
    this.#destroyed = true;
    this.#connection?.abandon();
    this.#connection = null;
    return Promise.resolve();
  }

  #enter(granted: Granted | null, sentAt: number): void {
    if (this.#destroyed) return;
    if (granted === null) return this.#expire("expired");
    this.#id = granted.id;
    this.#entered = true;
    this.#listener.connected({ ...granted, sentAt });
  }

  #expire(reason: string): void {
    if (!this.#destroyed) this.#listener.expired(reason);
  }

  #drop(connection: Connection | null, reason: string): void {
    if (this.#destroyed || connection !== this.#connection) return;
    this.#connection = null;
    if (this.#entered) {
      this.#entered = false;
      this.#listener.lost(reason);
    }
    this.#parts.line.whenReachable(() => this.start());
  }
}
