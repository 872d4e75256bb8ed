/** A disk as a process of the made-up world sees it: nothing happens to it while it is held. */
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { Gate } from "./process.ts";

/** Told what is on the disk, before the process is. */
export interface DiskTap {
  appended(file: string, bytes: Uint8Array): void;
  truncated(file: string, size: number): void;
  /** All that was appended to the file before the sync was asked for is on disk. */
  synced(file: string, size: number): void;
}

export function gatedDisk(disk: Disk, gate: Gate, tap: DiskTap): Disk {
  return {
    list: () => gate(() => disk.list()),
    replace: (name, bytes) => gate(() => disk.replace(name, bytes)),
    remove: (name) => gate(() => disk.remove(name)),
    close: () => disk.close(),
    open: (name, options) =>
      gate(async () => gatedFile(name, await disk.open(name, options), gate, tap)),
  };
}

function gatedFile(name: string, file: DiskFile, gate: Gate, tap: DiskTap): DiskFile {
  return {
    get size() {
      return file.size;
    },
    append: (bytes) =>
      gate(async () => {
        await file.append(bytes);
        tap.appended(name, bytes);
      }),
    sync: () =>
      gate(async () => {
        const { size } = file;
        await file.sync();
        tap.synced(name, size);
      }),
    read: (offset, length) => gate(() => file.read(offset, length)),
    truncate: (size) =>
      gate(async () => {
        await file.truncate(size);
        tap.truncated(name, size);
      }),
    close: () => file.close(),
  };
}
