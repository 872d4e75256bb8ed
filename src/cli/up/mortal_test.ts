/** After the end nothing is done or answered, and what was open is closed. */
import assert from "node:assert/strict";
import { SystemClock } from "../../adapters/system_clock.ts";
import { Mortal } from "./mortal.ts";

class Opened {
  readonly name: string;
  readonly log: string[];
  #secret = 7;

  constructor(name: string, log: string[]) {
    this.name = name;
    this.log = log;
  }

  open(name: string): Promise<Opened> {
    return Promise.resolve(new Opened(name, this.log));
  }

  async add(after: Promise<void>): Promise<number> {
    this.log.push(`${this.name} begins`);
    await after;
    this.log.push(`${this.name} is done`);
    return this.#secret;
  }

  close(): void {
    this.log.push(`${this.name} closes`);
  }
}

function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 50));
  return Promise.race([promise.then(() => false, () => false), pending]);
}

Deno.test("mortal: before the end everything is as it was", async () => {
  const mortal = new Mortal({ clock: new SystemClock(), settleMs: 1000 });
  const log: string[] = [];
  const disk = mortal.wrap(new Opened("disk", log));
  assert.equal(disk.name, "disk");
  assert.equal(await (await disk.open("file")).add(Promise.resolve()), 7);
  assert.deepEqual(log, ["file begins", "file is done"]);
  await mortal.end();
});

Deno.test("mortal: the end waits for what is under way, and closes the last opened first", async () => {
  const mortal = new Mortal({ clock: new SystemClock(), settleMs: 5000 });
  const log: string[] = [];
  const disk = mortal.wrap(new Opened("disk", log));
  const file = await disk.open("file");
  const closed = await disk.open("closed");
  closed.close();
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = file.add(promise);
  const ended = mortal.end();
  const late = file.add(Promise.resolve());
  resolve();
  await ended;
  assert.deepEqual(log, [
    "closed closes",
    "file begins",
    "file is done",
    "file closes",
    "disk closes",
  ]);
  assert.ok(await isPending(answer));
  assert.ok(await isPending(late));
});

Deno.test("mortal: the end does not wait for ever", async () => {
  const mortal = new Mortal({ clock: new SystemClock(), settleMs: 10 });
  const log: string[] = [];
  void mortal.wrap(new Opened("file", log)).add(new Promise(() => {}));
  await mortal.end();
  assert.deepEqual(log, ["file begins", "file closes"]);
});
