/** One server of a private ZooKeeper ensemble. */
import { ask, modeOf } from "./four_letter.ts";
import { ServerProcess, startFailure } from "./server_process.ts";
import { waitUntil } from "./wait.ts";
import { HOST, javaArgs, type ZookeeperPlace } from "./zookeeper_config.ts";

const READY_LIMIT_MS = 60_000;

export interface ZookeeperServer {
  readonly host: string;
  readonly port: number;
  readonly logFile: string;
  /** Changes at a restart. */
  readonly pid: number;
  /** Ends it in order. Port and data stay, for `restart`. */
  stop(): Promise<void>;
  /** Ends it as a crash would. Port and data stay, for `restart`. */
  kill(): Promise<void>;
  /**
   * Starts it again on the same port and data, after a clean shutdown when it is running. Resolves
   * when it serves clients, or only that it is up while too few of the others are for a majority.
   */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
}

export class PrivateZookeeper implements ZookeeperServer {
  readonly host = HOST;
  readonly #java: string;
  readonly #place: ZookeeperPlace;
  readonly #ensemble: () => readonly PrivateZookeeper[];
  #process: ServerProcess | null = null;
  #isPaused = false;

  constructor(java: string, place: ZookeeperPlace, ensemble: () => readonly PrivateZookeeper[]) {
    this.#java = java;
    this.#place = place;
    this.#ensemble = ensemble;
  }

  get port(): number {
    return this.#place.port;
  }

  get logFile(): string {
    return `${this.#place.folder}/zookeeper.log`;
  }

  get pid(): number {
    return this.#started.pid;
  }

  /** Starts the process only. */
  launch(): void {
    this.#isPaused = false;
    this.#process = new ServerProcess({
      program: this.#java,
      args: javaArgs(this.#place),
      logFile: this.logFile,
      folder: this.#place.folder,
    });
  }

  /** Resolves when it serves clients, as far as the others let it. */
  async ready(): Promise<void> {
    const process = this.#started;
    const settled = await waitUntil(
      READY_LIMIT_MS,
      async () => !process.running || await this.#serves(),
    );
    if (!settled || !process.running) {
      throw await startFailure(
        process,
        `ZooKeeper server ${this.#place.id} on ${HOST}:${this.port}`,
      );
    }
  }

  async stop(): Promise<void> {
    await this.#started.stop();
  }

  async kill(): Promise<void> {
    await this.#started.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    this.launch();
    await this.ready();
  }

  pause(): void {
    this.#isPaused = true;
    this.#started.signal("SIGSTOP");
  }

  resume(): void {
    this.#isPaused = false;
    this.#started.signal("SIGCONT");
  }

  async #serves(): Promise<boolean> {
    const ensemble = this.#ensemble();
    const active = ensemble.filter((server) => server.#isActive).length;
    if (active > ensemble.length / 2) return await modeOf(this.port) !== null;
    return await ask(this.port, "ruok") === "imok";
  }

  get #isActive(): boolean {
    return this.#process !== null && this.#process.running && !this.#isPaused;
  }

  get #started(): ServerProcess {
    if (this.#process === null) throw new Error(`ZooKeeper server ${this.#place.id} never started`);
    return this.#process;
  }
}
