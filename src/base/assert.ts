/** Assertions that stay on in production: a broken one is a bug, never a user's mistake. */

/** Thrown where the program contradicts itself. Never caught and carried on from. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Ends the caller with a bug report unless `condition` holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Closes a `switch` over a union: a new member no longer compiles until it is handled. */
export function unreachable(value: never): never {
  throw new InvariantError(`Unreachable value: ${JSON.stringify(value)}`);
}
