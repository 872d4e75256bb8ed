/**
 * Links of lines between processes: the shape of TCP. Lines arrive in order and whole; a link
 * breaks as one, and lines are never lost singly. A sender never learns whether its last lines
 * arrived: only an answer says so.
 */

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * What arrives: a line without its newline, or a fault in place of one. `utf8`: the line was not
 * UTF-8, the next ones are fine. `too_long`: it passed the limit and framing is lost; nothing
 * more arrives, though the link can still be written to.
 */
export type Incoming = string | LineFault;

export interface LineFault {
  readonly fault: "utf8" | "too_long";
}

export interface Link {
  /** Who is at the other end, as far as the network knows. */
  readonly remote: Address;

  /**
   * Queues a line that holds no newline. Never waits and never throws: on a closed link it does
   * nothing. A peer that stops reading until `queuedBytesMax` is passed has its link closed.
   */
  send(line: string): void;

  /** Bytes, or something close to it, accepted by `send` and not yet taken by the network. */
  readonly queuedBytes: number;

  /** Resolves when little enough is queued for more to be worth sending, or the link has closed. */
  drained(): Promise<void>;

  /** The next line; null once the link has ended, for whatever reason. One reader at a time. */
  receive(): Promise<Incoming | null>;

  /** Ends the link at once, for both ends. Lines not yet taken by the network may be lost. */
  close(): void;

  /**
   * Ends the link after what was sent has gone out, or `graceMs` at the latest. Lines still
   * arriving are dropped.
   */
  finish(graceMs: number): Promise<void>;

  /**
   * Resolves once the link has ended, with the reason in a few words. Never rejects. That the
   * other side has ended it is noticed while somebody receives, or by sending.
   */
  readonly closed: Promise<string>;
}

export interface Listener {
  /** Where it listens; the port is the one in force when port 0 was asked for. */
  readonly address: Address;

  /** Stops listening; resolves once the address is free. Links already made live on. */
  close(): Promise<void>;
}

export interface Network {
  /**
   * Opens a link. Rejects with `UNAVAILABLE` when nobody answers within `timeoutMs`, the name is
   * unknown or the connection is refused; the message names the address and the cause.
   */
  dial(address: Address, timeoutMs: number, signal?: AbortSignal): Promise<Link>;

  /**
   * Takes links at an address (port 0: any free port). Rejects with `UNAVAILABLE` when the
   * address is in use or not this machine's. Survives whatever a peer does while connecting.
   */
  listen(address: Address, accept: (link: Link) => void): Promise<Listener>;
}
