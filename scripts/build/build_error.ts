/** A build that failed for a reason outside of this program: told without a stack. */

export class BuildError extends Error {
  override readonly name = "BuildError";
}
