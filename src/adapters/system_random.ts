/** The machine's randomness. */
import type { Random } from "../ports/random.ts";

export class SystemRandom implements Random {
  next(): number {
    return Math.random();
  }

  id(): string {
    return crypto.getRandomValues(new Uint8Array(16)).toHex();
  }
}
