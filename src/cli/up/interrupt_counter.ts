/**
 * Counts Ctrl-C, also while this thread is busy. The embedded engine runs a statement in one go, and
 * no listener of this thread hears anything until that ends; a thread that only listens does.
 */
const LISTENER = `
self.onmessage = ({ data }) => {
  const count = new Int32Array(data);
  Deno.addSignalListener("SIGINT", () => Atomics.add(count, 0, 1));
};`;

export class InterruptCounter {
  readonly #count = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #listener: Worker;

  constructor() {
    const source = `data:application/javascript,${encodeURIComponent(LISTENER)}`;
    this.#listener = new Worker(source, { type: "module", name: "interrupts" });
    // Without it Ctrl-C comes late, and all else goes on.
    this.#listener.onerror = (event) => event.preventDefault();
    this.#listener.postMessage(this.#count.buffer);
  }

  /** How often it was pressed since this was made. */
  get count(): number {
    return Atomics.load(this.#count, 0);
  }

  close(): void {
    this.#listener.terminate();
  }
}
