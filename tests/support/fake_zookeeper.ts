/** A server that speaks ZooKeeper's protocol and does whatever a test tells it to. */
import { frame, JuteReader, JuteWriter } from "./jute.ts";

const NAMES: Readonly<Record<number, RequestName>> = {
  1: "create",
  2: "delete",
  3: "exists",
  4: "get",
  5: "set",
  11: "ping",
  12: "children",
  100: "auth",
  101: "watches",
  [-11]: "close",
};

export type RequestName =
  | "create"
  | "delete"
  | "exists"
  | "get"
  | "set"
  | "ping"
  | "children"
  | "auth"
  | "watches"
  | "close";

export interface WireRequest {
  /** The connection it came on, from 1. */
  readonly connection: number;
  readonly xid: number;
  readonly name: RequestName;
  readonly path: string;
  readonly data: string;
  /** Of a set or a delete; null for the others. */
  readonly version: number | null;
  readonly isProbe: boolean;
}

/** Bytes to send as they are; no answer; or the end of the connection. */
export type Reaction = Uint8Array | "silence" | "cut";

/** What the server does, where it does not do what a server should. */
export interface Script {
  /** For the connection of this number: null to grant the session. */
  handshake(connection: number): Reaction | null;
  /** Null for the usual answer. */
  request(request: WireRequest): Reaction | null;
  /** False: nothing is read after the handshake, so that the client's writes pile up. */
  reads(connection: number): boolean;
}

const SESSION_ID = 0x1234;
const NO_NODE = -101;
const PROBE_VERSION = 2 ** 31 - 1;

export class FakeZookeeper {
  readonly requests: WireRequest[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #script: Partial<Script>;
  readonly #timeoutMs: number;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();
  readonly #halted: (() => void)[] = [];
  #connections = 0;
  #closed = false;

  constructor(script: Partial<Script> = {}, timeoutMs = 1000) {
    this.#script = script;
    this.#timeoutMs = timeoutMs;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#track(this.#accept());
  }

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#connections;
  }

  get openConnections(): number {
    return this.#open.size;
  }

  /** The requests that are not about the connection itself. */
  get calls(): readonly WireRequest[] {
    return this.requests.filter(({ name, isProbe }) =>
      !isProbe && name !== "ping" && name !== "auth" && name !== "close"
    );
  }

  /** Sends bytes on every open connection. */
  async broadcast(bytes: Uint8Array): Promise<void> {
    for (const connection of this.#open) await writeAll(connection, bytes);
  }

  cut(): void {
    for (const connection of this.#open) shut(connection);
    for (const resolve of this.#halted.splice(0)) resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listener.close();
    this.cut();
    await Promise.all(this.#work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#track(this.#serve(await this.#listener.accept(), ++this.#connections));
      } catch {
        // The listener was closed, or a connection broke before it was accepted.
      }
    }
  }

  async #serve(connection: Deno.TcpConn, number: number): Promise<void> {
    this.#open.add(connection);
    try {
      let greeted = false;
      for await (const payload of frames(connection)) {
        const reaction = greeted ? this.#react(payload, number) : this.#greet(number);
        if (reaction === "cut") return;
        if (reaction !== "silence") await writeAll(connection, reaction);
        if (!greeted && this.#script.reads?.(number) === false) await this.#halt();
        greeted = true;
      }
    } catch {
      // The client broke the connection.
    } finally {
      this.#open.delete(connection);
      shut(connection);
    }
  }

  /** Resolves when connections are cut. */
  async #halt(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#halted.push(resolve);
    await promise;
  }

  #greet(number: number): Reaction {
    return this.#script.handshake?.(number) ?? granted(this.#timeoutMs);
  }

  #react(payload: Uint8Array, number: number): Reaction {
    const request = parse(payload, number);
    this.requests.push(request);
    const reaction = this.#script.request?.(request) ?? null;
    if (reaction !== null) return reaction;
    return request.name === "close" ? "cut" : usualAnswer(request);
  }
}

/** The answer to a handshake. A timeout of 0 says that the session has expired. */
export function granted(timeoutMs: number, id = SESSION_ID): Uint8Array {
  const password = new Uint8Array(16);
  return frame(
    new JuteWriter().int(0).int(timeoutMs).long(id).buffer(password).raw(Uint8Array.of(0)).bytes,
  );
}

export function answer(
  request: { readonly xid: number },
  error: number,
  payload = new JuteWriter(),
): Uint8Array {
  return frame(new JuteWriter().int(request.xid).long(1).int(error).raw(payload.bytes).bytes);
}

/** A watch that fires: 1 created, 2 deleted, 3 changed, 4 children. */
export function notification(type: number, path: string): Uint8Array {
  return answer({ xid: -1 }, 0, new JuteWriter().int(type).int(3).text(path));
}

export function usualAnswer(request: WireRequest): Uint8Array {
  const { name, version, path } = request;
  if (request.isProbe) return answer(request, NO_NODE);
  if (name === "create") return answer(request, 0, new JuteWriter().text(path));
  if (name === "set") {
    return answer(request, 0, new JuteWriter().stat({ version: (version ?? 0) + 1 }));
  }
  if (name === "get") return answer(request, 0, new JuteWriter().text("data").stat());
  if (name === "exists") return answer(request, NO_NODE);
  if (name === "children") return answer(request, 0, new JuteWriter().texts(["b", "a"]).stat());
  return answer(request, 0);
}

function parse(payload: Uint8Array, connection: number): WireRequest {
  const reader = new JuteReader(payload);
  const xid = reader.int();
  const name = NAMES[reader.int()] ?? "ping";
  const hasPath = reader.left > 0 && name !== "auth" && name !== "watches";
  const path = hasPath ? reader.text() : "";
  const data = name === "create" || name === "set" ? reader.text() : "";
  const version = name === "set" || name === "delete" ? reader.int() : null;
  const isProbe = name === "delete" && version === PROBE_VERSION;
  return { connection, xid, name, path, data, version, isProbe };
}

async function* frames(connection: Deno.TcpConn): AsyncGenerator<Uint8Array, void, void> {
  let rest = new Uint8Array();
  const chunk = new Uint8Array(256 * 1024);
  for (
    let size = await connection.read(chunk);
    size !== null;
    size = await connection.read(chunk)
  ) {
    const all = new Uint8Array(rest.length + size);
    all.set(rest);
    all.set(chunk.subarray(0, size), rest.length);
    let at = 0;
    while (all.length - at >= 4) {
      const length = new DataView(all.buffer, at).getInt32(0);
      if (all.length - at - 4 < length) break;
      yield all.subarray(at + 4, at + 4 + length);
      at += 4 + length;
    }
    rest = all.subarray(at);
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

function shut(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
