/** One call under way at the server: its context, and the means to end it. */
import type { CallContext, CallerInfo } from "../protocol/handlers.ts";
import type { Column, Row } from "../protocol/values.ts";
import type { MinisqlError } from "../protocol/errors.ts";
import type { OutgoingStream } from "./outgoing_stream.ts";

/**
 * Handed to handlers as their context. The abort signal is made when somebody first looks at it:
 * most calls are answered before anybody would.
 */
export class ServingCall implements CallContext {
  readonly caller: CallerInfo;
  readonly within: number | null;
  #abort: AbortController | null = null;
  #reason: MinisqlError | null = null;
  #stream: OutgoingStream | null = null;

  constructor(caller: CallerInfo, within: number | null) {
    this.caller = caller;
    this.within = within;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#reason !== null) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  throwIfAborted(): void {
    if (this.#reason !== null) throw this.#reason;
  }

  get stream(): OutgoingStream | null {
    return this.#stream;
  }

  streamsTo(stream: OutgoingStream): void {
    this.#stream = stream;
  }

  abort(reason: MinisqlError): void {
    this.#reason ??= reason;
    this.#abort?.abort(reason);
  }

  async rows(columns: readonly Column[], rows: readonly Row[]): Promise<void> {
    await this.#stream?.rows(columns, rows);
  }

  async event(event: unknown): Promise<void> {
    await this.#stream?.event(event);
  }
}
