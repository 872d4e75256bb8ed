/**
 * The files of one data folder, as far as a log needs them: written at the end, synced, read,
 * cut, removed. What was appended and not yet synced may be lost in a crash, in part or whole.
 */

export type DiskErrorCode =
  /** No space, or over quota. What was written of the append is cut off again by the caller. */
  | "full"
  /** The device failed, on fsync too. After a failed sync nothing unsynced can be trusted: stop. */
  | "failed"
  /** The file is not there. */
  | "missing"
  /** Another process holds the folder, or it may not be written to. */
  | "denied";

export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: DiskErrorCode;

  constructor(code: DiskErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export interface DiskFile {
  /** Length in bytes, counting what is not yet synced. */
  readonly size: number;

  /** Writes at the end, all of it, or raises `full` or `failed` with any part of it written. */
  append(bytes: Uint8Array): Promise<void>;

  /** Resolves once all that was appended before the call is on the device (fdatasync). */
  sync(): Promise<void>;

  /** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;

  /** Cuts the file to `size` bytes. Durable with the next `sync`. */
  truncate(size: number): Promise<void>;

  close(): void;
}

export interface Disk {
  /** Names of the files in the folder, sorted. */
  list(): Promise<readonly string[]>;

  /** Opens a file, making it if `create`; its name is durable once this resolves. */
  open(name: string, options: { readonly create: boolean }): Promise<DiskFile>;

  /** Replaces a whole small file, atomically and durably: after a crash it is the old or the new. */
  replace(name: string, bytes: Uint8Array): Promise<void>;

  /** Removes a file, durably. Removing a missing file is no error. */
  remove(name: string): Promise<void>;

  /** Lets the folder go, for another process to use. */
  close(): void;
}
