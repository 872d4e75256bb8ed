/** Lines go out in order; a slow or missing reader holds nothing up. */
import assert from "node:assert/strict";
import { LineWriter } from "./line_writer.ts";

/** A stream that takes a few bytes at a time, and only when told to. */
class SlowSink {
  text = "";
  #waiting: (() => void)[] = [];
  isOpen: boolean;
  isBroken = false;

  constructor(isOpen: boolean) {
    this.isOpen = isOpen;
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.isBroken) throw new Deno.errors.BrokenPipe("closed");
    const taken = bytes.subarray(0, 5);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }

  open(): void {
    this.isOpen = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const droppedLine = (count: number) => `dropped ${count}`;

Deno.test("line writer: lines go out whole and in order, whatever a write takes", async () => {
  const sink = new SlowSink(true);
  const writer = new LineWriter(sink, { droppedLine });
  writer.write("one line");
  writer.write("another one");
  await writer.flush();
  writer.write("last");
  await writer.flush();
  assert.equal(sink.text, "one line\nanother one\nlast\n");
});

Deno.test("line writer: lines beyond the limit are dropped and counted", async () => {
  const sink = new SlowSink(false);
  const writer = new LineWriter(sink, { droppedLine, waitingLinesMax: 2 });
  for (const line of ["a", "b", "c", "d"]) writer.write(line);
  sink.open();
  await writer.flush();
  assert.equal(sink.text, "a\nb\ndropped 2\n");
  writer.write("e");
  await writer.flush();
  assert.equal(sink.text, "a\nb\ndropped 2\ne\n");
});

Deno.test("line writer: a reader that is gone ends the writing, not the program", async () => {
  const sink = new SlowSink(true);
  sink.isBroken = true;
  const writer = new LineWriter(sink, { droppedLine });
  writer.write("a");
  await writer.flush();
  sink.isBroken = false;
  writer.write("b");
  await writer.flush();
  assert.equal(sink.text, "");
});
