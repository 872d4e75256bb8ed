/** Statements typed earlier, in a file that only its owner may read. */
import type { Files } from "../port.ts";

/** As many as a person may look for. The file may hold twice as many before it is cut. */
const ENTRIES_MAX = 5000;
const ENTRY_LENGTH_MAX = 64 * 1024;
/** Whoever types a password does not want to find it in a file. */
const SECRET = /\b(?:identified\s+(?:by|with|via)|password|passwd|secret)\b/i;

export class History {
  readonly #files: Files;
  /** Null where none is to be kept. */
  readonly #path: string | null;
  /** What the person does not want to be kept. */
  readonly #ignored: readonly RegExp[];
  #entries: string[] = [];

  private constructor(files: Files, path: string | null, ignored: readonly RegExp[]) {
    this.#files = files;
    this.#path = path;
    this.#ignored = ignored;
  }

  /** What cannot be read is no reason not to start. */
  static async load(
    files: Files,
    path: string | null,
    ignore: readonly string[] = [],
  ): Promise<History> {
    const history = new History(files, path, ignore.map(patternOf));
    if (path === null) return history;
    const text = await files.read(path).catch(() => null);
    const lines = (text ?? "").split("\n").filter((line) => line !== "");
    history.#entries = lines.map(decode).slice(-ENTRIES_MAX);
    if (lines.length > 2 * ENTRIES_MAX) await history.#rewrite(path);
    return history;
  }

  /** Oldest first. */
  get entries(): readonly string[] {
    return this.#entries;
  }

  async add(text: string): Promise<void> {
    const entry = text.trimEnd();
    const isOurs = entry !== "" && !/^\s/.test(entry) && entry.length <= ENTRY_LENGTH_MAX;
    if (!isOurs || SECRET.test(entry) || entry === this.#entries.at(-1)) return;
    if (this.#ignored.some((pattern) => pattern.test(entry))) return;
    this.#entries.push(entry);
    if (this.#path === null) return;
    // Another shell may be writing too: an entry is added in one piece.
    await this.#files.appendSecret(this.#path, `${encode(entry)}\n`).catch(() => {});
  }

  async #rewrite(path: string): Promise<void> {
    const text = this.#entries.map((entry) => `${encode(entry)}\n`).join("");
    await this.#files.replace(path, text, true).catch(() => {});
  }
}

/** `*` stands for anything, `?` for one character; a whole statement must fit. */
function patternOf(pattern: string): RegExp {
  const parts = pattern.split(/([*?])/).map((part) => {
    if (part === "*") return ".*";
    return part === "?" ? "." : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")};?$`, "is");
}

/** An entry is one line of the file. */
function encode(entry: string): string {
  return entry.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function decode(line: string): string {
  return line.replace(/\\(.)/g, (_all, letter: string) => letter === "n" ? "\n" : letter);
}
