/** A promise settled from outside, which knows whether it has been. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #settled = false;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: T): void {
    this.#settled = true;
    this.#resolve(value);
  }

  /** Rejects. Nobody need be waiting: a rejection not yet awaited is not an unhandled one. */
  reject(reason: unknown): void {
    this.#settled = true;
    this.promise.catch(() => {});
    this.#reject(reason);
  }
}
