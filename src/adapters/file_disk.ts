/** A folder of the machine's file system. One process at a time: the folder is locked. */
import { constants, type FileHandle, open as openFile } from "node:fs/promises";
import { type Disk, DiskError, type DiskErrorCode, type DiskFile } from "../ports/disk.ts";

/** The adapter's own files, which nobody else is shown. */
const LOCK_NAME = ".lock";
const TEMPORARY_END = ".tmp";

const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EFBIG: "full",
  ENOENT: "missing",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
};

/** The same by number, as Linux has them: some errors come without their name. */
const NUMBERS: Readonly<Record<number, DiskErrorCode>> = {
  1: "denied",
  2: "missing",
  13: "denied",
  27: "full",
  28: "full",
  30: "denied",
  122: "full",
};

/** `action` completes "Cannot …". */
function convertError(error: unknown, action: string): DiskError {
  if (error instanceof DiskError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DiskError(codeOf(error, message), `Cannot ${action}: ${message}`, error);
}

function codeOf(error: unknown, message: string): DiskErrorCode {
  if (error instanceof Deno.errors.NotFound) return "missing";
  if (error instanceof Deno.errors.PermissionDenied) return "denied";
  if (error instanceof Deno.errors.NotCapable) return "denied";
  const name = (error as { code?: unknown } | null)?.code;
  const number = /\(os error (\d+)\)/.exec(message)?.[1];
  return CODES[String(name)] ?? NUMBERS[Number(number)] ?? "failed";
}

async function converting<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw convertError(error, action);
  }
}

export class FileDisk implements Disk {
  readonly folder: string;
  #lock: Deno.FsFile | null;

  private constructor(folder: string, lock: Deno.FsFile) {
    this.folder = folder;
    this.#lock = lock;
  }

  /** Makes the folder if it is not there, and locks it. Raises `denied` while another has it. */
  static async open(folder: string): Promise<FileDisk> {
    const path = folder.replace(/(?<=.)\/+$/, "");
    const lock = await converting(`open the data folder ${path}`, async () => {
      await makeFolder(path);
      return await Deno.open(`${path}/${LOCK_NAME}`, { read: true, write: true, create: true });
    });
    try {
      await takeLock(lock, path);
      const disk = new FileDisk(path, lock);
      await disk.#clean();
      return disk;
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  async list(): Promise<readonly string[]> {
    return (await this.#names()).filter((name) => !isOwn(name)).sort();
  }

  async open(name: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return await converting(`open ${this.#path(name)}`, async () => {
      const path = this.#path(name);
      const file = await openFile(path, APPENDING | (options.create ? constants.O_CREAT : 0));
      // Also for a file that is there: the process that made it may have died before this.
      if (options.create) await syncFolder(this.folder);
      return new RealFile(path, file, (await file.stat()).size);
    });
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name);
    const temporary = `${path}${TEMPORARY_END}`;
    await converting(`replace ${path}`, async () => {
      try {
        await writeFile(temporary, bytes);
      } catch (error) {
        // It would go on taking up space. If this fails too, opening the folder next removes it.
        await Deno.remove(temporary).catch(() => {});
        throw error;
      }
      await Deno.rename(temporary, path);
      await syncFolder(this.folder);
    });
  }

  async remove(name: string): Promise<void> {
    await converting(`remove ${this.#path(name)}`, () => this.#remove(name));
  }

  close(): void {
    // The lock goes with the last handle of the file; the file itself stays, since taking it
    // away while another process opens it would let two of them have a lock.
    this.#lock?.close();
    this.#lock = null;
  }

  async #remove(name: string): Promise<void> {
    try {
      await Deno.remove(this.#path(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    await syncFolder(this.folder);
  }

  /** Removes what a crash in the middle of `replace` has left. */
  async #clean(): Promise<void> {
    for (const name of await this.#names()) {
      if (name.endsWith(TEMPORARY_END)) await this.remove(name);
    }
  }

  async #names(): Promise<readonly string[]> {
    return await converting(`list ${this.folder}`, async () => {
      const names: string[] = [];
      for await (const entry of Deno.readDir(this.folder)) {
        if (!entry.isDirectory) names.push(entry.name);
      }
      return names;
    });
  }

  #path(name: string): string {
    return `${this.folder}/${name}`;
  }
}

function isOwn(name: string): boolean {
  return name === LOCK_NAME || name.endsWith(TEMPORARY_END);
}

/** Makes a folder where there is none, and makes sure that its name, too, outlives a crash. */
async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true });
    await syncFolder(`${path}/..`);
  }
}

async function takeLock(lock: Deno.FsFile, folder: string): Promise<void> {
  const taken = await converting(`lock the data folder ${folder}`, () => lock.tryLock(true));
  if (taken) return;
  throw new DiskError("denied", `Cannot use the data folder ${folder}: another process has it`);
}

/** The names in a folder are data of the folder: they are on disk once it is synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await Deno.open(path, { read: true });
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  try {
    await writeAll(file, bytes);
    await file.sync();
  } finally {
    file.close();
  }
}

/** A write may take a part only. */
async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/**
 * Opened to append, and so that what is appended is on disk once it is written: two ways into the
 * system, one to write and one to sync, would cost each write of a client twice the time.
 */
const APPENDING = constants.O_RDWR | constants.O_APPEND | (constants.O_DSYNC ?? 0);
const IS_APPEND_SYNCED = constants.O_DSYNC !== undefined;

class RealFile implements DiskFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #size: number;
  /** Something may not be on disk yet. */
  #isUnsynced = false;
  /** One call is under way at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string, file: FileHandle, size: number) {
    this.#path = path;
    this.#file = file;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(`append to ${this.#path}`, async () => {
      try {
        await this.#writeAll(bytes);
        this.#size += bytes.length;
        if (!IS_APPEND_SYNCED) this.#isUnsynced = true;
      } catch (error) {
        // A part may have been written.
        this.#isUnsynced = true;
        this.#size = (await this.#file.stat()).size;
        throw error;
      }
    });
  }

  async sync(): Promise<void> {
    await this.#turn;
    if (!this.#isUnsynced) return;
    try {
      await this.#file.datasync();
      this.#isUnsynced = false;
    } catch (error) {
      // Whatever the reason: what was written may be lost, so it is never a mere lack of space.
      const { message } = convertError(error, `sync ${this.#path}`);
      throw new DiskError("failed", message, error);
    }
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#inTurn(`read ${this.#path}`, async () => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#size - offset)));
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await this.#file.read(bytes, at, bytes.length - at, offset + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return bytes.subarray(0, at);
    });
  }

  truncate(size: number): Promise<void> {
    return this.#inTurn(`cut ${this.#path} to ${size} bytes`, async () => {
      this.#isUnsynced = true;
      await this.#file.truncate(size);
      this.#size = size;
    });
  }

  close(): void {
    // It fails only where it has been closed before.
    void this.#file.close();
  }

  /** A write may take a part only. */
  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += (await this.#file.write(bytes, at)).bytesWritten;
    }
  }

  #inTurn<T>(action: string, run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => converting(action, run));
    this.#turn = result.catch(() => {});
    return result;
  }
}
