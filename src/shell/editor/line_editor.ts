/** Edits statements at a terminal: keys to text, drawn as it is typed. */
import { orAborted } from "../../base/abort.ts";
import type { ShellPort } from "../port.ts";
import { type Completion } from "./completion.ts";
import { completionColumns, sharedBeginning } from "./completion_list.ts";
import { EditArea } from "./edit_area.ts";
import { EditBuffer } from "./edit_buffer.ts";
import { HistoryWalk } from "./history_walk.ts";
import { type Key, KeyDecoder } from "./keys.ts";
import { type Layout, layOut, type Painted } from "./layout.ts";

/** What is asked of the person this time. */
export interface EditRequest {
  /** In front of each line, by its number from 0 and the lines above it. */
  readonly prompt: (line: number, above: string) => string;
  /** Whether Enter ends the editing, or begins another line. */
  readonly isComplete: (text: string) => boolean;
  readonly paint: (text: string) => readonly Painted[];
  readonly complete: ((text: string, cursor: number) => Promise<Completion>) | null;
  /** Oldest first. */
  readonly history: readonly string[];
  /** What is there to begin with. */
  readonly initial: string;
}

export type Edited =
  | { readonly kind: "text"; readonly text: string }
  /** More than one would edit: to be taken as it is. */
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "interrupt"; readonly text: string }
  | { readonly kind: "end" };

const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";
/** Pastes longer than this are run without being shown. */
const PASTE_LENGTH_MAX = 16 * 1024;

type Waking = readonly Key[] | "interrupt" | "resize" | "end";

export class LineEditor {
  readonly #port: ShellPort;
  readonly #decoder = new KeyDecoder();
  readonly #area = new EditArea();
  readonly #buffer = new EditBuffer();
  readonly #keys: Key[] = [];
  /** Stays when something else comes first: what is typed next belongs to the next editing. */
  #reading: Promise<readonly Key[] | "end"> | null = null;

  constructor(port: ShellPort) {
    this.#port = port;
  }

  async edit(request: EditRequest): Promise<Edited> {
    const { out } = this.#port;
    this.#buffer.set(request.initial);
    const walk = new HistoryWalk(request.history);
    const editing = new Editing(this.#buffer, walk, request);
    await out.write(PASTE_ON);
    await this.#draw(editing);
    try {
      for (;;) {
        const edited = await this.#step(editing);
        if (edited !== null) return edited;
      }
    } finally {
      await out.write(PASTE_OFF);
    }
  }

  /** Takes what came; answers once the editing is over. */
  async #step(editing: Editing): Promise<Edited | null> {
    const key = this.#keys.shift();
    if (key !== undefined) {
      const edited = await this.#take(key, editing);
      if (edited === null && this.#keys.length === 0) await this.#draw(editing);
      return edited;
    }
    const waking = await this.#wait();
    if (waking === "resize") {
      this.#area.resized(this.#port.size().columns);
      await this.#draw(editing);
    } else if (waking === "interrupt") {
      const { text } = this.#buffer;
      this.#keys.length = 0;
      await this.#finish(editing, "^C");
      return { kind: "interrupt", text };
    } else if (waking === "end") {
      await this.#finish(editing);
      return { kind: "end" };
    } else {
      this.#keys.push(...waking);
    }
    return null;
  }

  async #wait(): Promise<Waking> {
    const { keyboard, stop } = this.#port;
    const woken = Promise.withResolvers<Waking>();
    const releases = [
      this.#port.onInterrupt(() => woken.resolve("interrupt")),
      this.#port.onResize(() => woken.resolve("resize")),
    ];
    this.#reading ??= keyboard.read().then((bytes) =>
      bytes === null ? "end" : this.#decoder.push(bytes)
    );
    try {
      const waking = await orAborted(Promise.race([this.#reading, woken.promise]), stop);
      if (waking !== "interrupt" && waking !== "resize") this.#reading = null;
      return waking;
    } finally {
      for (const release of releases) release();
    }
  }

  async #take(key: Key, editing: Editing): Promise<Edited | null> {
    if (key.kind === "paste" && key.text.length > PASTE_LENGTH_MAX) {
      const text = this.#buffer.text + key.text;
      this.#buffer.set("");
      await this.#finish(editing);
      return { kind: "paste", text };
    }
    // The person ends what was pasted, having seen it.
    const shown = key.kind === "paste" ? { ...key, text: key.text.replace(/\n+$/, "") } : key;
    switch (editing.take(shown)) {
      case "complete":
        await this.#complete(editing);
        return null;
      case "clear":
        await this.#port.out.write(this.#area.clearScreen());
        return null;
      case "enter":
        return await this.#enter(editing);
      case "end":
        await this.#finish(editing);
        return { kind: "end" };
      case "edited":
        return null;
    }
  }

  async #enter(editing: Editing): Promise<Edited | null> {
    const { text } = this.#buffer;
    if (!editing.request.isComplete(text)) {
      this.#buffer.insert("\n");
      return null;
    }
    await this.#finish(editing);
    return { kind: "text", text };
  }

  async #complete(editing: Editing): Promise<void> {
    const { complete } = editing.request;
    if (complete === null) return this.#buffer.insert("    ");
    const { start, candidates } = await complete(this.#buffer.text, this.#buffer.cursor);
    const [only] = candidates;
    if (only === undefined) return;
    if (candidates.length === 1) {
      return this.#buffer.replace(start, /[.(]$/.test(only) ? only : `${only} `);
    }
    const typed = this.#buffer.text.slice(start, this.#buffer.cursor);
    const shared = sharedBeginning(candidates);
    if (shared.length > typed.length) return this.#buffer.replace(start, shared);
    const list = completionColumns(candidates, this.#port.size().columns);
    await this.#port.out.write(this.#area.finish(this.#layOut(editing)) + list);
  }

  async #draw(editing: Editing): Promise<void> {
    const { out } = this.#port;
    await out.write(this.#area.draw(this.#layOut(editing), this.#port.size()));
  }

  /** Shows the text for good, with what is said behind it. */
  async #finish(editing: Editing, suffix = ""): Promise<void> {
    this.#buffer.end();
    const layout = this.#layOut(editing, suffix);
    await this.#port.out.write(this.#area.finish(layout));
  }

  #layOut(editing: Editing, suffix = ""): Layout {
    const { columns } = this.#port.size();
    return editing.layOut(columns, suffix);
  }
}

type Effect = "edited" | "complete" | "clear" | "enter" | "end";

/** One editing: what keys do to the text. */
class Editing {
  readonly #buffer: EditBuffer;
  readonly #walk: HistoryWalk;
  readonly request: EditRequest;

  constructor(buffer: EditBuffer, walk: HistoryWalk, request: EditRequest) {
    this.#buffer = buffer;
    this.#walk = walk;
    this.request = request;
  }

  take(key: Key): Effect {
    const search = this.#walk.search;
    if (search !== null) {
      const taken = this.#walk.searchKey(key, this.#buffer);
      if (taken) return "edited";
    }
    if (key.kind !== "key") {
      this.#buffer.insert(key.text);
      return "edited";
    }
    return this.#named(key.name);
  }

  #named(name: string): Effect {
    const action = ACTIONS[name];
    if (action !== undefined) {
      action(this.#buffer);
      return "edited";
    }
    switch (name) {
      case "enter":
        return "enter";
      case "tab":
        return "complete";
      case "ctrl-l":
        return "clear";
      case "ctrl-d":
        if (this.#buffer.text === "") return "end";
        this.#buffer.deleteRight();
        return "edited";
      default:
        this.#walk.key(name, this.#buffer);
        return "edited";
    }
  }

  layOut(columns: number, suffix: string): Layout {
    const { text, cursor } = this.#buffer;
    const search = this.#walk.search;
    const lines = text.split("\n");
    const prompt = (line: number) =>
      search !== null && line === 0
        ? `(reverse-i-search)\`${search}': `
        : this.request.prompt(line, lines.slice(0, line).join("\n"));
    const parts = [...this.request.paint(text), { text: suffix, paint: null }];
    return layOut({ parts, cursor, prompt, columns });
  }
}

/** What keys do that only touch the text. */
const ACTIONS: Readonly<Record<string, (buffer: EditBuffer) => void>> = {
  left: (buffer) => buffer.left(),
  right: (buffer) => buffer.right(),
  "ctrl-b": (buffer) => buffer.left(),
  "ctrl-f": (buffer) => buffer.right(),
  home: (buffer) => buffer.lineStart(),
  end: (buffer) => buffer.lineEnd(),
  "ctrl-a": (buffer) => buffer.lineStart(),
  "ctrl-e": (buffer) => buffer.lineEnd(),
  "ctrl-home": (buffer) => buffer.start(),
  "ctrl-end": (buffer) => buffer.end(),
  "alt-<": (buffer) => buffer.start(),
  "alt->": (buffer) => buffer.end(),
  "ctrl-left": (buffer) => buffer.wordLeft(),
  "ctrl-right": (buffer) => buffer.wordRight(),
  "alt-left": (buffer) => buffer.wordLeft(),
  "alt-right": (buffer) => buffer.wordRight(),
  "alt-b": (buffer) => buffer.wordLeft(),
  "alt-f": (buffer) => buffer.wordRight(),
  backspace: (buffer) => buffer.deleteLeft(),
  delete: (buffer) => buffer.deleteRight(),
  "ctrl-k": (buffer) => buffer.killToLineEnd(),
  "ctrl-u": (buffer) => buffer.killToLineStart(),
  "ctrl-w": (buffer) => buffer.killWordLeft(),
  "alt-backspace": (buffer) => buffer.killNameLeft(),
  "alt-d": (buffer) => buffer.killNameRight(),
  "ctrl-y": (buffer) => buffer.yank(),
  "ctrl-t": (buffer) => buffer.transpose(),
  "alt-enter": (buffer) => buffer.insert("\n"),
};
