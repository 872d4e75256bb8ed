/** Asks for a secret at the terminal, without showing it. */
import type { Output } from "./output.ts";
import type { ProcessControl } from "./process.ts";
import { UsageError } from "./usage_error.ts";

/** What is needed of `Deno.stdin`. */
export interface SecretInput {
  isTerminal(): boolean;
  read(into: Uint8Array): Promise<number | null>;
  setRaw(raw: boolean, options: { cbreak: boolean }): void;
}

const ENTER = new Set(["\r", "\n", "\x04"]);
const ERASE = new Set(["\b", "\x7f"]);
const ERASE_LINE = "\x15";

export async function askSecret(
  flag: string,
  input: SecretInput,
  err: Output,
  control: ProcessControl,
): Promise<string> {
  if (!input.isTerminal()) {
    throw new UsageError(
      `Cannot ask for --${flag}: input is not a terminal. Use --${flag}-file or its variable`,
    );
  }
  // With cbreak Ctrl-C still arrives as a signal, and ends the process as everywhere.
  input.setRaw(true, { cbreak: true });
  const restore = () => input.setRaw(false, { cbreak: false });
  const release = control.onExit(restore);
  try {
    await err.write(`Enter ${flag}: `);
    return await readHidden(input, control.stop);
  } finally {
    release();
    restore();
    await err.line();
  }
}

async function readHidden(input: SecretInput, stop: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(256);
  let secret: string[] = [];
  const stopped = Promise.withResolvers<never>();
  const abort = () => stopped.reject(stop.reason);
  stop.addEventListener("abort", abort, { once: true });
  try {
    stop.throwIfAborted();
    while (true) {
      const count = await Promise.race([input.read(buffer), stopped.promise]);
      if (count === null) return secret.join("");
      for (const char of decoder.decode(buffer.subarray(0, count), { stream: true })) {
        if (ENTER.has(char)) return secret.join("");
        if (ERASE.has(char)) secret.pop();
        else if (char === ERASE_LINE) secret = [];
        else secret.push(char);
      }
    }
  } finally {
    stop.removeEventListener("abort", abort);
    stopped.promise.catch(() => {});
  }
}
