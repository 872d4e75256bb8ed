/** Keys from the bytes a terminal sends: text, named keys, pastes; cut anywhere. */

export type Key =
  | { readonly kind: "text"; readonly text: string }
  /** Pasted in one go, line ends as `\n`. */
  | { readonly kind: "paste"; readonly text: string }
  /** `enter`, `up`, `ctrl-left`, `ctrl-a`, `alt-b`. */
  | { readonly kind: "key"; readonly name: string };

const PASTE_END = "\x1b[201~";

/** By the letter that ends an escape sequence. */
const BY_LETTER: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  Z: "shift-tab",
};

/** By the number in front of a `~`. */
const BY_NUMBER: Readonly<Record<string, string>> = {
  1: "home",
  3: "delete",
  4: "end",
  7: "home",
  8: "end",
};

const MODIFIERS: Readonly<Record<string, string>> = { 3: "alt-", 5: "ctrl-", 7: "ctrl-" };

// deno-lint-ignore no-control-regex
const SEQUENCE = /^\x1b(?:\[([0-9;:?]*)([A-Za-z~])|O([A-Z]))/;
// deno-lint-ignore no-control-regex
const UNFINISHED = /^\x1b(?:\[[0-9;:?]*|O)?$/;
// deno-lint-ignore no-control-regex
const PLAIN = /^[^\x00-\x1f\x7f]+/;

export class KeyDecoder {
  readonly #decoder = new TextDecoder();
  #rest = "";
  /** Pieces of a paste that has not ended; null outside of one. */
  #paste: string[] | null = null;

  push(bytes: Uint8Array): readonly Key[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const keys: Key[] = [];
    while (this.#rest !== "") {
      const key = this.#paste === null ? this.#next() : this.#nextOfPaste(this.#paste);
      if (key === "wait") break;
      if (key !== null) keys.push(key);
    }
    return keys;
  }

  /** A key, null for something that is none, or `wait` for the rest of it. */
  #next(): Key | null | "wait" {
    const rest = this.#rest;
    const [plain] = PLAIN.exec(rest) ?? [];
    if (plain !== undefined) return this.#take(plain.length, { kind: "text", text: plain });
    if (rest.startsWith("\x1b")) return this.#escape(rest);
    if (rest.startsWith("\r\n")) return this.#take(2, named("enter"));
    return this.#take(1, named(controlName(rest)));
  }

  #escape(rest: string): Key | null | "wait" {
    if (UNFINISHED.test(rest)) return "wait";
    const match = SEQUENCE.exec(rest);
    if (match !== null) return this.#sequence(match);
    // ESC before another escape sequence: Alt with a key that has one.
    if (rest[1] === "\x1b") return this.#take(1, null);
    const [letter = ""] = rest.slice(1);
    const name = letter.charCodeAt(0) < 0x20 || letter === "\x7f" ? controlName(letter) : letter;
    return this.#take(1 + letter.length, named(`alt-${name.toLowerCase()}`));
  }

  #sequence([whole, codes = "", final = "", single]: RegExpExecArray): Key | null {
    const [code = "", modifier = ""] = codes.split(";");
    if (final === "~" && code === "200") {
      this.#paste = [];
      return this.#take(whole.length, null);
    }
    const base = final === "~" ? BY_NUMBER[code] : BY_LETTER[single ?? final];
    const key = base === undefined ? null : named(`${MODIFIERS[modifier] ?? ""}${base}`);
    return this.#take(whole.length, key);
  }

  #nextOfPaste(paste: string[]): Key | "wait" {
    const end = this.#rest.indexOf(PASTE_END);
    if (end < 0) {
      // Its end may be cut in two.
      const sure = Math.max(0, this.#rest.length - PASTE_END.length + 1);
      paste.push(this.#rest.slice(0, sure));
      this.#rest = this.#rest.slice(sure);
      return "wait";
    }
    paste.push(this.#rest.slice(0, end));
    this.#paste = null;
    const text = paste.join("").replace(/\r\n?/g, "\n");
    return this.#take(end + PASTE_END.length, { kind: "paste", text });
  }

  #take<K extends Key | null>(length: number, key: K): K {
    this.#rest = this.#rest.slice(length);
    return key;
  }
}

function named(name: string): Key {
  return { kind: "key", name };
}

function controlName(text: string): string {
  const code = text.charCodeAt(0);
  switch (code) {
    case 0x0a:
    case 0x0d:
      return "enter";
    case 0x09:
      return "tab";
    case 0x08:
    case 0x7f:
      return "backspace";
    case 0x1b:
      return "escape";
    default:
      return `ctrl-${String.fromCharCode(code + 0x60)}`;
  }
}
