/** A mistake on the command line or in the environment: told in one line, without a stack. */

export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The command whose help tells more. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}
