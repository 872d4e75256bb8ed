/** The real operating system behind the process, its environment and its streams. */
import { SystemClock } from "../adapters/system_clock.ts";
import { StreamOutput } from "./output.ts";
import type { System } from "./process.ts";
import type { Environment } from "./read_config.ts";
import { type ColourChoice, describeTerminal, type Terminal } from "./terminal.ts";

export function realSystem(): System {
  return {
    clock: new SystemClock(),
    onSignal(signal, listener) {
      Deno.addSignalListener(signal, listener);
      return () => Deno.removeSignalListener(signal, listener);
    },
    onUncaught,
    writeError(text) {
      try {
        Deno.stderr.writeSync(new TextEncoder().encode(text));
      } catch {
        // Nobody reads stderr.
      }
    },
  };
}

function onUncaught(listener: (error: unknown) => void): () => void {
  const rejected = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    listener(event.reason);
  };
  const thrown = (event: ErrorEvent) => {
    event.preventDefault();
    listener(event.error);
  };
  globalThis.addEventListener("unhandledrejection", rejected);
  globalThis.addEventListener("error", thrown);
  return () => {
    globalThis.removeEventListener("unhandledrejection", rejected);
    globalThis.removeEventListener("error", thrown);
  };
}

export const realEnvironment: Environment = {
  get: (name) => Deno.env.get(name),
  readFile(path) {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new Error("there is no such file");
      if (error instanceof Deno.errors.PermissionDenied) throw new Error("it may not be read");
      if (error instanceof Deno.errors.IsADirectory) throw new Error("it is a directory");
      throw error;
    }
  },
};

export function realOutput(stream: "stdout" | "stderr", choice: ColourChoice): StreamOutput {
  return new StreamOutput(Deno[stream], terminalOf(stream, choice));
}

function terminalOf(stream: "stdout" | "stderr", choice: ColourChoice): Terminal {
  const isTerminal = Deno[stream].isTerminal();
  return describeTerminal({ isTerminal, columns: columns(isTerminal), variable }, choice);
}

function variable(name: string): string | undefined {
  return Deno.env.get(name);
}

function columns(isTerminal: boolean): number | null {
  if (!isTerminal) return null;
  try {
    return Deno.consoleSize().columns;
  } catch {
    return null;
  }
}
