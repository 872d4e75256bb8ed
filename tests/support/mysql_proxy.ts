/** A TCP proxy before a MySQL server that a test tells when to cut or stall connections. */

/** What to do with a packet of the client's. */
export type Verdict =
  | "forward"
  /** Drop it and end the connection. */
  | "cut"
  /** Let the server have it, and end the connection instead of its answer. */
  | "cut_answer"
  /** Drop it and everything after it, and leave the connection open. */
  | "stall";

export class MysqlProxy {
  /** Decides on each piece that a client sends, given as text. */
  judge: (sent: string) => Verdict = () => "forward";
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #running = new Set<Promise<void>>();

  constructor(server: { readonly host: string; readonly port: number }) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#track(this.#accept(server));
  }

  /** Connections that clients have open now. */
  get connections(): number {
    return this.#open.size / 2;
  }

  async close(): Promise<void> {
    this.#listener.close();
    for (const end of this.#open) shut(end);
    await Promise.all(this.#running);
  }

  async #accept(server: { readonly host: string; readonly port: number }): Promise<void> {
    try {
      for await (const client of this.#listener) {
        this.#track(this.#serve(client, server));
      }
    } catch {
      // Closed while it waited.
    }
  }

  async #serve(
    client: Deno.Conn,
    server: { readonly host: string; readonly port: number },
  ): Promise<void> {
    this.#open.add(client);
    const upstream = await Deno.connect({ hostname: server.host, port: server.port })
      .catch(() => null);
    if (upstream === null) return this.#end(client);
    this.#open.add(upstream);
    let dropAnswers = false;
    const up = pump(client, async (bytes) => {
      const verdict = this.judge(new TextDecoder("latin1").decode(bytes));
      if (verdict === "cut") return "end";
      if (verdict === "stall") return "stall";
      dropAnswers = verdict === "cut_answer";
      await writeAll(upstream, bytes);
      return "go";
    });
    const down = pump(upstream, async (bytes) => {
      if (dropAnswers) return "end";
      await writeAll(client, bytes);
      return "go";
    });
    await Promise.race([up, down]);
    this.#end(client);
    this.#end(upstream);
    await Promise.allSettled([up, down]);
  }

  #end(connection: Deno.Conn): void {
    this.#open.delete(connection);
    shut(connection);
  }

  #track(task: Promise<void>): void {
    this.#running.add(task);
    task.finally(() => this.#running.delete(task));
  }
}

/** Reads until the end, or until told to stop. */
async function pump(
  from: Deno.Conn,
  take: (bytes: Uint8Array) => Promise<"go" | "end" | "stall">,
): Promise<void> {
  const buffer = new Uint8Array(65_536);
  let stalled = false;
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      if (stalled) continue;
      const next = await take(buffer.slice(0, n));
      if (next === "end") return;
      stalled = next === "stall";
    }
  } catch {
    // The other side was closed.
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await to.write(bytes.subarray(done));
}

function shut(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
