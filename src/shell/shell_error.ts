/** What a person asked of the shell itself and cannot be done: a file, an option, a command. */
export class ShellError extends Error {
  override readonly name = "ShellError";
}
