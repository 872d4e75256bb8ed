/** The serving side of the coordinator in memory: the tree, the sessions, who watches what. */
import { unreachable } from "../../base/assert.ts";
import type { Clock } from "../../ports/clock.ts";
import { failure } from "../coordinator/failure.ts";
import type { Answer, Answers, Op, Request, WatchKind } from "../coordinator/transport.ts";
import type { Connection } from "./line.ts";
import {
  type Change,
  differs,
  NodeTree,
  type SavedTree,
  TreeFault,
  type TreeView,
} from "./node_tree.ts";

const ID_DIGITS = 16;

export interface Granted {
  readonly id: string;
  readonly timeoutMs: number;
}

/** What the client of a connection is told unasked. */
export interface ClientSide {
  changed(kind: WatchKind, path: string): void;
  expired(reason: string): void;
}

interface ServedSession {
  readonly id: string;
  readonly client: string;
  readonly timeoutMs: number;
  readonly watches: Record<WatchKind, Set<string>>;
  heardAt: number;
  cancelExpiry: () => void;
  connection: Connection | null;
  side: ClientSide;
  /** What its server has seen of the tree; null when it keeps up. */
  view: TreeView | null;
}

export interface Keeping {
  /** What an earlier service has saved; null to begin with nothing. */
  readonly saved: SavedTree | null;
  /** Told what to save, before whoever changed it gets its answer. */
  readonly save: (tree: SavedTree) => void;
}

export class CoordinationService {
  readonly #clock: Clock;
  readonly #tree: NodeTree;
  readonly #save: Keeping["save"] | null;
  readonly #sessions = new Map<string, ServedSession>();
  readonly #lagging = new Set<string>();
  #sessionsMade = 0;
  #away = false;

  constructor(clock: Clock, keeping: Keeping | null = null) {
    this.#clock = clock;
    this.#tree = new NodeTree(keeping?.saved ?? null);
    this.#save = keeping?.save ?? null;
  }

  /** The tree as it is, for tests and for those who look at the whole. */
  get tree(): TreeView {
    return this.#tree;
  }

  /** Opens a session, or takes up an old one on a new connection; null when it is over. */
  enter(
    session: { readonly id: string | null; readonly client: string; readonly timeoutMs: number },
    connection: Connection,
    side: ClientSide,
  ): Granted | null {
    const served = session.id === null
      ? this.#open(session, connection, side)
      : this.#sessions.get(session.id);
    if (served === undefined) return null;
    this.#heard(served);
    served.connection = connection;
    served.side = side;
    served.watches.node.clear();
    served.watches.children.clear();
    return { id: served.id, timeoutMs: served.timeoutMs };
  }

  execute<O extends Op>(id: string, request: Request<O>): Answer<O> {
    const session = this.#sessions.get(id);
    if (session === undefined) {
      const error = failure(request, "session_ended", "the service has ended the session");
      return { ok: false, error };
    }
    this.#heard(session);
    try {
      return { ok: true, value: this.#run(session, request) as Answers[O] };
    } catch (error) {
      if (!(error instanceof TreeFault)) throw error;
      return { ok: false, error: failure(request, error.code) };
    }
  }

  /** The answer has reached the client. That of a write is a barrier, also if it failed. */
  answered(id: string, request: Request): void {
    const session = this.#sessions.get(id);
    if (session !== undefined && isWrite(request)) this.#refresh(session);
  }

  /** Ends a session, as its client asks or as time has come. */
  end(id: string, reason: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.cancelExpiry();
    this.#sessions.delete(id);
    for (const path of this.#tree.ownedBy(id)) this.#tell(this.#tree.delete(path, null));
    session.connection?.toClient.send(() => session.side.expired(reason));
  }

  sessionsOf(client: string): readonly string[] {
    return [...this.#sessions.values()].flatMap((each) => each.client === client ? [each.id] : []);
  }

  /** While the service is away nobody expires; once back it gives everybody the full time. */
  set away(away: boolean) {
    this.#away = away;
    if (!away) { for (const session of this.#sessions.values()) this.#heard(session); }
  }

  /** From now on the client's server sees nothing new, but for what the client itself writes. */
  lag(client: string, lagging: boolean): void {
    if (lagging) this.#lagging.add(client);
    else this.#lagging.delete(client);
    for (const session of this.#sessions.values()) {
      if (session.client === client) this.#refresh(session);
    }
  }

  #open(
    { client, timeoutMs }: { readonly client: string; readonly timeoutMs: number },
    connection: Connection,
    side: ClientSide,
  ): ServedSession {
    const id = (++this.#sessionsMade).toString(16).padStart(ID_DIGITS, "0");
    const session: ServedSession = {
      id,
      client,
      timeoutMs,
      watches: { node: new Set(), children: new Set() },
      heardAt: this.#clock.now(),
      cancelExpiry: () => {},
      connection,
      side,
      view: this.#lagging.has(client) ? this.#tree.copy() : null,
    };
    this.#sessions.set(id, session);
    this.#expireInTime(session);
    return session;
  }

  #heard(session: ServedSession): void {
    session.heardAt = this.#clock.now();
  }

  #expireInTime(session: ServedSession): void {
    const leftMs = session.heardAt + session.timeoutMs - this.#clock.now();
    if (leftMs <= 0 && !this.#away) return this.end(session.id, "expired");
    const waitMs = leftMs > 0 ? leftMs : session.timeoutMs;
    session.cancelExpiry = this.#clock.after(waitMs, () => this.#expireInTime(session));
  }

  #run(session: ServedSession, request: Request): Answers[Op] {
    const view = session.view ?? this.#tree;
    switch (request.op) {
      case "create": {
        const { path, changes } = this.#tree.create(request, session.id);
        this.#tell(changes);
        return path;
      }
      case "set":
        this.#tell(this.#tree.set(request.path, request.data, request.version));
        return request.version + 1;
      case "delete":
        this.#tell(this.#tree.delete(request.path, request.version));
        return null;
      case "get":
        return view.get(request.path) ?? missing();
      case "observe":
        session.watches.node.add(request.path);
        return view.get(request.path);
      case "children": {
        const names = view.children(request.path) ?? missing();
        if (request.watch) session.watches.children.add(request.path);
        return names;
      }
      case "probe":
        return null;
      default:
        return unreachable(request);
    }
  }

  /** Tells those who watch, except where their server has not seen it yet. */
  #tell(changes: readonly Change[]): void {
    this.#save?.(this.#tree.save());
    for (const session of this.#sessions.values()) {
      if (session.view === null) { for (const change of changes) this.#fire(session, change); }
    }
  }

  #fire(session: ServedSession, change: Change): void {
    if (!session.watches[change.kind].delete(change.path)) return;
    session.connection?.toClient.send(() => session.side.changed(change.kind, change.path));
  }

  /** Brings what the session sees up to now, with the events that come of it. */
  #refresh(session: ServedSession): void {
    const before = session.view;
    session.view = this.#lagging.has(session.client) ? this.#tree.copy() : null;
    if (before === null) return;
    for (const kind of ["node", "children"] as const) {
      for (const path of session.watches[kind]) {
        const change = { kind, path };
        if (differs(change, before, this.#tree)) this.#fire(session, change);
      }
    }
  }
}

function isWrite(request: Request): boolean {
  return request.op !== "get" && request.op !== "observe" && request.op !== "children";
}

function missing(): never {
  throw new TreeFault("no_node");
}
