/** A bounded queue between one or more producers and one consumer. */
import { Deferred } from "./deferred.ts";

/**
 * Items come out in the order they went in. `push` refuses rather than grow past the limit, and
 * `ready` tells a producer when there is room again: between them nothing is unbounded.
 */
export class BoundedQueue<T> {
  readonly limit: number;
  #items: T[] = [];
  #head = 0;
  #ended = false;
  #waiting: Deferred<void> | null = null;
  #room: Deferred<void> | null = null;

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item; false when the queue is full or ended, and then nothing was added. */
  push(item: T): boolean {
    if (this.#ended || this.size >= this.limit) return false;
    this.#items.push(item);
    this.#wake();
    return true;
  }

  /** Resolves once there is room, or the queue has ended. */
  async ready(): Promise<void> {
    while (!this.#ended && this.size >= this.limit) {
      this.#room ??= new Deferred();
      await this.#room.promise;
    }
  }

  /** Takes the next item now, or undefined when there is none. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined as T;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#room?.resolve();
    this.#room = null;
    return item;
  }

  /** Waits for the next item; undefined once the queue has ended and is empty. */
  async next(): Promise<T | undefined> {
    while (this.size === 0 && !this.#ended) {
      this.#waiting ??= new Deferred();
      await this.#waiting.promise;
    }
    return this.shift();
  }

  /** Takes no more items. What is queued can still be taken. */
  end(): void {
    this.#ended = true;
    this.#wake();
    this.#room?.resolve();
    this.#room = null;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    while (true) {
      const item = await this.next();
      if (item === undefined) return;
      yield item;
    }
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }
}
