/** Links over TCP, or over TLS where certificates are given. */
import { LineSplitter } from "../protocol/framing.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { Deferred } from "../base/deferred.ts";
import type { Address, Incoming, Link, Listener, Network } from "../ports/network.ts";

export interface TcpOptions {
  /** The certificate and key that this process shows, PEM. With it, listening is TLS. */
  readonly identity?: { readonly cert: string; readonly key: string };
  /** Certificates trusted beside those trusted everywhere, PEM. With it, dialling is TLS. */
  readonly trust?: readonly string[];
  /** A peer that lets more than this pile up has its link closed. */
  readonly queuedBytesMax?: number;
}

const QUEUED_BYTES_MAX = 64 * 1024 * 1024;
/** `drained` resolves below this: enough to keep the network busy, too little to matter. */
const QUEUED_BYTES_LOW = 256 * 1024;
const READ_BYTES = 64 * 1024;
/** Lines are joined before writing, up to about this much at once. */
const WRITE_BYTES = 256 * 1024;

const ENCODER = new TextEncoder();

export class TcpNetwork implements Network {
  readonly #options: TcpOptions;

  constructor(options: TcpOptions = {}) {
    this.#options = options;
  }

  async dial(address: Address, timeoutMs: number, signal?: AbortSignal): Promise<Link> {
    const limit = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
    const either = signal === undefined ? limit : AbortSignal.any([limit, signal]);
    try {
      const conn = await this.#connect(address, either);
      return new TcpLink(conn, address, this.#queuedBytesMax);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const why = limit.aborted ? `no answer within ${timeoutMs} ms` : describe(error);
      throw new MinisqlError("UNAVAILABLE", `Cannot reach ${show(address)}: ${why}`, {
        cause: error,
      });
    }
  }

  // deno-lint-ignore require-await -- a rejection, not an exception, is what callers expect.
  async listen(address: Address, accept: (link: Link) => void): Promise<Listener> {
    const { host: hostname, port } = address;
    const { identity } = this.#options;
    try {
      const listener = identity === undefined
        ? Deno.listen({ hostname, port })
        : Deno.listenTls({ hostname, port, ...identity });
      const accepting = acceptAll(listener, (conn) => {
        const { hostname: host, port } = conn.remoteAddr;
        accept(new TcpLink(conn, { host, port }, this.#queuedBytesMax));
      });
      const bound = listener.addr as Deno.NetAddr;
      return {
        address: { host: bound.hostname, port: bound.port },
        close: () => {
          closeQuietly(listener);
          return accepting;
        },
      };
    } catch (error) {
      throw new MinisqlError(
        "UNAVAILABLE",
        `Cannot listen on ${show(address)}: ${describe(error)}`,
        { cause: error },
      );
    }
  }

  get #queuedBytesMax(): number {
    return this.#options.queuedBytesMax ?? QUEUED_BYTES_MAX;
  }

  async #connect({ host: hostname, port }: Address, signal: AbortSignal): Promise<StreamConn> {
    const tcp = await Deno.connect({ hostname, port, signal });
    tcp.setNoDelay(true);
    tcp.setKeepAlive(true);
    if (this.#options.trust === undefined) return tcp;
    const tls = await Deno.startTls(tcp, { hostname, caCerts: [...this.#options.trust] });
    const hangUp = () => tls.close();
    signal.addEventListener("abort", hangUp, { once: true });
    try {
      await tls.handshake();
      return tls;
    } catch (error) {
      closeQuietly(tls);
      throw error;
    } finally {
      signal.removeEventListener("abort", hangUp);
    }
  }
}

type StreamConn = Deno.Conn<Deno.NetAddr>;

/** Accepts for ever. One bad connection, or running out of descriptors, does not end it. */
async function acceptAll(
  listener: Deno.Listener<StreamConn>,
  take: (conn: StreamConn) => void,
): Promise<void> {
  while (true) {
    try {
      const conn = await listener.accept();
      if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
      take(conn);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      // Out of descriptors: without a pause this would spin until some are free again.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

class TcpLink implements Link {
  readonly remote: Address;
  readonly closed: Promise<string>;
  readonly #conn: StreamConn;
  readonly #queuedBytesMax: number;
  readonly #splitter = new LineSplitter();
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #ended = new Deferred<string>();
  #arrived: Incoming[] = [];
  #arrivedAt = 0;
  #reading: Promise<Incoming[]> | null = null;
  #queue: string[] = [];
  #queuedBytes = 0;
  #writing = false;
  #turnBegun = false;
  /** Whether a write has begun in this turn. */
  #wrote = false;
  #finishing = false;
  #drained: Deferred<void> | null = null;

  constructor(conn: StreamConn, remote: Address, queuedBytesMax: number) {
    this.#conn = conn;
    this.remote = remote;
    this.#queuedBytesMax = queuedBytesMax;
    this.closed = this.#ended.promise;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  send(line: string): void {
    if (this.#ended.settled || this.#finishing) return;
    this.#queue.push(line);
    this.#queuedBytes += line.length + 1;
    if (this.#queuedBytes > this.#queuedBytesMax) return this.#end("the peer does not read");
    if (this.#turnBegun) return;
    // The first line of a turn of the event loop goes out without delay; what else is sent in that
    // turn goes out together at its end. Many small writes cost more than all the rest of a call.
    this.#turnBegun = true;
    queueMicrotask(() => void this.#write());
    setImmediate(() => {
      this.#turnBegun = false;
      this.#wrote = false;
      void this.#write();
    });
  }

  async drained(): Promise<void> {
    if (this.#queuedBytes <= QUEUED_BYTES_LOW || this.#ended.settled) return;
    this.#drained ??= new Deferred();
    await this.#drained.promise;
  }

  async receive(): Promise<Incoming | null> {
    while (this.#arrivedAt >= this.#arrived.length) {
      if (this.#ended.settled) return null;
      this.#arrived = await this.#read();
      this.#arrivedAt = 0;
      if (this.#finishing) {
        await this.closed;
        return null;
      }
    }
    return this.#arrived[this.#arrivedAt++] as Incoming;
  }

  close(): void {
    this.#end("closed by this side");
  }

  async finish(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.close(), graceMs);
    while (this.#queuedBytes > 0 && !this.#ended.settled) {
      this.#drained ??= new Deferred();
      await this.#drained.promise;
    }
    this.#finishing = true;
    await this.#conn.closeWrite().catch(() => {});
    // Closing with unread bytes in the socket would reset it, and the peer might lose the goodbye.
    while (!this.#ended.settled) await this.#read();
    clearTimeout(timer);
  }

  /** What the next chunk holds. Whoever asks while a read is under way shares its outcome. */
  #read(): Promise<Incoming[]> {
    this.#reading ??= this.#readChunk().finally(() => this.#reading = null);
    return this.#reading;
  }

  async #readChunk(): Promise<Incoming[]> {
    try {
      const count = await this.#conn.read(this.#buffer);
      if (count !== null) return this.#splitter.push(this.#buffer.subarray(0, count));
      this.#end("closed by the peer");
    } catch (error) {
      this.#end(describe(error));
    }
    return [];
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      while (this.#queuedBytes > (this.#turnBegun && this.#wrote ? WRITE_BYTES : 0)) {
        const { bytes, units } = this.#gather();
        this.#wrote = true;
        for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
        if (this.#ended.settled) break;
        this.#queuedBytes -= units;
        if (this.#queuedBytes <= QUEUED_BYTES_LOW) this.#release();
      }
    } catch (error) {
      this.#end(describe(error));
    }
    this.#writing = false;
  }

  /** Takes lines off the queue, about as many as are worth one write. */
  #gather(): { bytes: Uint8Array; units: number } {
    let units = 0;
    let count = 0;
    while (count < this.#queue.length && units < WRITE_BYTES) {
      units += (this.#queue[count++] as string).length + 1;
    }
    const lines = this.#queue.splice(0, count);
    lines.push("");
    return { bytes: ENCODER.encode(lines.join("\n")), units };
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = null;
  }

  #end(why: string): void {
    if (this.#ended.settled) return;
    this.#ended.resolve(why);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#release();
    closeQuietly(this.#conn);
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It is closed already, which is what was wanted.
  }
}

/** The cause in words a person knows, without the runtime's numbers and stack. */
function describe(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) return "connection refused";
  if (error instanceof Deno.errors.ConnectionReset) return "connection reset by the peer";
  if (error instanceof Deno.errors.BrokenPipe) return "the peer has closed the connection";
  if (error instanceof Deno.errors.AddrInUse) return "the address is in use";
  if (error instanceof Deno.errors.AddrNotAvailable) return "the address is not this machine's";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.Interrupted) return "closed by this side";
  if (error instanceof Deno.errors.BadResource) return "closed by this side";
  return describeTls(error instanceof Error ? error.message : String(error));
}

function describeTls(message: string): string {
  if (/UnknownIssuer|BadSignature|CaUsedAsEndEntity/.test(message)) {
    return "its certificate is signed by none of those that are trusted here";
  }
  return /corrupt message/.test(message) ? "it does not speak TLS" : message;
}

function show({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
