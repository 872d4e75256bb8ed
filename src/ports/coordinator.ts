/**
 * The coordination service: a small tree of versioned nodes with sessions, as ZooKeeper keeps it.
 * Recipes (election, membership, compare-and-set with read-back) stand on this port, so they are
 * written once and run in the simulator.
 *
 * Not promised: that a read is the newest value. A reader may be served by a lagging server.
 * Decisions are made by compare-and-set, never by a read alone.
 *
 * Promised: a session never reads backwards, across reconnections too. Once the service has
 * answered a write of its own, be it with `bad_version` or another refusal of the write itself,
 * it reads nothing older than that answer: a write that fails is a barrier as well.
 */

export type CoordinatorErrorCode =
  /** The node, or the parent of a node to be created, is not there. */
  | "no_node"
  | "node_exists"
  /** The version given is not the node's; somebody else wrote first. */
  | "bad_version"
  /** The node still has children. */
  | "not_empty"
  /** Ephemeral nodes have no children. */
  | "ephemeral_parent"
  /** The request was sent and its answer lost: a write may have happened. Look before repeating. */
  | "connection_loss"
  /** The session is suspended. The request was not sent and will not be. */
  | "suspended"
  /** The session is over, or was before the request was sent. A write sent before may have happened. */
  | "session_ended"
  /** The data or the path is larger than a node may be. */
  | "too_large"
  /** The service refuses this client: credentials or access list. */
  | "forbidden"
  /** The service answered something this program knows no better name for; the message tells. */
  | "refused";

/** `unknown` means the write may have happened. */
const OUTCOME_UNKNOWN: ReadonlySet<CoordinatorErrorCode> = new Set([
  "connection_loss",
  "session_ended",
  "refused",
]);

export class CoordinatorError extends Error {
  override readonly name = "CoordinatorError";
  readonly code: CoordinatorErrorCode;

  constructor(code: CoordinatorErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  get applied(): "no" | "unknown" {
    return OUTCOME_UNKNOWN.has(this.code) ? "unknown" : "no";
  }
}

/** Sequential nodes get ten digits appended, rising within their parent. */
export type NodeMode =
  | "persistent"
  | "persistent_sequential"
  | "ephemeral"
  | "ephemeral_sequential";

export interface NodeValue {
  readonly data: string;
  /** Rises by one at each `set`; 0 for a node never set since it was created. */
  readonly version: number;
  /**
   * Rises, compared as text, with every creation in the whole tree: a node deleted and made again
   * has a new one.
   */
  readonly created: string;
  /** The session that an ephemeral node lives with; null for a persistent one. */
  readonly owner: string | null;
}

/**
 * A value together with the promise that it has changed. The watch is set before the value is
 * read, so no change falls between. `changed` resolves once, at the next change or whenever a
 * change may have been missed (reconnection, end of session); it never rejects. Changes may be
 * merged: read again and observe again.
 */
export interface Observed<T> {
  readonly value: T;
  readonly changed: Promise<void>;

  /**
   * Nobody waits for `changed` any more: it resolves now and what is kept for it goes. Calling it
   * late or twice is fine; who looks at one node again and again calls it between two looks.
   */
  release(): void;
}

/**
 * `connected`: calls are served. `suspended`: the service cannot be reached, the session may or
 * may not live on; stop acting on what it says. `ended`: the session is over and its ephemeral
 * nodes are gone or soon will be; open a new one.
 */
export type SessionState = "connected" | "suspended" | "ended";

export interface Session {
  /** Never the same twice. Owner of this session's ephemeral nodes. */
  readonly id: string;
  readonly state: SessionState;

  /** Milliseconds of silence after which the service ends the session. */
  readonly timeoutMs: number;

  /**
   * Until this moment of `Clock.now()` the session surely lives: counted from the sending of
   * requests that were answered by those who decide on its end, and short of `timeoutMs` by what
   * they may be late in hearing. Never moves back. Past it, another may hold what this held.
   */
  readonly certainUntil: number;

  /**
   * Calls `listener` at each change of state, once per change, soon after `state` has changed;
   * the answer takes it off again.
   */
  onState(listener: (state: SessionState) => void): () => void;

  /** Resolves once, when the session has ended, with the reason in a few words. */
  readonly ended: Promise<string>;

  /** Creates a node and returns its path (with the digits of a sequential one). */
  create(path: string, data: string, mode: NodeMode): Promise<string>;

  /** The node; raises `no_node`. */
  get(path: string): Promise<NodeValue>;

  /** The node or null, watched: its creation, change of data and deletion all count as changes. */
  observe(path: string): Promise<Observed<NodeValue | null>>;

  /** Replaces the data when `version` is current, and returns the new version. 0 is a version. */
  set(path: string, data: string, version: number): Promise<number>;

  /** Deletes the node when `version` is current; null deletes whatever version there is. */
  delete(path: string, version: number | null): Promise<void>;

  /** Names of the children, without the parent's path, sorted. Raises `no_node`. */
  children(path: string): Promise<readonly string[]>;

  /** The same, watched: children coming, going, and the node's own deletion. */
  observeChildren(path: string): Promise<Observed<readonly string[]>>;

  /** Ends the session and removes its ephemeral nodes at once, where the service can be reached. */
  close(): Promise<void>;
}

export interface Coordinator {
  /**
   * Opens a session, or raises `suspended` when the service cannot be reached in time. Every
   * session is a client of its own: an ended one is never revived.
   */
  open(signal?: AbortSignal): Promise<Session>;
}
