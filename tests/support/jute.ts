/** ZooKeeper's encoding: numbers big end first, bytes and lists with their length before them. */

export class JuteWriter {
  #bytes: number[] = [];

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  int(value: number): this {
    this.#bytes.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
    return this;
  }

  long(value: number): this {
    return this.int(Math.floor(value / 2 ** 32)).int(value % 2 ** 32);
  }

  raw(bytes: Uint8Array): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  buffer(bytes: Uint8Array): this {
    return this.int(bytes.length).raw(bytes);
  }

  text(text: string): this {
    return this.buffer(new TextEncoder().encode(text));
  }

  texts(texts: readonly string[]): this {
    this.int(texts.length);
    for (const text of texts) this.text(text);
    return this;
  }

  stat({ version = 0, created = 1, owner = 0 } = {}): this {
    this.long(created).long(created).long(0).long(0);
    return this.int(version).int(0).int(0).long(owner).int(0).int(0).long(created);
  }
}

export class JuteReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  int(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4);
  }

  buffer(): Uint8Array {
    const length = Math.max(0, this.int());
    const start = this.#view.byteOffset + this.#at;
    this.#at += length;
    return new Uint8Array(this.#view.buffer.slice(start, start + length));
  }

  text(): string {
    return new TextDecoder().decode(this.buffer());
  }
}

/** A frame: its length, then what is in it. */
export function frame(payload: Uint8Array): Uint8Array {
  return new JuteWriter().int(payload.length).raw(payload).bytes;
}
