/** Randomness, as the roles see it. Seeded in the simulator. */

export interface Random {
  /** A number in [0, 1), evenly spread. */
  next(): number;

  /** 32 hexadecimal digits that nobody draws twice: names of sessions, nonces, identities. */
  id(): string;
}
