/** `minisql up --detach`: the same cluster in a process of its own, which goes on without a terminal. */
import type { Clock } from "../../ports/clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { readFrom } from "./ready_file.ts";
import type { Self } from "./self.ts";

const READY_MS = 60_000;
const LOOK_EVERY_MS = 20;

export interface Detaching {
  readonly clock: Clock;
  readonly self: Self;
  /** Arguments of `up`, all but those that this adds. */
  readonly args: readonly string[];
  /** Where the process says that it is ready, and what it logs. */
  readonly readyFile: string;
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** Resolves with the process's number once the cluster is ready; it lives on when this one ends. */
export async function detach(detaching: Detaching): Promise<number> {
  const { clock, self, args, readyFile, logFile, signal } = detaching;
  const more = ["--no-shell", "--ready-file", readyFile, "--log-file", logFile];
  const child = new Deno.Command(self.program, {
    args: [...self.before, "up", ...args, ...more],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    detached: true,
  }).spawn();
  const said = gather(child.stderr);
  const ended: { code: number | null } = { code: null };
  void child.status.then(({ code }) => ended.code = code);
  const limit = clock.now() + READY_MS;
  try {
    while (await readFrom(readyFile) === null) {
      if (ended.code !== null) throw await failure(`exit code ${ended.code}`, said);
      if (clock.now() > limit) throw late();
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  } catch (error) {
    if (ended.code === null) child.kill("SIGTERM");
    throw error;
  }
  // From here on it writes to its log alone.
  said.stop();
  child.unref();
  return child.pid;
}

interface Said {
  text(): Promise<string>;
  stop(): void;
}

/** What the process writes to stderr while it starts: why it cannot. */
function gather(stream: ReadableStream<Uint8Array>): Said {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const read = async () => {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      text += decoder.decode(chunk.value, { stream: true });
    }
  };
  const done = read().catch(() => {});
  return {
    text: async () => {
      await done;
      return text;
    },
    stop: () => void reader.cancel().catch(() => {}),
  };
}

function late(): MinisqlError {
  return new MinisqlError("TIMEOUT", `Cannot start the cluster: not ready within ${READY_MS} ms`);
}

async function failure(how: string, said: Said): Promise<MinisqlError> {
  const why = (await said.text()).trim();
  const told = why === "" ? "" : `\n${why}`;
  return new MinisqlError("UNAVAILABLE", `Cannot start the cluster: ${how}${told}`);
}
