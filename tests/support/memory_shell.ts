/** A shell's world in memory: what is typed, files, programs; and what it wrote. */
import type { Client } from "../../src/client/api.ts";
import { makeStyle } from "../../src/cli/terminal.ts";
import { DEFAULT_OPTIONS, type ShellOptions } from "../../src/shell/options.ts";
import type { FileSink, ShellPort, TerminalSize } from "../../src/shell/port.ts";
import { runShell } from "../../src/shell/run_shell.ts";
import { ShellError } from "../../src/shell/shell_error.ts";

/** What comes in, or what happens before more comes. */
export type Typed = string | Uint8Array | (() => unknown);

export interface MemoryShellWorld {
  /** What comes in, a piece at a time; a function is called when the shell wants more. */
  readonly input?: readonly Typed[];
  readonly terminal?: boolean;
  readonly colours?: boolean;
  readonly size?: TerminalSize;
  readonly files?: Record<string, string>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly stop?: AbortSignal;
  readonly broken?: Error;
}

export const OPTIONS: ShellOptions = {
  ...DEFAULT_OPTIONS,
  version: "1.2.3",
  connection: {
    user: null,
    host: "127.0.0.1",
    port: 9090,
    cluster: "minisql",
    masters: [{ host: "127.0.0.1", port: 9090 }],
  },
};

export class MemoryShell {
  readonly files: Record<string, string>;
  readonly secrets = new Set<string>();
  readonly ran: string[] = [];
  readonly paged: string[] = [];
  readonly raw: boolean[] = [];
  readonly port: ShellPort;
  size: TerminalSize;
  out = "";
  err = "";
  /** Both, in the order in which they were written. */
  all = "";
  ms = 0;
  readonly #interrupts = new Set<() => void>();
  readonly #resizes = new Set<() => void>();
  /** What a program does with a line, and its exit code. */
  onProgram: (line: string) => number;
  readonly #input: Typed[];

  constructor(world: MemoryShellWorld = {}) {
    this.files = world.files ?? {};
    this.size = world.size ?? { columns: 80, rows: 24 };
    this.#input = [...world.input ?? []];
    this.onProgram = () => 0;
    const isTerminal = world.terminal ?? false;
    const style = makeStyle(world.colours ?? false);
    const sink = (stream: "out" | "err") => ({
      isTerminal,
      style,
      write: (text: string) => {
        if (world.broken !== undefined) return Promise.reject(world.broken);
        this[stream] += text;
        this.all += text;
        return Promise.resolve();
      },
    });
    this.port = {
      out: sink("out"),
      err: sink("err"),
      keyboard: {
        isTerminal,
        read: () => this.#read(),
        setRaw: (raw) => void this.raw.push(raw),
      },
      files: this.#files(),
      programs: this.#programs(),
      time: {
        now: () => this.ms,
        wall: () => 1_700_000_000_000 + this.ms,
        sleep: async (ms, signal) => {
          this.ms += ms;
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
        },
      },
      stop: world.stop ?? new AbortController().signal,
      size: () => this.size,
      onResize: (listener) => added(this.#resizes, listener),
      onInterrupt: (listener) => added(this.#interrupts, listener),
      onExit: () => () => {},
      variable: (name) => world.variables?.[name],
    };
  }

  async run(client: Client, options: Partial<ShellOptions> = {}): Promise<number> {
    return await runShell(client, this.port, { ...OPTIONS, ...options });
  }

  type(more: readonly Typed[]): void {
    this.#input.push(...more);
  }

  interrupt(): void {
    for (const listener of [...this.#interrupts]) listener();
  }

  resize(size: TerminalSize): void {
    this.size = size;
    for (const listener of [...this.#resizes]) listener();
  }

  async #read(): Promise<Uint8Array | null> {
    for (;;) {
      const next = this.#input.shift();
      if (next === undefined) return null;
      if (next instanceof Uint8Array) return next;
      if (typeof next === "string") return new TextEncoder().encode(next);
      await next();
      // The shell hears of it before anything more is typed.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #files(): ShellPort["files"] {
    const open = (path: string): string => {
      const text = this.files[path];
      if (text === undefined) throw new ShellError(`Cannot read ${path}: there is no such file`);
      return text;
    };
    const sink = (path: string): FileSink => ({
      write: (text) => {
        this.files[path] += text;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
    return {
      open: async (path) => {
        const bytes = new TextEncoder().encode(open(path));
        return await Promise.resolve({ size: bytes.length, pieces: inPieces(bytes) });
      },
      read: (path) => Promise.resolve(this.files[path] ?? null),
      replace: (path, text, secret = false) => {
        this.files[path] = text;
        if (secret) this.secrets.add(path);
        return Promise.resolve();
      },
      write: (path, how) => {
        this.files[path] = how === "append" ? this.files[path] ?? "" : "";
        return Promise.resolve(sink(path));
      },
      appendSecret: (path, text) => {
        this.files[path] = (this.files[path] ?? "") + text;
        this.secrets.add(path);
        return Promise.resolve();
      },
      move: (path, to) => {
        this.files[to] = open(path);
        delete this.files[path];
        return Promise.resolve();
      },
      remove: (path) => {
        delete this.files[path];
        return Promise.resolve();
      },
      temporary: (ending) => {
        const path = `/tmp/made${ending}`;
        this.files[path] = "";
        return Promise.resolve(path);
      },
    };
  }

  #programs(): ShellPort["programs"] {
    return {
      run: (line) => {
        this.ran.push(line);
        return Promise.resolve(this.onProgram(line));
      },
      pipe: (line) => {
        this.ran.push(line);
        const at = this.paged.push("") - 1;
        return Promise.resolve({
          write: (text: string) => {
            this.paged[at] += text;
            return Promise.resolve(true);
          },
          close: () => Promise.resolve(),
        });
      },
    };
  }
}

async function* inPieces(bytes: Uint8Array, length = 61): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    yield await Promise.resolve(bytes.subarray(at, at + length));
  }
}

function added(set: Set<() => void>, listener: () => void): () => void {
  set.add(listener);
  return () => void set.delete(listener);
}
