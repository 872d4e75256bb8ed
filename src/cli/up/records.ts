/**
 * Which clusters of `minisql up` are there on this machine for this user: a file for each, locked
 * while it runs, so that a process number given to somebody else is never taken for one.
 */
import { array, boolean, integer, nullable, number, object, text } from "../../base/shape.ts";
import type { Infer } from "../../base/shape.ts";
import { readNode } from "../../cluster/nodes.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Environment } from "../read_config.ts";

const recordShape = object({
  pid: integer(1),
  cluster: text(),
  /** Milliseconds since 1970. */
  since: number,
  masters: array(text({ min: 1 })),
  regions: integer(0),
  data: text({ min: 1 }),
  /** The data goes with the cluster. */
  temporary: boolean,
  log: nullable(text()),
});

export type UpRecord = Infer<typeof recordShape>;

export interface Listed {
  /** The port of the first master, by which a cluster is told from others. */
  readonly port: number;
  readonly running: boolean;
  readonly record: UpRecord;
}

/** The record of this process: there until it is closed. */
export interface OwnRecord {
  /** Lets go of it and removes it. */
  close(): Promise<void>;
}

const NAME = /^(\d{1,5})\.json$/;

export class Records {
  /** Null where nobody says which folder is this user's. */
  readonly #folder: string | null;

  constructor(environment: Environment) {
    const home = environment.get("HOME");
    const state = environment.get("XDG_STATE_HOME") ||
      (home === undefined || home === "" ? null : `${home}/.local/state`);
    this.#folder = state === null ? null : `${state}/minisql/up`;
  }

  /**
   * Notes down a cluster that has taken its ports. One that is left of a dead cluster goes. Raises
   * `UNAVAILABLE` where nothing can be noted down.
   */
  async write(port: number, record: UpRecord): Promise<OwnRecord> {
    await this.#makeFolder();
    const left = (await this.list()).find((each) => each.port === port);
    if (left !== undefined) await this.clean(left);
    const path = this.#path(port);
    const file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
    await file.lock(true);
    await file.write(new TextEncoder().encode(JSON.stringify(record)));
    return {
      close: async () => {
        const { logFile } = await this.filesFor(port);
        for (const each of [logFile, path]) await removeIfThere(each);
        file.close();
      },
    };
  }

  /** Where a cluster in the background says that it is ready, and where it logs. */
  async filesFor(port: number): Promise<{ readonly readyFile: string; readonly logFile: string }> {
    const path = `${await this.#makeFolder()}/${port}`;
    return { readyFile: `${path}.ready`, logFile: `${path}.log` };
  }

  /** By port. */
  async list(): Promise<readonly Listed[]> {
    const found: Listed[] = [];
    for (const port of await this.#ports()) {
      const listed = await this.#read(port);
      if (listed !== null) found.push(listed);
    }
    return found.toSorted((a, b) => a.port - b.port);
  }

  /** Removes what a cluster that was killed has left: its record, and data that was to go with it. */
  async clean({ port, record }: Listed): Promise<void> {
    if (record.temporary) await removeIfThere(record.data);
    const { readyFile, logFile } = await this.filesFor(port);
    for (const path of [readyFile, logFile, this.#path(port)]) await removeIfThere(path);
  }

  async isRunning(port: number): Promise<boolean> {
    return (await this.#read(port))?.running ?? false;
  }

  async #read(port: number): Promise<Listed | null> {
    const path = this.#path(port);
    try {
      using file = await Deno.open(path, { read: true, write: true });
      const running = !(await file.tryLock(true));
      const reading = readNode(recordShape, await Deno.readTextFile(path), path);
      return reading.ok ? { port, running, record: reading.value } : null;
    } catch (error) {
      // It has ended meanwhile.
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  async #makeFolder(): Promise<string> {
    const folder = this.#folder;
    try {
      if (folder === null) throw new Error("neither HOME nor XDG_STATE_HOME is set");
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      return folder;
    } catch (error) {
      const why = `Cannot note down this cluster: ${(error as Error).message}`;
      throw new MinisqlError("UNAVAILABLE", why, { cause: error });
    }
  }

  async #ports(): Promise<readonly number[]> {
    const ports: number[] = [];
    if (this.#folder === null) return ports;
    try {
      for await (const { name } of Deno.readDir(this.#folder)) {
        const port = NAME.exec(name)?.[1];
        if (port !== undefined) ports.push(Number(port));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return ports;
  }

  #path(port: number): string {
    return `${this.#folder}/${port}.json`;
  }
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
