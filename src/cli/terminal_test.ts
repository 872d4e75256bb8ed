/** Colour and width follow the flag, the environment and the terminal. */
import assert from "node:assert/strict";
import { type ColourChoice, describeTerminal } from "./terminal.ts";

function coloured(
  isTerminal: boolean,
  variables: Readonly<Record<string, string>>,
  choice: ColourChoice = "auto",
): boolean {
  const variable = (name: string) => variables[name];
  return describeTerminal({ isTerminal, columns: 80, variable }, choice).style.isColoured;
}

Deno.test("terminal: the flag decides, then NO_COLOR, FORCE_COLOR and the terminal", () => {
  assert.equal(coloured(true, {}), true);
  assert.equal(coloured(false, {}), false);
  assert.equal(coloured(true, { TERM: "dumb" }), false);
  assert.equal(coloured(true, { NO_COLOR: "1" }), false);
  assert.equal(coloured(true, { NO_COLOR: "" }), true);
  assert.equal(coloured(false, { FORCE_COLOR: "1" }), true);
  assert.equal(coloured(true, { FORCE_COLOR: "0" }), false);
  assert.equal(coloured(false, { FORCE_COLOR: "1", NO_COLOR: "1" }), false);
  assert.equal(coloured(false, { NO_COLOR: "1" }, "always"), true);
  assert.equal(coloured(true, { FORCE_COLOR: "1" }, "never"), false);
});

Deno.test("terminal: an unknown width, or one of 0 as some terminals tell, is 80", () => {
  const width = (columns: number | null, COLUMNS?: string) =>
    describeTerminal({
      isTerminal: true,
      columns,
      variable: (name) => name === "COLUMNS" ? COLUMNS : undefined,
    }, "auto").width;
  assert.equal(width(120), 120);
  assert.equal(width(0), 80);
  assert.equal(width(null), 80);
  assert.equal(width(null, "100"), 100);
  assert.equal(width(null, "wide"), 80);
});

Deno.test("terminal: style marks text only where colour is on", () => {
  const style = (choice: ColourChoice) =>
    describeTerminal({ isTerminal: false, columns: 80, variable: () => undefined }, choice).style;
  assert.equal(style("never").red("x"), "x");
  assert.equal(style("always").red("x"), "\x1b[31mx\x1b[39m");
});
