/** Runs one command of the test run, shown as it goes and never longer than its limit. */
import { signalChild } from "../services/signals.ts";
import { DotRows } from "./dot_rows.ts";

export interface Section {
  readonly name: string;
  readonly command: readonly string[];
  /**
   * The program is known to die of a segmentation fault at times, which says nothing about what it
   * was to check: it is asked again. When it dies every time, it fails.
   */
  readonly isCrashProne?: boolean;
}

export interface SectionResult {
  readonly code: number;
  readonly output: string;
}

export interface SectionOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Ends the command and everything it started. */
  readonly signal: AbortSignal;
  /** Takes what the command prints, as it comes. */
  readonly show: (text: string) => Promise<void>;
}

/** No section takes nearly as long: one that hangs must not take the whole run with it. */
const LIMIT_S = 600;
/** How long a command told to end may take, before it is killed. */
const ENDING_LIMIT_S = 10;
/** How long output is awaited from a process that a section which has ended left behind. */
const LATE_OUTPUT_MS = 2_000;

/** As a shell reports a process that a segmentation fault ended. */
const SEGMENTATION_FAULT = 139;
const ATTEMPTS_MAX = 3;

export async function runSection(
  section: Section,
  options: SectionOptions,
): Promise<SectionResult> {
  for (let attempt = 1;; attempt++) {
    const result = await runOnce(section, options);
    const hasCrashed = section.isCrashProne === true && result.code === SEGMENTATION_FAULT;
    if (!hasCrashed || attempt === ATTEMPTS_MAX || options.signal.aborted) return result;
    await options.show(`${section.command[0]} crashed, as it is known to: once more\n`);
  }
}

async function runOnce(
  section: Section,
  { env, signal, show }: SectionOptions,
): Promise<SectionResult> {
  const command = new Deno.Command("setpriv", {
    args: [...launcher(), ...section.command],
    env: { ...env },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const end = () => signalChild(command, "SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  try {
    const output = new ShownOutput(command.stdout, show);
    const status = await command.status;
    return { code: status.code, output: await output.end(LATE_OUTPUT_MS) };
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/**
 * `timeout` runs the command in a process group of its own and ends the group: at the limit, when
 * it is told to, and when this process dies.
 */
function launcher(): readonly string[] {
  const timeout = ["timeout", `--kill-after=${ENDING_LIMIT_S}`, String(LIMIT_S)];
  return ["--pdeathsig", "TERM", "--", "sh", "-c", 'exec "$@" 2>&1', "sh", ...timeout];
}

/** What a command prints, shown and kept. */
class ShownOutput {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #done: Promise<void>;
  readonly #decoder = new TextDecoder();
  readonly #rows = new DotRows();
  readonly #show: SectionOptions["show"];
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>, show: SectionOptions["show"]) {
    this.#show = show;
    this.#reader = stream.getReader();
    this.#done = this.#copy();
  }

  /** All of it, or what came within the limit. */
  async end(limitMs: number): Promise<string> {
    const limit = setTimeout(() => this.#reader.cancel(), limitMs);
    await this.#done;
    clearTimeout(limit);
    return this.#text;
  }

  async #copy(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) return;
      const text = this.#decoder.decode(value, { stream: true });
      this.#text += text;
      await this.#show(this.#rows.show(text));
    }
  }
}
