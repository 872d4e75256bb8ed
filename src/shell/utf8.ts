/** Text out of bytes that come in pieces. What is no UTF-8 is refused, and never changed in silence. */
import { ShellError } from "./shell_error.ts";

export class Utf8Text {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** What is read, and what may help: both for the message. */
  readonly #name: string;
  readonly #advice: string;

  constructor(name: string, advice = "") {
    this.#name = name;
    this.#advice = advice;
  }

  push(piece: Uint8Array): string {
    return this.#decoded(() => this.#decoder.decode(piece, { stream: true }));
  }

  /** What is left when no more comes. */
  end(): string {
    return this.#decoded(() => this.#decoder.decode());
  }

  #decoded(decode: () => string): string {
    try {
      return decode();
    } catch {
      throw new ShellError(`Cannot read ${this.#name}: it is not UTF-8${this.#advice}`);
    }
  }
}

/** For scripts, which are mostly dumps where they are not. */
export const HEX_ADVICE = "; binary values in a dump need --hex-blob when it is made";
