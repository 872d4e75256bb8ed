/** What a client may believe about the life of its session, from what the service has answered. */

/**
 * A server learns of a request at once, but those who decide on a session's end may hear of it
 * only with the next report of that server, half a tick later at most; and a session lasts two
 * ticks at least. So when a probe is answered, it is the probe before it, a quarter of the timeout
 * older, that is surely counted; and where even its report was lost with its server, the one
 * before that is, which is what the missing quarter below is for.
 */
const CERTAIN_PART = 3 / 4;

/** The client gives up a little after the service has, so that it is not the first to. */
const SILENCE_PART = 1.1;

export class SessionClock {
  #timeoutMs = 0;
  #answeredAt = -Infinity;
  #certainUntil = -Infinity;

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Never moves back. */
  get certainUntil(): number {
    return this.#certainUntil;
  }

  /** The moment from which the session counts as ended, if nothing is answered before. */
  get silentUntil(): number {
    return this.#answeredAt + this.#timeoutMs * SILENCE_PART;
  }

  /** A connection was granted that was asked for at `sentAt`: the deciders count from there. */
  connected(sentAt: number, timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.#answeredAt = sentAt;
    this.#trust(sentAt);
  }

  /** A probe that was sent at `sentAt` on this connection has been answered. */
  answered(sentAt: number): void {
    this.#trust(this.#answeredAt);
    this.#answeredAt = Math.max(this.#answeredAt, sentAt);
  }

  #trust(moment: number): void {
    this.#certainUntil = Math.max(this.#certainUntil, moment + this.#timeoutMs * CERTAIN_PART);
  }
}
