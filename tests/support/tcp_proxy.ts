/** A TCP proxy on the loopback address that can fall silent, cut, and hold answers back. */

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

type Direction = "request" | "answer";

/** Holds whoever passes while it is shut. */
class Gate {
  #shut: PromiseWithResolvers<void> | null = null;

  async pass(): Promise<void> {
    while (this.#shut !== null) await this.#shut.promise;
  }

  set open(open: boolean) {
    if (!open) this.#shut ??= Promise.withResolvers<void>();
    else {
      this.#shut?.resolve();
      this.#shut = null;
    }
  }
}

export class TcpProxy {
  readonly #target: ProxyTarget;
  readonly #listener: Deno.TcpListener;
  readonly #gates: Readonly<Record<Direction, Gate>> = { request: new Gate(), answer: new Gate() };
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();
  #refuses = false;
  #closed = false;

  constructor(target: ProxyTarget) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#track(this.#accept());
  }

  get host(): string {
    return "127.0.0.1";
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Nothing passes either way; it is not lost, but comes once mended. */
  silence(): void {
    this.#gates.request.open = false;
    this.#gates.answer.open = false;
  }

  /** Requests pass, answers do not. */
  silenceAnswers(): void {
    this.#gates.answer.open = false;
  }

  /** Connections break, and new ones break at once. */
  cut(): void {
    this.#refuses = true;
    for (const connection of this.#connections) shut(connection);
  }

  mend(): void {
    this.#refuses = false;
    this.#gates.request.open = true;
    this.#gates.answer.open = true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.cut();
    this.#listener.close();
    this.#gates.request.open = true;
    this.#gates.answer.open = true;
    await Promise.all(this.#work);
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#track(this.#serve(await this.#listener.accept()));
      } catch {
        // The listener was closed, or a connection broke before it was accepted.
      }
    }
  }

  async #serve(near: Deno.TcpConn): Promise<void> {
    this.#connections.add(near);
    let far: Deno.TcpConn | null = null;
    try {
      await this.#gates.request.pass();
      if (this.#refuses) return;
      far = await Deno.connect({ hostname: this.#target.host, port: this.#target.port });
      this.#connections.add(far);
      near.setNoDelay();
      far.setNoDelay();
      if (this.#refuses) return;
      await Promise.all([this.#pump(near, far, "request"), this.#pump(far, near, "answer")]);
    } catch {
      // The target does not listen now: for the client that is the end of its connection.
    } finally {
      for (const connection of [near, far]) {
        if (connection === null) continue;
        this.#connections.delete(connection);
        shut(connection);
      }
    }
  }

  /** Passes bytes on until either side ends, and then ends both. */
  async #pump(from: Deno.TcpConn, to: Deno.TcpConn, direction: Direction): Promise<void> {
    const chunk = new Uint8Array(64 * 1024);
    try {
      for (let size = await from.read(chunk); size !== null; size = await from.read(chunk)) {
        await this.#gates[direction].pass();
        for (let sent = 0; sent < size;) sent += await to.write(chunk.subarray(sent, size));
      }
    } catch {
      // One of the two broke.
    } finally {
      shut(from);
      shut(to);
    }
  }
}

function shut(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
