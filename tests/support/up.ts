/** Clusters of `minisql up` for tests: on ports of their own, and gone with the test. */
import assert from "node:assert/strict";
import { freePorts } from "../../scripts/services/ports.ts";
import { readFrom, type Ready } from "../../src/cli/up/ready_file.ts";
import { type Binary, type Finished, finished } from "./binary.ts";
import { until } from "./wait.ts";

const READY_MS = 30_000;

/** An offset that leaves the usual ports free, and others' too. */
export function freeOffset(): string {
  const [port] = freePorts(1);
  assert.ok(port !== undefined);
  return String(port - 9090);
}

export class UpProcess {
  readonly child: Deno.ChildProcess;
  readonly ready: Ready;
  readonly #binary: Binary;

  private constructor(binary: Binary, child: Deno.ChildProcess, ready: Ready) {
    this.#binary = binary;
    this.child = child;
    this.ready = ready;
  }

  /** Starts a cluster without a terminal, and waits until it can be used. */
  static async start(binary: Binary, args: readonly string[] = []): Promise<UpProcess> {
    const file = `${binary.folder}/ready-${crypto.randomUUID().slice(0, 8)}`;
    const own = ["--ready-file", file, "--port-offset", freeOffset()];
    const child = binary.spawn(["up", ...own, ...args]);
    let isOver = false;
    void child.status.then(() => isOver = true);
    await until(
      "the cluster is ready",
      async () => isOver || await readFrom(file) !== null,
      READY_MS,
    );
    const ready = await readFrom(file);
    if (ready === null) {
      const { code, err } = await finished(child);
      assert.fail(`minisql up ended with ${code}: ${err}`);
    }
    return new UpProcess(binary, child, ready);
  }

  get masters(): string {
    return this.ready.masters.join(",");
  }

  /** Runs SQL in a shell of another process, and answers with what it printed. */
  async sql(text: string, ...flags: readonly string[]): Promise<string> {
    const { code, out, err } = await this.run("shell", "-NB", ...flags, "-e", text);
    assert.equal(code, 0, err);
    return out.trimEnd();
  }

  /** Runs a command of a client's against this cluster. */
  run(command: string, ...args: readonly string[]): Promise<Finished> {
    return this.#binary.run([command, "--masters", this.masters, ...args]);
  }

  /** Ends it as a service manager does; its exit code, and what it has printed. */
  async stop(): Promise<Finished> {
    this.child.kill("SIGTERM");
    return await finished(this.child);
  }
}
