/** The shell's world in the real one: this process's terminal, files, programs and signals. */
import { dirname } from "node:path";
import { SystemClock } from "../adapters/system_clock.ts";
import type { Files, Keyboard, Programs, Screen, ShellPort, TerminalSize } from "../shell/port.ts";
import { ShellError } from "../shell/shell_error.ts";
import type { CommandContext } from "./command.ts";
import { BrokenOutput, type Output } from "./output.ts";

const PIECE_BYTES = 64 * 1024;
const SIZE_DEFAULT: TerminalSize = { columns: 80, rows: 24 };
const OWNER_ONLY = 0o600;

export function realShellPort({ out, err, process, environment }: CommandContext): ShellPort {
  const keyboard = new TerminalKeyboard();
  const clock = new SystemClock();
  return {
    out: screen(out),
    err: screen(err),
    keyboard,
    files: realFiles,
    programs: realPrograms(keyboard, (listener) => process.onInterrupt(listener)),
    time: {
      now: () => clock.now(),
      wall: () => clock.wallMicros() / 1000,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    },
    stop: process.stop,
    size: terminalSize,
    onResize(listener) {
      Deno.addSignalListener("SIGWINCH", listener);
      return () => Deno.removeSignalListener("SIGWINCH", listener);
    },
    onInterrupt: (listener) => process.onInterrupt(listener),
    onExit: (action) => process.onExit(action),
    variable: (name) => environment.get(name),
  };
}

function screen(output: Output): Screen {
  const { isTerminal, style } = output.terminal;
  return { isTerminal, style, write: (text) => output.write(text) };
}

/** Terminals of some programs tell no size at all. */
function terminalSize(): TerminalSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : SIZE_DEFAULT;
  } catch {
    return SIZE_DEFAULT;
  }
}

class TerminalKeyboard implements Keyboard {
  readonly isTerminal = Deno.stdin.isTerminal();
  readonly #buffer = new Uint8Array(PIECE_BYTES);
  #isRaw = false;

  async read(): Promise<Uint8Array | null> {
    const count = await Deno.stdin.read(this.#buffer);
    return count === null ? null : this.#buffer.slice(0, count);
  }

  setRaw(raw: boolean): void {
    if (raw === this.#isRaw || !this.isTerminal) return;
    // With cbreak Ctrl-C still arrives as a signal, also while a statement runs.
    Deno.stdin.setRaw(raw, { cbreak: raw });
    this.#isRaw = raw;
  }

  /** Lends the terminal to another program as that would find it anywhere. */
  async lend<T>(use: () => Promise<T>): Promise<T> {
    const wasRaw = this.#isRaw;
    this.setRaw(false);
    try {
      return await use();
    } finally {
      this.setRaw(wasRaw);
    }
  }
}

/** Ctrl-C is for the program that has the terminal, though we hear it too. */
function realPrograms(
  keyboard: TerminalKeyboard,
  onInterrupt: (listener: () => void) => () => void,
): Programs {
  return {
    run: (line) =>
      keyboard.lend(async () => {
        const release = onInterrupt(() => {});
        try {
          const child = spawn(line, "inherit");
          return (await child.status).code;
        } finally {
          release();
        }
      }),
    async pipe(line) {
      const name = /^\S+/.exec(line)?.[0] ?? "";
      if (!await exists(name)) throw new ShellError(`Cannot run ${name}: there is no such program`);
      const release = onInterrupt(() => {});
      const child = spawn(line, "piped");
      const writer = child.stdin.getWriter();
      let isOpen = true;
      void child.status.then(() => isOpen = false);
      return {
        async write(text) {
          if (!isOpen) return false;
          try {
            await writer.write(new TextEncoder().encode(text));
          } catch {
            isOpen = false;
          }
          return isOpen;
        },
        async close() {
          try {
            // Refused where the program has closed its end already.
            await writer.close().catch(() => {});
            await child.status;
          } finally {
            release();
          }
        },
      };
    },
  };
}

function spawn(line: string, stdin: "inherit" | "piped"): Deno.ChildProcess {
  const output = { stdout: "inherit", stderr: "inherit" } as const;
  return new Deno.Command("sh", { args: ["-c", line], stdin, ...output }).spawn();
}

async function exists(program: string): Promise<boolean> {
  const look = new Deno.Command("sh", {
    args: ["-c", 'command -v -- "$1"', "sh", program],
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  });
  return (await look.output()).success;
}

export const realFiles: Files = {
  async open(path) {
    if (path === "-") return { size: null, pieces: Deno.stdin.readable };
    const file = await named("read", path, () => Deno.open(path));
    const { size, isFile } = await file.stat();
    return { size: isFile ? size : null, pieces: file.readable };
  },

  async read(path) {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw faultOf("read", path, error);
    }
  },

  async replace(path, text, secret = false) {
    await named("write", path, async () => {
      const own = `${path}.${Deno.pid}.new`;
      await Deno.writeTextFile(own, text, secret ? { mode: OWNER_ONLY } : {});
      await Deno.rename(own, path);
    });
  },

  async write(path, how) {
    const options = how === "append" ? { append: true } : { truncate: true };
    const file = await named(
      "write",
      path,
      () => Deno.open(path, { write: true, create: true, ...options }),
    );
    const encoder = new TextEncoder();
    return {
      write: (text) => named("write", path, () => writeAll(file, encoder.encode(text))),
      close() {
        file.close();
        return Promise.resolve();
      },
    };
  },

  async appendSecret(path, text) {
    await named("write", path, async () => {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      using file = await Deno.open(path, { append: true, create: true, mode: OWNER_ONLY });
      const { mode } = await file.stat();
      // One that was there before may be open to others.
      if (mode !== null && (mode & 0o077) !== 0) await Deno.chmod(path, OWNER_ONLY);
      await writeAll(file, new TextEncoder().encode(text));
    });
  },

  move: (path, to) => named("write", to, () => Deno.rename(path, to)),

  async remove(path) {
    await named("remove", path, async () => {
      try {
        await Deno.remove(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    });
  },

  temporary: (ending) =>
    named("make", ending, () => Deno.makeTempFile({ prefix: "minisql-", suffix: ending })),
};

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
}

async function named<T>(verb: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw faultOf(verb, path, error);
  }
}

function faultOf(verb: string, path: string, error: unknown): unknown {
  if (error instanceof BrokenOutput || !(error instanceof Error)) return error;
  return new ShellError(`Cannot ${verb} ${path}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: Error): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "that is not permitted";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  return error.message;
}
