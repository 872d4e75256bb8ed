/**
 * A disk in memory that can do what real ones do at their worst: lose what was not synced, run
 * full, fail, stall, and rot. The device outlives the process that has it mounted, as a real one.
 */
import type { Clock } from "../ports/clock.ts";
import { type Disk, DiskError, type DiskFile } from "../ports/disk.ts";
import type { Random } from "../ports/random.ts";
import { MemoryFile } from "./memory_file.ts";

/** What can be made to fail. */
export type DiskOperation = "append" | "sync" | "read" | "truncate" | "open" | "remove";

export class MemoryDisk {
  /** The size of the disk: an append past it raises `full` with a part of it written. */
  capacityBytes = Infinity;
  /** How long a sync takes. */
  syncMs = 0;
  /** Syncs of files that succeeded, for tests that count them. */
  syncs = 0;
  readonly #clock: Clock | null;
  #names = new Map<string, MemoryFile>();
  /** The names that are on disk for certain, and what was done to the names since. */
  readonly #keptNames = new Map<string, MemoryFile>();
  #nameChanges: (() => void)[] = [];
  readonly #failing = new Map<DiskOperation, number>();
  #mounted: Mount | null = null;

  /** Without a clock everything takes no time. */
  constructor(clock: Clock | null = null) {
    this.#clock = clock;
  }

  /** The disk for one process. Raises `denied` while another has it. */
  async mount(): Promise<Disk> {
    await null;
    if (this.#mounted !== null) {
      throw new DiskError("denied", "Cannot use the data folder: another process has it");
    }
    return this.#mounted = new Mount(this, this.#clock, () => this.#mounted = null);
  }

  /** The process that has the disk is dead; what it has written is there for the next one. */
  kill(): void {
    this.#mounted?.die();
    this.#mounted = null;
  }

  /** The power goes: the process that has the disk is dead, and what was not synced may be lost. */
  crash(random: Random): void {
    this.kill();
    const kept = Math.floor(random.next() * (this.#nameChanges.length + 1));
    for (const change of this.#nameChanges.slice(0, kept)) change();
    this.#nameChanges = [];
    this.#names = new Map(this.#keptNames);
    for (const file of this.#names.values()) file.crash(random);
  }

  /** Lets the next operations of a kind fail. A failed sync loses what it should have kept. */
  fail(operation: DiskOperation, times = 1): void {
    this.#failing.set(operation, times);
  }

  /** Flips bits of one byte, on the disk itself. */
  flip(name: string, offset: number, mask: number): void {
    this.file(name).flip(offset, mask);
  }

  /** The whole content of a file. */
  bytes(name: string): Uint8Array<ArrayBuffer> {
    const file = this.file(name);
    return file.read(0, file.size);
  }

  /** Puts content in a file's place behind everybody's back. */
  put(name: string, bytes: Uint8Array): void {
    const file = this.#names.get(name) ?? new MemoryFile();
    file.put(bytes);
    this.#names.set(name, file);
    this.#keptNames.set(name, file);
  }

  /** Takes a file away behind everybody's back. */
  take(name: string): void {
    this.#names.delete(name);
    this.#keptNames.delete(name);
  }

  /** Names of all files, sorted. */
  names(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const file of this.#names.values()) bytes += file.size;
    return bytes;
  }

  /** The rest is for the mounted disk. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  file(name: string): MemoryFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new DiskError("missing", `Cannot open ${name}: it is not there`);
    return file;
  }

  link(name: string, file: MemoryFile): void {
    this.#names.set(name, file);
    this.#nameChanges.push(() => this.#keptNames.set(name, file));
  }

  unlink(name: string): void {
    this.#names.delete(name);
    this.#nameChanges.push(() => this.#keptNames.delete(name));
  }

  syncNames(): void {
    for (const change of this.#nameChanges) change();
    this.#nameChanges = [];
  }

  /** True once for each time the operation was told to fail. */
  fails(operation: DiskOperation): boolean {
    const times = this.#failing.get(operation) ?? 0;
    if (times > 0) this.#failing.set(operation, times - 1);
    return times > 0;
  }
}

/** The disk as one process has it, until it lets go or dies. */
class Mount implements Disk {
  readonly device: MemoryDisk;
  readonly #clock: Clock | null;
  readonly #released: () => void;
  #alive = true;

  constructor(device: MemoryDisk, clock: Clock | null, released: () => void) {
    this.device = device;
    this.#clock = clock;
    this.#released = released;
  }

  async list(): Promise<readonly string[]> {
    return await this.perform("list the folder", null, () => this.device.names());
  }

  async open(name: string, options: { readonly create: boolean }): Promise<DiskFile> {
    const action = `open ${name}`;
    const file = await this.perform(action, "open", () => {
      if (options.create && !this.device.has(name)) this.device.link(name, new MemoryFile());
      return this.device.file(name);
    });
    await this.perform(action, null, () => {
      if (options.create) this.device.syncNames();
    });
    return new OpenFile(this, file, name);
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const action = `replace ${name}`;
    await this.perform(action, "append", () => {
      if (this.device.usedBytes + bytes.length > this.device.capacityBytes) {
        throw new DiskError("full", `Cannot ${action}: the disk is full`);
      }
      const file = new MemoryFile();
      file.put(bytes);
      this.device.link(name, file);
    });
    await this.perform(action, null, () => this.device.syncNames());
  }

  async remove(name: string): Promise<void> {
    const action = `remove ${name}`;
    await this.perform(action, "remove", () => this.device.unlink(name));
    await this.perform(action, null, () => this.device.syncNames());
  }

  close(): void {
    if (this.#alive) this.#released();
    this.#alive = false;
  }

  die(): void {
    this.#alive = false;
  }

  /**
   * Lets others run first, for `ms` if there is a clock, and then does it, unless the process is
   * dead by then or the operation is to fail.
   */
  async perform<T>(
    action: string,
    operation: DiskOperation | null,
    effect: () => T,
    ms = 0,
  ): Promise<T> {
    if (ms > 0 && this.#clock !== null) await this.#clock.sleep(ms);
    else await null;
    if (!this.#alive) throw new DiskError("failed", `Cannot ${action}: the disk is gone`);
    if (operation !== null && this.device.fails(operation)) throw deviceError(action);
    return effect();
  }
}

function deviceError(action: string): DiskError {
  return new DiskError("failed", `Cannot ${action}: the device reports an error`);
}

class OpenFile implements DiskFile {
  readonly #mount: Mount;
  readonly #file: MemoryFile;
  readonly #name: string;

  constructor(mount: Mount, file: MemoryFile, name: string) {
    this.#mount = mount;
    this.#file = file;
    this.#name = name;
  }

  get size(): number {
    return this.#file.size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const action = `append to ${this.#name}`;
    const { device } = this.#mount;
    await this.#mount.perform(action, "append", () => {
      const room = Math.max(0, device.capacityBytes - device.usedBytes);
      this.#file.append(bytes.subarray(0, Math.min(bytes.length, room)));
      if (bytes.length > room) throw new DiskError("full", `Cannot ${action}: the disk is full`);
    });
    await this.#mount.perform(action, null, () => {});
  }

  async sync(): Promise<void> {
    const { mark } = this.#file;
    const { device } = this.#mount;
    const action = `sync ${this.#name}`;
    const effect = () => {
      if (device.fails("sync")) {
        this.#file.lose(mark);
        throw deviceError(action);
      }
      this.#file.sync(mark);
      device.syncs++;
    };
    await this.#mount.perform(action, null, effect, device.syncMs);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const effect = () => this.#file.read(offset, length);
    return await this.#mount.perform(`read ${this.#name}`, "read", effect);
  }

  async truncate(size: number): Promise<void> {
    await this.#mount.perform(`cut ${this.#name}`, "truncate", () => {
      if (size < this.#file.size) this.#file.cut(size);
    });
  }

  close(): void {}
}
