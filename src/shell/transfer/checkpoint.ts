/** How far an import has come, in a file beside its own, so that another run can go on from there. */
import { array, integer, nullable, object, text } from "../../base/shape.ts";
import type { Infer } from "../../base/shape.ts";
import type { Files } from "../port.ts";
import { ShellError } from "../shell_error.ts";

const checkpointShape = object({
  /** What is imported into; null for a script. */
  table: nullable(text()),
  columns: array(text()),
  /** Rows or statements that are stored for certain. */
  done: integer(0),
  /** Those sent behind them, of which nobody knows until they are answered. */
  sent: integer(0),
});

export type CheckpointState = Infer<typeof checkpointShape>;

/** Beside the file that is imported. */
export function checkpointPath(source: string): string {
  return `${source}.minisql-import`;
}

export class Checkpoint {
  readonly #files: Files;
  readonly #path: string | null;
  #state: CheckpointState;

  private constructor(files: Files, path: string | null, state: CheckpointState) {
    this.#files = files;
    this.#path = path;
    this.#state = state;
  }

  /** Of a file that an import reads; what comes through a pipe cannot be gone on with. */
  static async open(
    files: Files,
    source: string,
    begin: CheckpointState,
    how: "begin" | "resume" | "restart",
  ): Promise<Checkpoint> {
    if (source === "-") {
      if (how === "resume") throw new ShellError("Cannot go on with what comes through a pipe");
      return new Checkpoint(files, null, begin);
    }
    const path = checkpointPath(source);
    const earlier = how === "restart" ? null : read(await files.read(path), path);
    if (earlier === null) return new Checkpoint(files, path, begin);
    if (how === "begin") {
      throw new ShellError(
        `Cannot import ${source}: an earlier import of it ended after ${earlier.done}; ` +
          "--resume goes on from there, --restart begins anew",
      );
    }
    if (earlier.table !== begin.table || earlier.columns.join() !== begin.columns.join()) {
      throw new ShellError(
        `Cannot go on with ${source}: the earlier import was into another table or other ` +
          `columns; ${path} tells which`,
      );
    }
    return new Checkpoint(files, path, earlier);
  }

  get state(): CheckpointState {
    return this.#state;
  }

  /** Before rows are sent: so many are done, so many are on their way. */
  async sending(done: number, sent: number): Promise<void> {
    this.#state = { ...this.#state, done, sent };
    if (this.#path === null) return;
    await this.#files.replace(this.#path, `${JSON.stringify(this.#state)}\n`);
  }

  /** Everything is stored. */
  async finished(): Promise<void> {
    if (this.#path !== null) await this.#files.remove(this.#path);
  }
}

function read(content: string | null, path: string): CheckpointState | null {
  if (content === null) return null;
  let state: unknown;
  try {
    state = JSON.parse(content);
  } catch {
    state = null;
  }
  if (checkpointShape.fits(state)) return state;
  throw new ShellError(`Cannot read ${path}: it is damaged; --restart begins anew`);
}
