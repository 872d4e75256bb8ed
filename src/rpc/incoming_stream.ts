/** The receiving end of a stream: rows or events as they come, with a bounded number waiting. */
import { Deferred } from "../base/deferred.ts";
import { type Column, decodeRows, type Row, type WireRows } from "../protocol/values.ts";

export interface IncomingStreamOptions {
  /** Lines the sender may be ahead of the reader. */
  readonly window: number;
}

/** What the sender is told of the reader. */
export interface Reader {
  /** It has taken so many lines more. */
  readonly taken: (lines: number) => void;
  /** It has left before the end. */
  readonly left: () => void;
}

const NOBODY: Reader = { taken: () => {}, left: () => {} };

type Item<K, E> = K extends "rows" ? readonly Row[] : E;

/** The sender is told that lines were taken only every so often, not for each. */
const GRANTS_PER_WINDOW = 4;

export class IncomingStream<A, K extends "rows" | "events", E = never>
  implements AsyncIterable<Item<K, E>> {
  readonly #options: IncomingStreamOptions;
  readonly #columns = new Deferred<readonly Column[]>();
  readonly #answer = new Deferred<A>();
  #known: readonly Column[] = [];
  #waiting: Item<K, E>[] = [];
  #wake: Deferred<void> | null = null;
  #taken = 0;
  #reader = NOBODY;
  #ended = false;

  constructor(options: IncomingStreamOptions) {
    this.#options = options;
  }

  /** Known before the first row; empty for a statement without rows. Rejects if the call fails. */
  get columns(): Promise<readonly Column[]> {
    return this.#columns.promise;
  }

  /** How the call ended. May resolve before all that came ahead of it has been taken. */
  get answer(): Promise<A> {
    return this.#answer.promise;
  }

  /** Takes everything and gives it with the answer. Only for what is known to be small. */
  async collect(): Promise<{ readonly items: Item<K, E>[]; readonly answer: A }> {
    const items: Item<K, E>[] = [];
    for await (const item of this) items.push(item);
    return { items, answer: await this.answer };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item<K, E>, void, void> {
    try {
      while (true) {
        const item = this.#waiting.shift();
        if (item !== undefined) {
          this.#took();
          yield item;
        } else if (this.#ended) {
          await this.answer;
          return;
        } else {
          this.#wake ??= new Deferred();
          await this.#wake.promise;
        }
      }
    } finally {
      if (!this.#ended) this.#reader.left();
    }
  }

  /** Wires the stream to its call: what the call answers or fails with ends the stream. */
  follow(call: Promise<unknown>): void {
    call.then((answer) => {
      this.#columns.resolve(this.#known);
      this.#answer.resolve(answer as A);
      this.#end();
    }, (error) => {
      this.#columns.reject(error);
      this.#answer.reject(error);
      this.#end();
    });
  }

  begin(reader: Reader): void {
    this.#reader = reader;
  }

  /** Takes a line of rows; the answer says what is wrong with it, or is empty. */
  takeRows(columns: readonly Column[] | null, rows: WireRows): string {
    if (columns !== null) {
      this.#known = columns;
      this.#columns.resolve(columns);
    } else if (!this.#columns.settled) {
      return "rows came before their columns";
    }
    try {
      return this.#push(decodeRows(this.#known, rows) as Item<K, E>);
    } catch {
      return "bytes came that are not base64";
    }
  }

  takeEvent(event: unknown): string {
    return this.#push(event as Item<K, E>);
  }

  #push(item: Item<K, E>): string {
    if (this.#waiting.length >= this.#options.window) return "more lines came than were asked for";
    this.#waiting.push(item);
    this.#rouse();
    return "";
  }

  #took(): void {
    this.#taken++;
    if (this.#taken < this.#options.window / GRANTS_PER_WINDOW || this.#ended) return;
    this.#reader.taken(this.#taken);
    this.#taken = 0;
  }

  #end(): void {
    this.#ended = true;
    this.#rouse();
  }

  #rouse(): void {
    this.#wake?.resolve();
    this.#wake = null;
  }
}
