/** A file in memory that knows what a crash may leave of it. */
import type { Random } from "../ports/random.ts";

type Change =
  | { readonly kind: "append"; readonly bytes: Uint8Array; lost: boolean }
  | { readonly kind: "cut"; readonly size: number; lost: boolean };

/**
 * What reaches a disk as a whole or not at all. A real sector has 512 bytes or more; short ones
 * show in short tests what happens to a record that spans several.
 */
const SECTOR_BYTES = 64;

/** Bytes that grow at the end. */
class Bytes {
  size = 0;
  #buffer = new Uint8Array(256);

  append(bytes: Uint8Array): void {
    this.#grow(this.size + bytes.length);
    this.#buffer.set(bytes, this.size);
    this.size += bytes.length;
  }

  cut(size: number): void {
    if (size >= this.size) return;
    this.#buffer.fill(0, size, this.size);
    this.size = size;
  }

  slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(Math.min(from, this.size), Math.min(to, this.size));
  }

  flip(offset: number, mask: number): void {
    if (offset < this.size) this.#buffer[offset] = (this.#buffer[offset] as number) ^ mask;
  }

  #grow(size: number): void {
    if (size <= this.#buffer.length) return;
    const bigger = new Uint8Array(Math.max(size, this.#buffer.length * 2));
    bigger.set(this.#buffer);
    this.#buffer = bigger;
  }
}

export class MemoryFile {
  /** What a reader sees. */
  #seen = new Bytes();
  /** What is on disk for certain. */
  #kept = new Bytes();
  /** What was done since, in order; each of these has a number, rising from `#first`. */
  #changes: Change[] = [];
  #first = 0;

  get size(): number {
    return this.#seen.size;
  }

  /** Stands for everything done so far. */
  get mark(): number {
    return this.#first + this.#changes.length;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#seen.slice(offset, offset + length);
  }

  append(bytes: Uint8Array): void {
    const copy = bytes.slice();
    this.#seen.append(copy);
    this.#changes.push({ kind: "append", bytes: copy, lost: false });
  }

  cut(size: number): void {
    this.#seen.cut(size);
    this.#changes.push({ kind: "cut", size, lost: false });
  }

  /** Everything up to the mark is on disk now. */
  sync(mark: number): void {
    while (this.#first < mark) {
      const change = this.#changes.shift();
      if (change === undefined) return;
      this.#keep(change);
      this.#first++;
    }
  }

  /**
   * A sync that failed: what it should have put on disk never will be. Readers still see it, and
   * a later sync does not complain: that is what operating systems do.
   */
  lose(mark: number): void {
    for (const change of this.#changes.slice(0, mark - this.#first)) change.lost = true;
  }

  /** The content becomes these bytes, on disk too. */
  put(bytes: Uint8Array): void {
    this.#first = this.mark;
    this.#changes = [];
    this.#kept = new Bytes();
    this.#kept.append(bytes);
    this.#see();
  }

  /** Bits change on the disk by themselves. */
  flip(offset: number, mask: number): void {
    this.#seen.flip(offset, mask);
    this.#kept.flip(offset, mask);
  }

  /**
   * Leaves what a crash could: the synced content and the beginning of what was done since, with
   * perhaps, after that, sectors of the rest in any state.
   */
  crash(random: Random): void {
    const changes = this.#changes;
    this.#first = this.mark;
    this.#changes = [];
    let left = upTo(random, changes.reduce((sum, change) => sum + lengthOf(change), 0));
    let at = 0;
    for (let change = changes[at]; change !== undefined; change = changes[++at]) {
      if (lengthOf(change) > left || (left === 0 && random.next() < 0.5)) break;
      this.#keep(change);
      left -= lengthOf(change);
    }
    this.#tear(appended(changes.slice(at)), left, random);
    this.#see();
  }

  #keep(change: Change): void {
    if (change.kind === "cut") this.#kept.cut(change.size);
    else this.#kept.append(change.lost ? new Uint8Array(change.bytes.length) : change.bytes);
  }

  /** Keeps so many bytes of what was appended, and a few sectors of what comes after. */
  #tear(bytes: Uint8Array, whole: number, random: Random): void {
    this.#kept.append(bytes.subarray(0, whole));
    if (random.next() < 0.5) return;
    const end = whole + upTo(random, bytes.length - whole);
    for (let from = whole; from < end; from += SECTOR_BYTES) {
      const sector = bytes.slice(from, Math.min(end, from + SECTOR_BYTES));
      const state = random.next();
      if (state < 0.3) sector.fill(0);
      else if (state < 0.6) sector.forEach((_, i) => sector[i] = Math.floor(random.next() * 256));
      this.#kept.append(sector);
    }
  }

  #see(): void {
    this.#seen = new Bytes();
    this.#seen.append(this.#kept.slice(0, this.#kept.size));
  }
}

/** What is appended before anything else happens to the file. */
function appended(changes: readonly Change[]): Uint8Array {
  const bytes = new Bytes();
  for (const change of changes) {
    if (change.kind !== "append" || change.lost) break;
    bytes.append(change.bytes);
  }
  return bytes.slice(0, bytes.size);
}

function lengthOf(change: Change): number {
  return change.kind === "append" ? change.bytes.length : 0;
}

/** From nothing to all, with both ends often. */
function upTo(random: Random, all: number): number {
  const draw = random.next();
  if (draw < 0.2) return 0;
  return draw < 0.4 ? all : Math.floor(random.next() * (all + 1));
}
