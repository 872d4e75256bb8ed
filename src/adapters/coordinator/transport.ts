/** What a coordination session needs of the technology beneath it: requests, events, connections. */
import type { CoordinatorError, NodeMode, NodeValue } from "../../ports/coordinator.ts";

export interface Requests {
  readonly create: { readonly path: string; readonly data: string; readonly mode: NodeMode };
  readonly set: { readonly path: string; readonly data: string; readonly version: number };
  readonly delete: { readonly path: string; readonly version: number | null };
  readonly get: { readonly path: string };
  /** Reads a node that may be missing, and sets a watch with the same request. */
  readonly observe: { readonly path: string };
  readonly children: { readonly path: string; readonly watch: boolean };
  /** A request that a majority of the service must process, and that changes nothing. */
  readonly probe: Readonly<Record<never, never>>;
}

export interface Answers {
  readonly create: string;
  readonly set: number;
  readonly delete: null;
  readonly get: NodeValue;
  readonly observe: NodeValue | null;
  readonly children: readonly string[];
  readonly probe: null;
}

export type Op = keyof Requests;
type AnyRequest = { [K in Op]: { readonly op: K } & Requests[K] }[Op];
export type Request<O extends Op = Op> = Extract<AnyRequest, { readonly op: O }>;

export type Answer<O extends Op = Op> =
  | { readonly ok: true; readonly value: Answers[O] }
  | { readonly ok: false; readonly error: CoordinatorError };

/** One client of the service: at most one connection at a time, all of one session. */
export interface Transport {
  /** Starts connecting, and goes on trying until it is destroyed. */
  start(): void;

  /**
   * Sends a request on the connection there is. `done` is called once, within the handling of
   * the answer, so that an event which follows the answer finds what `done` has prepared. When the
   * connection is lost first, `done` is called with `suspended` if the request was never written
   * and will not be; else it may not be called at all.
   */
  send<O extends Op>(request: Request<O>, done: (answer: Answer<O>) => void): void;

  /** Gives the connection up, with everything that waits on it, and makes another. */
  reconnect(reason: string): void;

  /** Ends the session at the service, taking at most `limitMs`, and destroys the transport. */
  close(limitMs: number): Promise<void>;

  /** Drops connection and timers at once. Resolves when nothing of them is left. */
  destroy(): Promise<void>;
}

/** What a transport reports. It reports nothing once it is destroyed. */
export interface TransportListener {
  /** A connection serves the session. `sentAt` is when the service was asked for it. */
  connected(session: {
    readonly id: string;
    readonly timeoutMs: number;
    readonly sentAt: number;
  }): void;
  /** A connection could not be made. The transport tries on. */
  refused(reason: string): void;
  /** The connection is gone; only after `connected`. */
  lost(reason: string): void;
  /** The service says that the session is over. */
  expired(reason: string): void;
  /** A watch has fired. */
  changed(kind: WatchKind, path: string): void;
}

export type WatchKind = "node" | "children";
