/**
 * The typed face of node-zookeeper-client: what is used of it, its insides included, since most of
 * what it promises is kept by the guards around it.
 */
import type { Buffer } from "node:buffer";
import zookeeper from "node-zookeeper-client";

export interface LibraryError {
  readonly code: number;
  getCode(): number;
}

/** 64-bit numbers are eight bytes, big end first. */
export interface LibraryStat {
  readonly czxid: Buffer;
  readonly version: number;
  readonly ephemeralOwner: Buffer;
}

export interface LibraryEvent {
  readonly type: number;
  readonly path: string;
}

export interface LibraryPacket {
  readonly callback: (error: LibraryError) => void;
}

export interface LibrarySocket {
  readonly destroyed: boolean;
  destroy(): void;
}

/** Connections and packets. The `on` methods are bound anew to each socket, by their names here. */
export interface LibraryManager {
  state: number;
  readonly sessionId: Buffer;
  readonly sessionTimeout: number;
  readonly socket?: LibrarySocket;
  readonly connectTimeoutHandler: unknown;
  /** Requests not written yet, which would go out on the next connection. */
  readonly packetQueue: { readonly queue: LibraryPacket[] };
  watcherManager: {
    isEmpty(): boolean;
    registerDataWatcher(): void;
    registerExistenceWatcher(): void;
    registerChildWatcher(): void;
    emit(event: LibraryEvent): void;
  };
  findNextServer(connect: (server: { host: string; port: number }) => void): void;
  onSocketConnected(): void;
  onSocketData(chunk: Buffer): void;
  onSocketError(error: Error): void;
  onSocketClosed(hasError: boolean): void;
  on(event: "state", listener: (state: number) => void): void;
  removeAllListeners(event: "state"): void;
}

type Done<T extends readonly unknown[]> = (error: LibraryError | null, ...values: T) => void;
type Watcher = (() => void) | undefined;

export interface LibraryClient {
  readonly connectionManager: LibraryManager;
  connect(): void;
  close(): void;
  addAuthInfo(scheme: string, auth: Buffer): void;
  create(
    path: string,
    data: Buffer,
    acl: readonly unknown[],
    mode: number,
    done: Done<[path: string]>,
  ): void;
  setData(path: string, data: Buffer, version: number, done: Done<[stat: LibraryStat]>): void;
  remove(path: string, version: number, done: Done<[]>): void;
  getData(path: string, watch: Watcher, done: Done<[Buffer | undefined, LibraryStat]>): void;
  exists(path: string, watch: Watcher, done: Done<[LibraryStat | null]>): void;
  getChildren(path: string, watch: Watcher, done: Done<[readonly string[] | undefined]>): void;
}

interface Library {
  createClient(
    servers: string,
    options: { readonly sessionTimeout: number; readonly retries: number },
  ): LibraryClient;
  readonly ACL: {
    readonly OPEN_ACL_UNSAFE: readonly unknown[];
    readonly CREATOR_ALL_ACL: readonly unknown[];
  };
  readonly Exception: { create: (code: number, path?: string) => LibraryError };
}

const library = zookeeper as unknown as Library;

/** Access for everybody, or for whoever created the node. */
export const OPEN_ACCESS = library.ACL.OPEN_ACL_UNSAFE;
export const CREATOR_ACCESS = library.ACL.CREATOR_ALL_ACL;

/** States of a manager. */
export const MANAGER_CONNECTING = 1;
export const MANAGER_CONNECTED = 2;
export const MANAGER_EXPIRED = -3;
export const MANAGER_AUTH_FAILED = -4;

export const NO_NODE = -101;

/** Types of events. */
export const NODE_DELETED = 2;
export const CHILDREN_CHANGED = 4;

/** The library asks for servers as text, reads nothing else from it, and is given others later. */
const ANY_SERVER = "localhost:2181";

export function createLibraryClient(sessionTimeoutMs: number): LibraryClient {
  takeAnyCode();
  // Its own retries repeat what may have happened already.
  return library.createClient(ANY_SERVER, { sessionTimeout: sessionTimeoutMs, retries: 0 });
}

/**
 * The library makes an exception of each error a server answers with, and throws in the middle of
 * its socket handler when it does not know the code; ZooKeeper has had new ones since. This
 * replaces the maker, once for the process, by one that takes any code.
 */
function takeAnyCode(): void {
  const { Exception } = library;
  if (Exception.create === anyException) return;
  Exception.create = anyException;
}

function anyException(code: number): LibraryError {
  return Object.assign(new Error(`ZooKeeper error ${code}`), { code, getCode: () => code });
}
