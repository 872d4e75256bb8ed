/** A shell with a person at the terminal: prompts, editing, history, answers. */
import { type OpenPart, ScriptSplitter, type ScriptStatement } from "../client/sql_text.ts";
import { CLUSTER_STATEMENTS } from "./cluster/statements.ts";
import { viewLines } from "./columns.ts";
import { complete, type Completion } from "./editor/completion.ts";
import { highlight } from "./editor/highlight.ts";
import { History } from "./editor/history.ts";
import { type Edited, type EditRequest, LineEditor } from "./editor/line_editor.ts";
import { PlainLines } from "./editor/plain_lines.ts";
import { bytesWords } from "./progress.ts";
import { continuationPrompt, promptText } from "./prompt.ts";
import type { ShellPort } from "./port.ts";
import type { Shell } from "./shell.ts";
import { statusView } from "./views.ts";

export async function converse(shell: Shell): Promise<void> {
  const { port, options } = shell;
  const history = await History.load(port.files, historyPath(port), options.historyIgnore);
  const isPlain = port.variable("TERM") === "dumb";
  const editor = isPlain ? new PlainLines(port) : new LineEditor(port);
  shell.ask = (question) => askOn(editor, question);
  const restore = () => port.keyboard.setRaw(false);
  const releases = [port.onExit(restore), shell.interrupts.listen()];
  if (!isPlain) port.keyboard.setRaw(true);
  try {
    for (const line of options.greeting ?? await greeting(shell)) await shell.printer.say(line);
    await new Conversation(shell, editor, history).run();
  } finally {
    for (const release of releases) release();
    restore();
  }
}

type Editor = Pick<LineEditor, "edit">;

async function askOn(editor: Editor, question: string): Promise<string | null> {
  const edited = await editor.edit({
    prompt: () => question,
    isComplete: () => true,
    paint: (text) => [{ text, paint: null }],
    complete: null,
    history: [],
    initial: "",
  });
  return edited.kind === "text" ? edited.text : null;
}

class Conversation {
  readonly #shell: Shell;
  readonly #editor: Editor;
  readonly #history: History;
  readonly #splitter: ScriptSplitter;

  constructor(shell: Shell, editor: Editor, history: History) {
    this.#shell = shell;
    this.#editor = editor;
    this.#history = history;
    this.#splitter = new ScriptSplitter(shell.commands, shell.options.delimiter);
  }

  async run(): Promise<void> {
    const shell = this.#shell;
    while (!shell.isLeaving) {
      const edited = await this.#editor.edit(this.#request());
      if (edited.kind === "end") break;
      await this.#take(edited);
    }
    await shell.printer.say("Bye");
  }

  async #take(edited: Exclude<Edited, { kind: "end" }>): Promise<void> {
    const { printer } = this.#shell;
    if (edited.kind === "interrupt") {
      const isIdle = edited.text === "" && this.#splitter.open === "nothing";
      this.#splitter.drop();
      if (isIdle) await printer.say("Ctrl-D or exit leaves the shell.");
    } else if (edited.kind === "paste") {
      await this.#takePaste(edited.text);
    } else {
      await this.#history.add(edited.text);
      await printer.note(`${promptText(this.#shell)}${edited.text}\n`);
      await this.#runAll(this.#splitter.push(`${edited.text}\n`, true));
    }
  }

  /** Whole lines are run; what is behind the last one is there to be gone on with. */
  async #takePaste(text: string): Promise<void> {
    const { printer, port } = this.#shell;
    const end = text.lastIndexOf("\n") + 1;
    const lines = text.slice(0, end);
    this.#shell.draft = text.slice(end);
    const words = `pasted ${bytesWords(lines.length)}, ${lines.split("\n").length - 1} lines`;
    await printer.say(port.out.style.dim(`[${words}]`));
    await this.#runAll(this.#splitter.push(lines, true));
  }

  async #runAll(found: readonly ScriptStatement[]): Promise<void> {
    const shell = this.#shell;
    shell.interrupts.takeMissed();
    for (const statement of found) {
      if (shell.isLeaving || shell.interrupts.takeMissed()) return;
      const isDone = await shell.run(statement, null);
      // Whoever interrupts a script means all of it; a mistake in a paste ends it too.
      if (!isDone && found.length > 1 && !shell.options.force) return;
    }
  }

  #request(): EditRequest {
    const shell = this.#shell;
    const { draft } = shell;
    shell.draft = "";
    const prompt = promptText(shell);
    const { open } = this.#splitter;
    const first = open === "nothing" ? prompt : continuationPrompt(prompt, open);
    return {
      prompt: (line, above) =>
        line === 0 ? first : continuationPrompt(prompt, this.#openAfter(above)),
      isComplete: (text) => this.#isComplete(text),
      paint: (text) => highlight(text, shell.port.out.style),
      complete: shell.options.noRehash ? null : (text, cursor) => this.#complete(text, cursor),
      history: this.#history.entries,
      initial: draft,
    };
  }

  #openAfter(above: string): OpenPart {
    const copy = this.#splitter.copy();
    copy.push(`${above}\n`, true);
    return copy.open;
  }

  /** Nothing is open behind it, or it ends in a command. */
  #isComplete(text: string): boolean {
    const copy = this.#splitter.copy();
    const found = copy.push(`${text}\n`, true);
    if (copy.open === "nothing") return true;
    const lines = text.split("\n").length;
    const last = found.at(-1);
    return last?.command !== undefined && copy.open === "statement" && last.line >= lines;
  }

  async #complete(text: string, cursor: number): Promise<Completion> {
    const { names, commands } = this.#shell;
    return await complete(text, cursor, names, {
      commands: commands.names,
      statements: CLUSTER_STATEMENTS,
    });
  }
}

function historyPath({ variable }: ShellPort): string | null {
  const told = variable("MINISQL_HISTFILE");
  if (told !== undefined) return told === "" || told === "/dev/null" ? null : told;
  const home = variable("HOME");
  const state = variable("XDG_STATE_HOME") ?? (home === undefined ? null : `${home}/.local/state`);
  return state === null || state === "" ? null : `${state}/minisql/history`;
}

const GREETING_MS = 3000;

/** What it is, how the cluster is, and where to go on. */
async function greeting({ client, options, port }: Shell): Promise<readonly string[]> {
  if (options.silent > 0) return [];
  const { version, connection: { cluster, host, port: number } } = options;
  const limits = { timeoutMs: GREETING_MS, signal: port.stop };
  const [verdict = ""] = await client.admin.master("status", {}, limits).then(
    (status) => viewLines(statusView(status)),
    (error: unknown) => [(error as Error).message],
  );
  return [
    `minisql ${version} · cluster ${cluster} · master at ${host}:${number}`,
    verdict,
    "Statements end with ; or \\g. \\? is help, \\s the cluster's state, Ctrl-D the way out.",
    "",
  ];
}
