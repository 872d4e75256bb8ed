/** MySQL's generator behind RAND(): the same seeds give the same numbers as a server does. */

const LIMIT = 0x3fff_ffff;

export class MysqlRandom {
  #first: number;
  #second: number;

  constructor(first: number, second: number) {
    this.#first = first % LIMIT;
    this.#second = second % LIMIT;
  }

  /** RAND(seed). */
  static seeded(seed: bigint): MysqlRandom {
    const word = BigInt.asUintN(32, seed);
    const first = BigInt.asUintN(32, word * 0x10001n + 55_555_555n);
    const second = BigInt.asUintN(32, word * 0x10000001n);
    return new MysqlRandom(Number(first), Number(second));
  }

  next(): number {
    this.#first = (this.#first * 3 + this.#second) % LIMIT;
    this.#second = (this.#first + this.#second + 33) % LIMIT;
    return this.#first / LIMIT;
  }
}
