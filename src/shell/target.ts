/** Where results go that do not go to the screen: a file until told otherwise, or a program once. */
import type { FileSink, ShellPort } from "./port.ts";
import type { ResultSink } from "./printer.ts";

export class ResultTarget {
  readonly #port: ShellPort;
  #file: FileSink | null = null;

  constructor(port: ShellPort) {
    this.#port = port;
  }

  /** From now on results are written to the file, in place of what it holds. */
  async toFile(path: string): Promise<void> {
    const file = await this.#port.files.write(path, "anew");
    await this.toScreen();
    this.#file = file;
  }

  async toScreen(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  /** Where a result goes, to `program` if there is one; null for the screen. */
  async sink(program: string | null): Promise<ResultSink | null> {
    if (program !== null) return await this.#programSink(program);
    const file = this.#file;
    if (file === null) return null;
    return { write: (text) => file.write(text), close: () => Promise.resolve() };
  }

  /** A program that has read enough is no reason to stop the statement. */
  async #programSink(program: string): Promise<ResultSink> {
    const pipe = await this.#port.programs.pipe(program);
    return {
      write: async (text) => void await pipe.write(text),
      close: () => pipe.close(),
    };
  }
}
