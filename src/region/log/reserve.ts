/**
 * Space kept back for the log itself. On a full disk the record that lets old segments go must
 * still be written, or nothing would ever become free: then the reserve is given up, and it is
 * filled again once there is space.
 */
import { type Disk, DiskError } from "../../ports/disk.ts";

const NAME = "reserve";

export class Reserve {
  readonly #disk: Disk;
  readonly #bytes: number;
  #held = false;

  constructor(disk: Disk, bytes: number) {
    this.#disk = disk;
    this.#bytes = bytes;
  }

  /** Takes the space, if there is any. */
  async fill(): Promise<void> {
    if (this.#held || this.#bytes === 0) return;
    try {
      if (await this.#size() !== this.#bytes) await this.#disk.replace(NAME, noise(this.#bytes));
      this.#held = true;
    } catch (error) {
      if (!(error instanceof DiskError && error.code === "full")) throw error;
      await this.#disk.remove(NAME);
    }
  }

  async #size(): Promise<number> {
    if (!(await this.#disk.list()).includes(NAME)) return 0;
    const file = await this.#disk.open(NAME, { create: false });
    file.close();
    return file.size;
  }

  /** Gives the space up. Answers whether there was any. */
  async release(): Promise<boolean> {
    const held = this.#held;
    this.#held = false;
    await this.#disk.remove(NAME);
    return held;
  }
}

/** Bytes that a compressing file system cannot store in less. */
function noise(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / Uint32Array.BYTES_PER_ELEMENT));
  let word = 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[i] = word;
  }
  return new Uint8Array(words.buffer, 0, length);
}
