/** A terminal with a program in it, as a person has it: keys in, a screen out. Stands on tmux. */
import assert from "node:assert/strict";
import { until } from "./wait.ts";

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export class Terminal {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Starts the program; the terminal stays when it ends, and then shows how. */
  static async start(
    command: readonly string[],
    { columns = 80, rows = 24, env = {}, cwd }: TerminalOptions = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(`minisql-${crypto.randomUUID().slice(0, 8)}`);
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const line = `${command.map(quoted).join(" ")}; printf '[ended %s]' $?; exec sleep 600`;
    await terminal.#tmux(
      ...["-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows)],
      ...variables,
      ...(cwd === undefined ? [] : ["-c", cwd]),
      line,
    );
    await terminal.#tmux("set-option", "-g", "status", "off");
    await terminal.resize(columns, rows);
    return terminal;
  }

  /** As the keyboard would send it. */
  async type(text: string): Promise<void> {
    const bytes = [...new TextEncoder().encode(text)];
    await this.#tmux("send-keys", "-H", ...bytes.map((byte) => byte.toString(16)));
  }

  /** Keys by tmux's names: `Enter`, `Up`, `C-c`, `M-b`, `BSpace`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** As a paste of the terminal's, bracketed where the program asked for that. */
  async paste(text: string): Promise<void> {
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, text);
      await this.#tmux("load-buffer", file);
      await this.#tmux("paste-buffer", "-p");
    } finally {
      await Deno.remove(file);
    }
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What is on the screen, without space at the ends. */
  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd();
  }

  /** How far the cursor is from the left edge. */
  async cursorColumn(): Promise<number> {
    return Number(await this.#tmux("display-message", "-p", "#{cursor_x}"));
  }

  /** The screen and everything that has left it at the top. */
  async everything(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-S", "-")).trimEnd();
  }

  /** Colours and such included. */
  async painted(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-e")).trimEnd();
  }

  /** Waits until the screen is as it should be, and answers with it. */
  async shows(expected: RegExp | string, limitMs = 10_000): Promise<string> {
    let screen = "";
    try {
      await until(`the screen shows ${expected}`, async () => {
        screen = await this.screen();
        return typeof expected === "string" ? screen.includes(expected) : expected.test(screen);
      }, limitMs);
    } catch (error) {
      assert.fail(`${(error as Error).message}\n${screen}`);
    }
    return screen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const command = new Deno.Command("tmux", {
      args: ["-u", "-L", this.#socket, ...args],
      env: { LC_ALL: "C.UTF-8", TERM: "xterm-256color" },
    });
    const { success, stdout, stderr } = await command.output();
    assert.ok(success, `tmux ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
