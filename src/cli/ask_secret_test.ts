/** A secret is typed without being shown, and the terminal is put right afterwards. */
import assert from "node:assert/strict";
import { askSecret, type SecretInput } from "./ask_secret.ts";
import { memoryOutput } from "./memory_host.ts";
import { Interrupted, type ProcessControl } from "./process.ts";
import { UsageError } from "./usage_error.ts";

class FakeKeyboard implements SecretInput {
  isRaw = false;
  readonly #keys: string[];
  readonly #isTerminal: boolean;

  constructor(keys: readonly string[], isTerminal = true) {
    this.#keys = [...keys];
    this.#isTerminal = isTerminal;
  }

  isTerminal(): boolean {
    return this.#isTerminal;
  }

  read(into: Uint8Array): Promise<number | null> {
    assert.ok(this.isRaw);
    const keys = this.#keys.shift();
    if (keys === undefined) return new Promise(() => {});
    if (keys === "end") return Promise.resolve(null);
    return Promise.resolve(new TextEncoder().encodeInto(keys, into).written);
  }

  setRaw(raw: boolean): void {
    this.isRaw = raw;
  }
}

async function ask(keyboard: FakeKeyboard, stop = new AbortController().signal) {
  const err = memoryOutput();
  const control = { stop, onExit: () => () => {} } as unknown as ProcessControl;
  const secret = await askSecret("password", keyboard, err.output, control);
  return { secret, shown: err.text() };
}

Deno.test("secret: what is typed is not shown; keys that erase do so", async () => {
  const keyboard = new FakeKeyboard(["hunxx", "\x7f\x7f", "ter2中\n"]);
  assert.deepEqual(await ask(keyboard), { secret: "hunter2中", shown: "Enter password: \n" });
  assert.equal(keyboard.isRaw, false);
  assert.equal((await ask(new FakeKeyboard(["wrong\x15right\r"]))).secret, "right");
  assert.equal((await ask(new FakeKeyboard(["abc", "end"]))).secret, "abc");
});

Deno.test("secret: without a terminal nobody is asked", async () => {
  const keyboard = new FakeKeyboard(["x\n"], false);
  await assert.rejects(ask(keyboard), (error: unknown) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /input is not a terminal. Use --password-file/);
    return true;
  });
});

Deno.test("secret: a signal ends the asking, and the terminal is right again", async () => {
  const keyboard = new FakeKeyboard(["abc"]);
  const stopping = new AbortController();
  const asking = ask(keyboard, stopping.signal);
  stopping.abort(new Interrupted("SIGINT"));
  await assert.rejects(asking, Interrupted);
  assert.equal(keyboard.isRaw, false);
});
