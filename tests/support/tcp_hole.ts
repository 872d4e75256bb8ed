/** An address that swallows connections: they are neither made nor refused. */

/** What the kernel takes in before it drops the rest: one more than the backlog. */
const BACKLOG = 1;
const FILLING_MS = 300;

export class TcpHole {
  readonly #listener: Deno.TcpListener;
  readonly #filling: Deno.TcpConn[] = [];

  private constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: BACKLOG });
  }

  /** Nobody accepts here, so it is full after a few connections, and the next one hangs. */
  static async open(): Promise<TcpHole> {
    const hole = new TcpHole();
    const { port } = hole.#listener.addr;
    for (;;) {
      try {
        const signal = AbortSignal.timeout(FILLING_MS);
        hole.#filling.push(await Deno.connect({ hostname: "127.0.0.1", port, signal }));
      } catch {
        return hole;
      }
    }
  }

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#filling) connection.close();
    this.#listener.close();
    return Promise.resolve();
  }
}
