/** The protocol page says what is declared. */
import assert from "node:assert/strict";
import { ERROR_CODES } from "./errors.ts";
import { CALLS } from "./messages.ts";
import { protocolPage } from "./page.ts";

Deno.test("protocol page: every operation, field and error is on it", () => {
  const page = protocolPage();
  for (const [name, spec] of Object.entries(CALLS)) {
    assert.ok(page.includes(`### ${name}\n`), name);
    for (const field of [...Object.keys(spec.request.fields), ...Object.keys(spec.answer.fields)]) {
      assert.ok(page.includes(`- \`${field}\`: `), `${name}.${field}`);
    }
  }
  for (const code of ERROR_CODES) assert.ok(page.includes(`| \`${code}\` |`), code);
  assert.ok(!page.includes("undefined"));
});

Deno.test("protocol page: its first example is a hello that this version takes", () => {
  const example = protocolPage().split("\n").find((line) => line.includes('"op":"hello"'));
  assert.ok(CALLS.hello.request.fits(JSON.parse(example?.replace(/^\s*→\s*/, "") ?? "")));
});
