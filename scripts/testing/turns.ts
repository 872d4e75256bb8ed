/** Lets several things at once write to one output, one after the other: nobody is interrupted. */

export interface Turn {
  /** Goes out at once where it is this one's turn, and else when it comes. */
  write(text: string): Promise<void>;
  /** The next one's turn begins, once those before it have ended too. */
  end(): Promise<void>;
}

interface Waiting {
  held: string;
  isOver: boolean;
}

export class Turns {
  readonly #out: (text: string) => Promise<void>;
  /** The first is the one whose turn it is. */
  readonly #queue: Waiting[] = [];

  constructor(out: (text: string) => Promise<void>) {
    this.#out = out;
  }

  /** A turn after all that were taken before. */
  take(): Turn {
    const mine: Waiting = { held: "", isOver: false };
    this.#queue.push(mine);
    return {
      write: async (text) => {
        if (this.#queue[0] === mine) await this.#out(text);
        else mine.held += text;
      },
      end: async () => {
        mine.isOver = true;
        while (this.#queue[0]?.isOver) {
          this.#queue.shift();
          const next = this.#queue[0];
          if (next === undefined) return;
          const { held } = next;
          next.held = "";
          await this.#out(held);
        }
      },
    };
  }
}
