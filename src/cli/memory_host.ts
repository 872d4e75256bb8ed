/** A run of the program in memory, for tests: what it wrote, and the world it saw. */
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { type Host, runCommand } from "./main.ts";
import { StreamOutput } from "./output.ts";
import type { ProcessControl } from "./process.ts";
import type { Environment } from "./read_config.ts";
import { describeTerminal } from "./terminal.ts";

export interface MemoryWorld {
  readonly variables?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly commands?: readonly Command[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly stop?: AbortSignal;
  /** What a write raises, in place of taking the text. */
  readonly broken?: Error;
  /** Called when the right to start other programs is given up. */
  readonly onRenounce?: () => void;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function runInMemory(args: readonly string[], world: MemoryWorld = {}): Promise<Ran> {
  const out = memoryOutput(world.broken);
  const err = memoryOutput();
  const host: Host = {
    out: out.output,
    err: err.output,
    process: memoryProcess(world.stop),
    environment: memoryEnvironment(world),
    commands: world.commands ?? COMMANDS,
    askSecret: (flag) => Promise.resolve(world.secrets?.[flag] ?? ""),
    renouncePrograms: () => Promise.resolve(world.onRenounce?.()),
  };
  const code = await runCommand(args, host);
  return { code, out: out.text(), err: err.text() };
}

export function memoryEnvironment(world: MemoryWorld): Environment {
  return {
    get: (name) => world.variables?.[name],
    readFile(path) {
      const text = world.files?.[path];
      if (text === undefined) throw new Error("there is no such file");
      return text;
    },
  };
}

function memoryProcess(stop = new AbortController().signal): ProcessControl {
  const nothing = () => () => {};
  return {
    stop,
    stopped: () => new Promise(() => {}),
    onReload: nothing,
    onInterrupt: nothing,
    onExit: nothing,
    reportTo: () => {},
  };
}

export function memoryOutput(broken?: Error) {
  const decoder = new TextDecoder();
  let text = "";
  const stream = {
    write(bytes: Uint8Array): Promise<number> {
      if (broken !== undefined) return Promise.reject(broken);
      text += decoder.decode(bytes, { stream: true });
      return Promise.resolve(bytes.length);
    },
  };
  const facts = { isTerminal: false, columns: null, variable: () => undefined };
  return { output: new StreamOutput(stream, describeTerminal(facts, "auto")), text: () => text };
}
