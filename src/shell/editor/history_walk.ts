/** Going through the history while editing: step by step, by search, by the last word. */
import type { EditBuffer } from "./edit_buffer.ts";
import type { Key } from "./keys.ts";

export class HistoryWalk {
  readonly #entries: readonly string[];
  #at: number;
  /** What was being typed before the walk began. */
  #draft = "";
  #search: { query: string; readonly before: string; readonly at: number } | null = null;
  /** How many entries back Alt-. looks next. */
  #wordsBack = 0;
  #lastWord = "";

  constructor(entries: readonly string[]) {
    this.#entries = entries;
    this.#at = entries.length;
  }

  /** What is searched for; null while nothing is. */
  get search(): string | null {
    return this.#search?.query ?? null;
  }

  key(name: string, buffer: EditBuffer): void {
    if (name !== "alt-.") this.#wordsBack = 0;
    switch (name) {
      case "up":
        return void (buffer.up() || this.#step(-1, buffer));
      case "down":
        return void (buffer.down() || this.#step(1, buffer));
      case "ctrl-p":
        return this.#step(-1, buffer);
      case "ctrl-n":
        return this.#step(1, buffer);
      case "ctrl-r":
        this.#search = { query: "", before: buffer.text, at: this.#at };
        return;
      case "alt-.":
        return this.#insertLastWord(buffer);
    }
  }

  /** A key while searching. False where it ends the search and is still to be acted on. */
  searchKey(key: Key, buffer: EditBuffer): boolean {
    const search = this.#search;
    if (search === null) return false;
    if (key.kind !== "key") {
      search.query += key.text.replaceAll("\n", " ");
      this.#find(search.query, this.#at, buffer);
      return true;
    }
    switch (key.name) {
      case "ctrl-r":
        this.#find(search.query, this.#at - 1, buffer);
        return true;
      case "backspace":
        search.query = search.query.slice(0, -1);
        this.#find(search.query, this.#entries.length, buffer);
        return true;
      case "ctrl-g":
        buffer.set(search.before);
        this.#at = search.at;
        this.#search = null;
        return true;
      case "escape":
        this.#search = null;
        return true;
      default:
        this.#search = null;
        return false;
    }
  }

  /** The newest entry at `from` or before it that holds the words; nothing changes where none does. */
  #find(query: string, from: number, buffer: EditBuffer): void {
    if (query === "") return;
    for (let at = Math.min(from, this.#entries.length - 1); at >= 0; at--) {
      const entry = this.#entries[at] ?? "";
      const found = entry.toLowerCase().indexOf(query.toLowerCase());
      if (found < 0) continue;
      this.#at = at;
      return buffer.set(entry, found);
    }
  }

  #step(by: number, buffer: EditBuffer): void {
    const to = this.#at + by;
    if (to < 0 || to > this.#entries.length) return;
    if (this.#at === this.#entries.length) this.#draft = buffer.text;
    this.#at = to;
    buffer.set(this.#entries[to] ?? this.#draft);
  }

  /** The last word of an earlier entry; again, that of the one before. */
  #insertLastWord(buffer: EditBuffer): void {
    const entry = this.#entries.at(-1 - this.#wordsBack);
    if (entry === undefined) return;
    const word = /([^\s;]+)[\s;]*$/.exec(entry)?.[1] ?? "";
    if (this.#wordsBack === 0) buffer.insert(word);
    else buffer.replace(buffer.cursor - this.#lastWord.length, word);
    this.#wordsBack++;
    this.#lastWord = word;
  }
}
