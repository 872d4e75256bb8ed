/** Runs the built program as its users do: in an environment of its own, with nothing of ours. */
import { build, type Form } from "../../scripts/build.ts";
import { BUILD_FOLDER } from "../../scripts/build/root.ts";

export interface Finished {
  readonly code: number;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A built program and a folder for what it leaves behind. */
export class Binary {
  readonly path: string;
  readonly folder: string;

  private constructor(path: string, folder: string) {
    this.path = path;
    this.folder = folder;
  }

  static async build(form: Form): Promise<Binary> {
    const path = `${BUILD_FOLDER}/test-${form}`;
    await build({ output: path, form, say: () => {} });
    return new Binary(path, await Deno.makeTempDir({ prefix: "minisql-binary-" }));
  }

  /** What the program sees and nothing else: its unpacked files go to our folder. */
  get environment(): Record<string, string> {
    return {
      HOME: this.folder,
      TMPDIR: this.folder,
      XDG_CACHE_HOME: `${this.folder}/cache`,
      PATH: "/usr/bin:/bin",
    };
  }

  spawn(args: readonly string[], options: RunOptions = {}): Deno.ChildProcess {
    return new Deno.Command(this.path, {
      args: [...args],
      clearEnv: true,
      env: { ...this.environment, ...options.env },
      cwd: options.cwd ?? this.folder,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return await finished(this.spawn(args, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

export async function finished(child: Deno.ChildProcess): Promise<Finished> {
  const { code, signal, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, signal, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}
