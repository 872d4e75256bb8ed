/** Commands that the driver lacks, put the way it runs and writes its own. */
import { Buffer } from "node:buffer";

/** As much as is used here of the driver's connection. */
export interface Wire {
  readonly clientEncoding: string;
  _resetSequenceId(): void;
  _bumpSequenceId(packets: number): void;
  write(packet: Buffer): void;
}

/** A packet of the server's. */
interface Reply {
  isError(): boolean;
  asError(encoding: string): Error;
}

const COM_STMT_RESET = 0x1a;
const COM_SET_OPTION = 0x1b;
const SEVERAL_ON = 0;
const SEVERAL_OFF = 1;

/** Sets whether the server takes several statements in one text. */
export class SetOption {
  readonly #isOn: boolean;
  readonly #done: (error: Error | null) => void;

  constructor(isOn: boolean, done: (error: Error | null) => void) {
    this.#isOn = isOn;
    this.#done = done;
  }

  /** Called when it is its turn, and again with the reply. True once it is done. */
  execute(reply: Reply | undefined, wire: Wire): boolean {
    if (reply === undefined) {
      write(wire, [COM_SET_OPTION, this.#isOn ? SEVERAL_ON : SEVERAL_OFF, 0]);
      return false;
    }
    this.#done(reply.isError() ? reply.asError(wire.clientEncoding) : null);
    return true;
  }
}

/** With it the server refuses what `writeRefused` asks, and nothing else that is asked of it. */
export const REFUSED_ERRNO = 1243;

/**
 * Asks for something that does nothing and is always refused: resets a prepared statement where
 * there is none. The error goes to the command that waits for a reply.
 */
export function writeRefused(wire: Wire): void {
  write(wire, [COM_STMT_RESET, 0xff, 0xff, 0xff, 0x7f]);
}

function write(wire: Wire, bytes: readonly number[]): void {
  wire._resetSequenceId();
  wire.write(Buffer.from([bytes.length, 0, 0, 0, ...bytes]));
  wire._bumpSequenceId(1);
}
