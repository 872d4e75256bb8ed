/** One process of the built program: a master or a region server. */
import { startOnFreePorts } from "./ports.ts";
import { ServerProcess, startFailure } from "./server_process.ts";
import { waitUntil } from "./wait.ts";

const HOST = "127.0.0.1";
const READY_LIMIT_MS = 60_000;

export interface MinisqlServerOptions {
  /** Shown in messages; its log is called so too. */
  readonly name: string;
  /** The built program. */
  readonly program: string;
  /** The subcommand and its flags, but for `--listen`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Where it listens; on any free port where none is named. */
  readonly port?: number;
}

export class MinisqlServer {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly logFile: string;
  readonly #options: MinisqlServerOptions;
  #process: ServerProcess | null = null;

  private constructor(options: MinisqlServerOptions, port: number) {
    this.name = options.name;
    this.address = { host: HOST, port };
    this.logFile = `${options.folder}/${options.name}.log`;
    this.#options = options;
  }

  /** Resolves when it takes connections. */
  static async start(options: MinisqlServerOptions): Promise<MinisqlServer> {
    const startOn = async (port: number) => {
      const server = new MinisqlServer(options, port);
      await server.start();
      return server;
    };
    if (options.port !== undefined) return await startOn(options.port);
    return await startOnFreePorts(1, ([port]) => startOn(port as number));
  }

  get pid(): number {
    return this.#started.pid;
  }

  /** Starts it on the same port, with the same folders, once it has ended. */
  async start(): Promise<void> {
    const { program, args, env, folder } = this.#options;
    const listen = `${HOST}:${this.address.port}`;
    const process = new ServerProcess({
      program,
      args: [...args, "--listen", listen],
      env,
      folder,
      logFile: this.logFile,
    });
    this.#process = process;
    const settled = await waitUntil(
      READY_LIMIT_MS,
      async () => !process.running || await accepts(this.address.port),
    );
    if (!settled || !process.running) {
      throw await startFailure(process, `${this.name} on ${listen}`);
    }
  }

  /** Ends it in good order, and the hard way when that takes too long. */
  async stop(): Promise<void> {
    await this.#started.stop();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#started.kill();
  }

  /** SIGSTOP: its connections stay open, and nothing is answered. */
  pause(): void {
    this.#started.signal("SIGSTOP");
  }

  resume(): void {
    this.#started.signal("SIGCONT");
  }

  get #started(): ServerProcess {
    if (this.#process === null) throw new Error(`${this.name} was never started`);
    return this.#process;
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: HOST, port })).close();
    return true;
  } catch {
    return false;
  }
}
