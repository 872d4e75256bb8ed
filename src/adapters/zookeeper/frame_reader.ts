/** Cuts what a ZooKeeper server sends into frames: four bytes of length, then so many bytes. */
import { Buffer } from "node:buffer";

const LENGTH_BYTES = 4;

/** A server refuses larger requests by far; only a list of a million children comes near this. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024;

export class FrameReader {
  /** Pieces of the frame that is still coming. */
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** The frames that are whole now, each with its length. Throws once framing is lost. */
  *read(chunk: Buffer): Generator<Buffer, void, void> {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= LENGTH_BYTES) {
      const length = LENGTH_BYTES + this.#length();
      if (this.#bytes < length) return;
      const all = this.#joined();
      this.#pieces = [all.subarray(length)];
      this.#bytes -= length;
      yield all.subarray(0, length);
    }
  }

  #length(): number {
    const first = this.#pieces[0];
    const head = first !== undefined && first.length >= LENGTH_BYTES ? first : this.#joined();
    const length = head.readInt32BE(0);
    if (length < 0 || length > FRAME_BYTES_MAX) {
      throw new RangeError(`a frame of ${length} bytes`);
    }
    return length;
  }

  /** Joins the pieces once, not for each that arrives. */
  #joined(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? Buffer.alloc(0);
  }
}
