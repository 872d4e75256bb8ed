import assert from "node:assert/strict";
import { Turns } from "./turns.ts";

Deno.test("turns: what comes before its turn is kept, in order, and goes out when it comes", async () => {
  const out: string[] = [];
  const turns = new Turns((text) => Promise.resolve(void out.push(text)));
  const [first, second, third] = [turns.take(), turns.take(), turns.take()];
  await second.write("2a ");
  await third.write("3a ");
  await first.write("1a ");
  await second.write("2b ");
  assert.equal(out.join(""), "1a ");
  await third.end();
  await first.end();
  assert.equal(out.join(""), "1a 2a 2b ");
  await second.write("2c ");
  assert.equal(out.join(""), "1a 2a 2b 2c ");
  await second.end();
  assert.equal(out.join(""), "1a 2a 2b 2c 3a ");
});
