/** The coordination service on a ZooKeeper ensemble. */
import type { Clock } from "../../ports/clock.ts";
import { type Coordinator, CoordinatorError, type Session } from "../../ports/coordinator.ts";
import { openSession } from "../coordinator/opening.ts";
import { type ConnectString, parseConnectString } from "./connect_string.ts";
import { ZookeeperTransport } from "./transport.ts";

/** Of the session's timeout: so that three servers can be tried before a session ends. */
const CONNECT_PART = 1 / 3;

/** A server that is well and near grants a session in less, even when it is busy. */
const CONNECT_MS_MIN = 250;

export interface ZookeeperOptions {
  /** `host:port,host:port`, and the node that stands for the root, if it is not the root: `/x`. */
  readonly connect: string;
  /** What is asked for. The ensemble may grant less or more. */
  readonly sessionTimeoutMs: number;
  readonly clock: Clock;
  /** How long one server may take to accept and to grant a session. */
  readonly connectTimeoutMs?: number;
  /** Shown to the service; nodes created are then for these credentials only. */
  readonly auth?: { readonly user: string; readonly password: string };
}

export class ZookeeperCoordinator implements Coordinator {
  readonly #options: ZookeeperOptions;
  readonly #where: ConnectString;
  readonly #connectTimeoutMs: number;
  #rootExists: boolean;

  constructor(options: ZookeeperOptions) {
    this.#options = options;
    this.#where = parseConnectString(options.connect);
    this.#connectTimeoutMs = options.connectTimeoutMs ??
      Math.max(CONNECT_MS_MIN, options.sessionTimeoutMs * CONNECT_PART);
    this.#rootExists = this.#where.root === "";
  }

  async open(signal?: AbortSignal): Promise<Session> {
    await this.#makeRoot(signal);
    return await this.#open(this.#where.root, signal);
  }

  /** Without its root no node can be created, and nobody else creates it. */
  async #makeRoot(signal?: AbortSignal): Promise<void> {
    if (this.#rootExists) return;
    const session = await this.#open("", signal);
    try {
      await makeParents(session, this.#where.root);
      this.#rootExists = true;
    } finally {
      await session.close();
    }
  }

  #open(root: string, signal?: AbortSignal): Promise<Session> {
    const { clock, sessionTimeoutMs, auth } = this.#options;
    const { servers } = this.#where;
    const digest = auth === undefined ? undefined : `${auth.user}:${auth.password}`;
    const connectTimeoutMs = this.#connectTimeoutMs;
    return openSession(
      clock,
      (listener) =>
        new ZookeeperTransport(
          { clock, servers, sessionTimeoutMs, connectTimeoutMs, digest, root },
          listener,
        ),
      // Every server is tried, and one that is just starting has some time to.
      { limitMs: Math.max(sessionTimeoutMs, connectTimeoutMs * (servers.length + 1)), signal },
    );
  }
}

/** Creates a persistent node with everything above it, as far as it is missing. */
async function makeParents(session: Session, path: string): Promise<void> {
  const names = path.split("/").slice(1);
  for (let depth = 1; depth <= names.length; depth++) {
    const part = `/${names.slice(0, depth).join("/")}`;
    try {
      await session.get(part);
    } catch (error) {
      if (!(error instanceof CoordinatorError && error.code === "no_node")) throw error;
      await createUnlessThere(session, part);
    }
  }
}

async function createUnlessThere(session: Session, path: string): Promise<void> {
  try {
    await session.create(path, "", "persistent");
  } catch (error) {
    if (!(error instanceof CoordinatorError && error.code === "node_exists")) throw error;
  }
}
