/** The port's requests, one by one, as requests of the library. */
import { Buffer } from "node:buffer";
import { unreachable } from "../../base/assert.ts";
import type { NodeMode, NodeValue } from "../../ports/coordinator.ts";
import { failure } from "../coordinator/failure.ts";
import type {
  Answer,
  Answers,
  Op,
  Request,
  Transport,
  TransportListener,
} from "../coordinator/transport.ts";
import { convertError, endReason } from "./errors.ts";
import { GuardedClient, type GuardedClientOptions } from "./guarded_client.ts";
import {
  CREATOR_ACCESS,
  type LibraryError,
  type LibraryStat,
  NO_NODE,
  OPEN_ACCESS,
} from "./library.ts";

const MODES: Readonly<Record<NodeMode, number>> = {
  persistent: 0,
  ephemeral: 1,
  persistent_sequential: 2,
  ephemeral_sequential: 3,
};

const ANY_VERSION = -1;

/**
 * Deleting a node at a version that none reaches changes nothing, and yet goes the way of every
 * write: to the leader, which knows the sessions, and through a majority. An answer to a read or
 * to a ping proves less: a server cut off from the others gives it for a while.
 */
const PROBE_PATH = "/minisql-probe";
const PROBE_VERSION = 2 ** 31 - 1;

const NO_OWNER = "0".repeat(16);

/** What the leader may answer to a probe of a session that it knows. */
const PROBE_ANSWERS: ReadonlySet<string> = new Set(["no_node", "bad_version", "forbidden"]);

export interface ZookeeperTransportOptions extends GuardedClientOptions {
  /** Put before every path: empty, or a path without an end slash. */
  readonly root: string;
}

type Done = (answer: Answer) => void;

export class ZookeeperTransport implements Transport {
  readonly #client: GuardedClient;
  readonly #root: string;
  readonly #access: readonly unknown[];
  readonly #listener: TransportListener;

  constructor(options: ZookeeperTransportOptions, listener: TransportListener) {
    this.#root = options.root;
    this.#access = options.digest === undefined ? OPEN_ACCESS : CREATOR_ACCESS;
    this.#listener = listener;
    this.#client = new GuardedClient(options, {
      connected: (session) => listener.connected(session),
      refused: (reason) => listener.refused(reason),
      lost: (reason) => listener.lost(reason),
      expired: (reason) => listener.expired(reason),
      changed: (kind, path) => listener.changed(kind, this.#withoutRoot(path)),
    });
  }

  start(): void {
    this.#client.library.connect();
  }

  send<O extends Op>(request: Request<O>, done: (answer: Answer<O>) => void): void {
    this.#send(request, done as Done);
  }

  reconnect(reason: string): void {
    this.#client.disconnect(reason);
  }

  close(limitMs: number): Promise<void> {
    return this.#client.close(limitMs);
  }

  destroy(): Promise<void> {
    return this.#client.destroy();
  }

  #send(request: Request, done: Done): void {
    // The library would keep it, and send it whenever there is a connection again.
    if (!this.#client.connected) return done({ ok: false, error: failure(request, "suspended") });
    const { library } = this.#client;
    const settle = (error: LibraryError | null, value?: Answers[Op]) =>
      this.#settle(request, done, error, value);
    switch (request.op) {
      case "create": {
        const [path, data] = [this.#withRoot(request.path), Buffer.from(request.data)];
        return library.create(path, data, this.#access, MODES[request.mode], (error, made) => {
          settle(error, error ? undefined : this.#withoutRoot(made));
        });
      }
      case "set": {
        const [path, data] = [this.#withRoot(request.path), Buffer.from(request.data)];
        return library.setData(
          path,
          data,
          request.version,
          (error, stat) => settle(error, stat?.version),
        );
      }
      case "delete":
        return library.remove(
          this.#withRoot(request.path),
          request.version ?? ANY_VERSION,
          (error) => settle(error, null),
        );
      case "get":
        return library.getData(this.#withRoot(request.path), undefined, (error, data, stat) => {
          settle(error, error ? undefined : nodeValue(data, stat));
        });
      case "observe":
        return this.#observe(request, done);
      case "children": {
        const watch = request.watch ? watched : undefined;
        return library.getChildren(
          this.#withRoot(request.path),
          watch,
          (error, names) => settle(error, names ?? []),
        );
      }
      case "probe":
        return library.remove(
          this.#withRoot(PROBE_PATH),
          PROBE_VERSION,
          (error) => settle(error, null),
        );
      default:
        return unreachable(request);
    }
  }

  /**
   * Reading a missing node sets no watch, so its existence is asked for next, and watched. It may
   * have come to exist in between: then it is read again.
   */
  #observe(request: Request<"observe">, done: Done): void {
    const { library } = this.#client;
    const path = this.#withRoot(request.path);
    library.getData(path, watched, (error, data, stat) => {
      if (error?.code !== NO_NODE) {
        const value = error ? undefined : nodeValue(data, stat);
        return this.#settle(request, done, error, value);
      }
      if (!this.#client.connected) return;
      library.exists(path, watched, (existsError, found) => {
        if (existsError || !found) return this.#settle(request, done, existsError, null);
        if (this.#client.connected) this.#observe(request, done);
      });
    });
  }

  #settle(
    request: Request,
    done: Done,
    failed: LibraryError | null | undefined,
    value: Answers[Op] | undefined,
  ): void {
    if (!failed) return done({ ok: true, value: value as Answers[Op] });
    const error = convertError(request, failed);
    if (request.op === "probe" && PROBE_ANSWERS.has(error.code)) {
      return done({ ok: true, value: null });
    }
    done({ ok: false, error });
    if (error.code === "session_ended") this.#listener.expired(endReason(failed));
  }

  #withRoot(path: string): string {
    if (this.#root === "") return path;
    return path === "/" ? this.#root : this.#root + path;
  }

  #withoutRoot(path: string): string {
    return path.slice(this.#root.length) || "/";
  }
}

/** Asks for a watch. What it sees comes through the guarded client, for all paths alike. */
function watched(): void {}

function nodeValue(data: Buffer | undefined, stat: LibraryStat): NodeValue {
  const owner = stat.ephemeralOwner.toString("hex");
  return {
    data: data?.toString() ?? "",
    version: stat.version,
    created: stat.czxid.toString("hex"),
    owner: owner === NO_OWNER ? null : owner,
  };
}
