/** What the shell needs of the world: terminal, files, programs, time. Made in cli; fakes in tests. */

/** Takes text in order. Rejects when nobody reads any more, which ends the shell. */
export interface Sink {
  write(text: string): Promise<void>;
}

export interface Screen extends Sink {
  /** A person reads it. */
  readonly isTerminal: boolean;
  readonly style: Style;
}

/** Marks text for people; plain where colour is off. */
export interface Style {
  readonly isColoured: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export interface Keyboard {
  /** A person types. */
  readonly isTerminal: boolean;
  /** The next bytes, as few or many as there are; null at the end. One call at a time. */
  read(): Promise<Uint8Array | null>;
  /** Raw: each key at once and unseen. Ctrl-C is an interrupt either way. */
  setRaw(raw: boolean): void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface OpenFile {
  /** Null where it has none, as a pipe. */
  readonly size: number | null;
  readonly pieces: AsyncIterable<Uint8Array>;
}

export interface FileSink extends Sink {
  close(): Promise<void>;
}

/** What goes wrong with a file or a program is raised as a `ShellError` that names it. */
export interface Files {
  open(path: string): Promise<OpenFile>;
  /** The whole text of a small file; null where there is none. */
  read(path: string): Promise<string | null>;
  /** Puts the text in the file's place, all or nothing. `secret`: only its owner may read it. */
  replace(path: string, text: string, secret?: boolean): Promise<void>;
  /** Writes to a file, behind what it holds or from its beginning. */
  write(path: string, how: "append" | "anew"): Promise<FileSink>;
  /** Adds to a file that only its owner may read, made with its folders where it is missing. */
  appendSecret(path: string, text: string): Promise<void>;
  move(path: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** An empty file of that ending which nobody else may read. */
  temporary(ending: string): Promise<string>;
}

export interface Pipe {
  /** False once the program reads no more. */
  write(text: string): Promise<boolean>;
  /** Ends its input and waits for its end. */
  close(): Promise<void>;
}

/** Programs that have the terminal while they run; a line is read by the system's shell. */
export interface Programs {
  /** Answers with the exit code. */
  run(line: string): Promise<number>;
  pipe(line: string): Promise<Pipe>;
}

export interface Time {
  /** Milliseconds that only rise. */
  now(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface ShellPort {
  readonly out: Screen;
  readonly err: Screen;
  readonly keyboard: Keyboard;
  readonly files: Files;
  readonly programs: Programs;
  readonly time: Time;
  /** The process is to end: leave in good order, with the reason as an error. */
  readonly stop: AbortSignal;
  size(): TerminalSize;
  /** Hears of a new size. The answer stops that, here and below. */
  onResize(listener: () => void): () => void;
  /** Hears Ctrl-C in place of the process. */
  onInterrupt(listener: () => void): () => void;
  /** Runs before the process ends, however it ends. */
  onExit(action: () => void): () => void;
  variable(name: string): string | undefined;
}
