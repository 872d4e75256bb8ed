/**
 * The files of one data folder, as far as a log needs them: written at the end, synced, read,
 * cut, removed. What was appended and not yet synced may be lost in a crash, in part or whole.
 */

export type DiskErrorCode =
  /** No space, over quota, or the file is as large as it may be. The caller cuts off the rest. */
  | "full"
  /**
   * The device failed. Every failed sync is this, whatever its reason: nothing unsynced can be
   * trusted after it, and a sync tried again may succeed without having stored anything. Stop.
   */
  | "failed"
  /** The file is not there. */
  | "missing"
  /** Another process has the folder, or it may not be written to. */
  | "denied";

export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: DiskErrorCode;

  constructor(code: DiskErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Several handles of one file may be open. A handle is used by one caller at a time for writing. */
export interface DiskFile {
  /** Length in bytes when it was opened, and what this handle did since, synced or not. */
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

/**
 * Opening a disk (an adapter's business) takes the folder for this process alone, until it is
 * closed or the process ends; it raises `denied` while another has it.
 */
export interface Disk {
  /** Names of the files in the folder, sorted, without the adapter's own. */
  list(): Promise<readonly string[]>;

  /**
   * Opens a file, making it if `create`; its name is then durable once this resolves. Raises
   * `missing` when it is not there and not to be made.
   */
  open(name: string, options: { readonly create: boolean }): Promise<DiskFile>;

  /** Replaces a whole small file, atomically and durably: after a crash it is the old or the new. */
  replace(name: string, bytes: Uint8Array): Promise<void>;

  /** Removes a file, durably. Removing a missing file is no error. */
  remove(name: string): Promise<void>;

  /** Lets the folder go, for another process to use. Once more does nothing. */
  close(): void;
}
