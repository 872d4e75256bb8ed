/** Output arrives whole and in order, and a reader that is gone is told apart from a fault. */
import assert from "node:assert/strict";
import { BrokenOutput, StreamOutput } from "./output.ts";
import { describeTerminal } from "./terminal.ts";

const terminal = describeTerminal(
  { isTerminal: false, columns: null, variable: () => undefined },
  "auto",
);

Deno.test("output: what a stream takes in pieces arrives whole and in order", async () => {
  let text = "";
  const stream = {
    async write(bytes: Uint8Array) {
      await Promise.resolve();
      text += new TextDecoder().decode(bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  };
  const output = new StreamOutput(stream, terminal);
  await Promise.all([output.write("first "), output.line("second"), output.line()]);
  assert.equal(text, "first second\n\n");
});

Deno.test("output: a closed pipe is BrokenOutput, any other fault stays itself", async () => {
  const failing = (error: Error) =>
    new StreamOutput({ write: () => Promise.reject(error) }, terminal).write("x");
  await assert.rejects(failing(new Deno.errors.BrokenPipe("gone")), BrokenOutput);
  await assert.rejects(failing(new Deno.errors.NotFound("odd")), Deno.errors.NotFound);
});
