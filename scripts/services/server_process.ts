/** A server program run as a child that cannot outlive the process that started it. */
import { PortTakenError, ServiceError } from "./service_error.ts";
import { signalChild } from "./signals.ts";
import { settlesWithin } from "./wait.ts";

/** How long a server may take to end when asked kindly. */
const STOP_LIMIT_MS = 20_000;
const TAIL_LINES = 25;

/**
 * The kernel kills the server when the thread that started it ends, and Deno starts children from
 * the thread that runs the program, so this holds whatever kills Deno. A starter that died before
 * the kernel was told shows as a different parent. A session of its own keeps the terminal's
 * Ctrl-C from the server: whoever started it stops it, in order.
 */
const LAUNCHER = '[ "$PPID" = "$0" ] || exit 1; log=$1; shift; exec "$@" >>"$log" 2>&1';

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Takes all the server prints. */
  readonly logFile: string;
  /** The folder the server runs in. */
  readonly folder: string;
  /** Variables beside those that this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

export class ServerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #logFile: string;
  readonly #logStart: number;
  readonly #ended: Promise<Deno.CommandStatus>;
  #status: Deno.CommandStatus | null = null;

  constructor(command: ServerCommand) {
    const { program, args, logFile, folder, env = {} } = command;
    this.#logFile = logFile;
    this.#logStart = sizeOf(logFile);
    const launch = ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", LAUNCHER];
    this.#child = new Deno.Command("setsid", {
      args: [...launch, String(Deno.pid), logFile, program, ...args],
      cwd: folder,
      env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#ended = this.#child.status.then((status) => this.#status = status);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#status === null;
  }

  /** Resolves when the process is gone. */
  get ended(): Promise<Deno.CommandStatus> {
    return this.#ended;
  }

  /** Sends a signal; nothing when the process has ended. */
  signal(signal: Deno.Signal): void {
    if (this.running) signalChild(this.#child, signal);
  }

  /** Ends it in order: a clean shutdown, and the hard way when that takes too long. */
  async stop(): Promise<void> {
    this.signal("SIGTERM");
    this.signal("SIGCONT");
    if (!await settlesWithin(STOP_LIMIT_MS, this.#ended)) await this.kill();
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  /** How it stands, for an error message. */
  get state(): string {
    if (this.#status === null) return "it was still not serving";
    return `it ended with ${this.#status.signal ?? `exit code ${this.#status.code}`}`;
  }

  /** What this process has printed; the file may hold what earlier ones did. */
  async log(): Promise<string> {
    const bytes = await Deno.readFile(this.#logFile).catch(() => new Uint8Array());
    return new TextDecoder().decode(bytes.subarray(this.#logStart));
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Ends a server that did not come to serve, and says what there is to know about it. */
export async function startFailure(process: ServerProcess, what: string): Promise<ServiceError> {
  const state = process.state;
  await process.kill();
  const log = await process.log();
  const tail = log.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  const message = `Cannot start ${what}: ${state}; its log ends with\n${tail}`;
  const portTaken = /Address already in use/i.test(log);
  return portTaken ? new PortTakenError(message) : new ServiceError(message);
}
