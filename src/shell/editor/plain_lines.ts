/** Reads lines from a terminal that can do nothing but show text: no editing, no colours. */
import { orAborted } from "../../base/abort.ts";
import type { ShellPort } from "../port.ts";
import type { Edited, EditRequest } from "./line_editor.ts";

export class PlainLines {
  readonly #port: ShellPort;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #reading: Promise<Uint8Array | null> | null = null;

  constructor(port: ShellPort) {
    this.#port = port;
  }

  async edit(request: EditRequest): Promise<Edited> {
    let text = request.initial;
    for (let line = 0;; line++) {
      await this.#port.out.write(request.prompt(line, text));
      const next = await this.#line();
      if (next === "interrupt") {
        await this.#port.out.write("\n");
        return { kind: "interrupt", text };
      }
      if (next === null) return { kind: "end" };
      text = line === 0 ? text + next : `${text}\n${next}`;
      if (request.isComplete(text)) return { kind: "text", text };
    }
  }

  /** A line, null at the end. */
  async #line(): Promise<string | null | "interrupt"> {
    const { keyboard, stop } = this.#port;
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end).replace(/\r$/, "");
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const interrupted = Promise.withResolvers<"interrupt">();
      const release = this.#port.onInterrupt(() => interrupted.resolve("interrupt"));
      this.#reading ??= keyboard.read();
      try {
        const bytes = await orAborted(Promise.race([this.#reading, interrupted.promise]), stop);
        if (bytes === "interrupt") return bytes;
        this.#reading = null;
        if (bytes === null) return null;
        this.#rest += this.#decoder.decode(bytes, { stream: true });
      } finally {
        release();
      }
    }
  }
}
