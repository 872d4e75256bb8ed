/** Each lint rule on good and bad code, and `deno lint` itself failing on planted faults. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "./lint_plugin.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

function lint(rule: string, path: string, code: string): readonly string[] {
  return Deno.lint.runPlugin(plugin, ROOT + path, code)
    .filter((each) => each.id === `minisql/${rule}`)
    .map((each) => each.message);
}

function good(rule: string, path: string, code: string): void {
  assert.deepEqual(lint(rule, path, code), [], `${path}: ${code}`);
}

function bad(rule: string, path: string, code: string, message: RegExp): void {
  const found = lint(rule, path, code);
  assert.equal(found.length, 1, `${path}: ${code}\n${found.join("\n")}`);
  assert.match(found[0] ?? "", message);
}

const lines = (count: number) => "work();\n".repeat(count);

Deno.test("layers: imports along the arrows are allowed", () => {
  good("layers", "src/protocol/a.ts", `import { text } from "../base/shape.ts";`);
  good("layers", "src/rpc/a.ts", `import type { Clock } from "../ports/clock.ts";`);
  good("layers", "src/sql/a.ts", `import { sqlError } from "../protocol/errors.ts";`);
  good("layers", "src/adapters/mysql/a.ts", `import { lex } from "../../sql/lexer.ts";`);
  good("layers", "src/region/a.ts", `import { vote } from "../cluster/vote.ts";`);
  good("layers", "src/shell/a.ts", `import { connect } from "../client/client.ts";`);
  good("layers", "src/cli/a.ts", `import { Tcp } from "../adapters/tcp.ts";`);
  good("layers", "src/base/a.ts", `import { invariant } from "./assert.ts";`);
  good("layers", "src/sim/a.ts", `import { open } from "../adapters/memory_coordinator.ts";`);
  good("layers", "src/sim/a.ts", `import { open } from "../adapters/sqlite/engine.ts";`);
  good("layers", "src/adapters/a.ts", `import mysql from "mysql2";`);
  good("layers", "main.ts", `import { main } from "./src/cli/main.ts";`);
});

Deno.test("layers: imports against the arrows are named with the reason", () => {
  bad(
    "layers",
    "src/master/a.ts",
    `import { x } from "../region/b.ts";`,
    /master may not .*region/,
  );
  bad(
    "layers",
    "src/client/a.ts",
    `import { x } from "../master/b.ts";`,
    /client may not .*master/,
  );
  bad("layers", "src/sql/a.ts", `import { x } from "../ports/clock.ts";`, /sql may not .*ports/);
  bad("layers", "src/shell/a.ts", `import { x } from "../rpc/a.ts";`, /face on the client library/);
  bad("layers", "src/adapters/a.ts", `import { x } from "../rpc/a.ts";`, /imports only base/);
  bad("layers", "src/base/a.ts", `import { x } from "../cli/a.ts";`, /imports nothing else/);
  bad("layers", "src/cli/a.ts", `import { x } from "../sim/a.ts";`, /cli may not import sim/);
  bad("layers", "src/sim/a.ts", `import { x } from "../cli/a.ts";`, /sim may not import cli/);
  bad("layers", "src/sim/a.ts", `import { x } from "../adapters/tcp.ts";`, /stays? inside/);
  bad("layers", "src/odd/a.ts", `import { x } from "../base/a.ts";`, /src\/odd is in no layer/);
  bad(
    "layers",
    "src/cli/a.ts",
    `import { x } from "../../scripts/a.ts";`,
    /only tests and scripts/,
  );
  bad("layers", "src/base/a.ts", `import { x } from "./a_test.ts";`, /only tests and scripts/);
  bad("layers", "main.ts", `import { x } from "./src/client/a.ts";`, /main may not import client/);
});

Deno.test("layers: re-exports, dynamic imports and import types count as imports", () => {
  const path = "src/base/a.ts";
  bad("layers", path, `export { x } from "../rpc/a.ts";`, /base may not import rpc/);
  bad("layers", path, `export * from "../rpc/a.ts";`, /base may not import rpc/);
  bad("layers", path, `import type { X } from "../rpc/a.ts";`, /base may not import rpc/);
  bad("layers", path, `await import("../rpc/a.ts");`, /base may not import rpc/);
  bad("layers", path, `let x: import("../rpc/a.ts").X;`, /base may not import rpc/);
  bad("layers", path, `let x: typeof import("../rpc/a.ts");`, /base may not import rpc/);
  bad("layers", path, `import "/src/rpc/a.ts";`, /base may not import rpc/);
  bad("layers", path, `await import(name);`, /literal name/);
});

Deno.test("layers: tests and scripts may import what they like", () => {
  good("layers", "src/base/a_test.ts", `import { x } from "../sim/a.ts";`);
  good("layers", "scripts/a.ts", `import { x } from "../src/cli/a.ts";`);
  good("layers", "tests/contract/a.ts", `import { x } from "../../src/adapters/tcp.ts";`);
});

Deno.test("no-ambient: what tells the time or reaches out is refused, and named with its port", () => {
  const path = "src/region/a.ts";
  const cases: readonly (readonly [string, string])[] = [
    ["Date.now()", "Use ports/clock.ts instead of Date.now"],
    ["new Date()", "Use ports/clock.ts instead of new Date()"],
    ["Date()", "Use ports/clock.ts instead of Date()"],
    [`Date["now"]()`, "Use ports/clock.ts instead of Date.now"],
    ["const { now } = Date", "Use ports/clock.ts instead of Date.now"],
    ["performance.now()", "Use ports/clock.ts instead of performance.now"],
    ["setTimeout(f, 1)", "Use ports/clock.ts instead of setTimeout"],
    ["const t = { setInterval }", "Use ports/clock.ts instead of setInterval"],
    ["setImmediate(f)", "Use ports/clock.ts instead of setImmediate"],
    ["AbortSignal.timeout(5)", "Use ports/clock.ts instead of AbortSignal.timeout"],
    ["Temporal.Now.instant()", "Use ports/clock.ts instead of Temporal.Now"],
    ["Math.random()", "Use ports/random.ts instead of Math.random"],
    ["crypto.randomUUID()", "Use ports/random.ts instead of crypto.randomUUID"],
    ["await crypto.subtle.digest(a, b)", "Use ports/random.ts instead of crypto.subtle"],
    ["Deno.readTextFile(f)", "Use a port (src/ports) instead of Deno.readTextFile"],
    ["const { env } = Deno", "Use a port (src/ports) instead of Deno.env"],
    ["fetch(url)", "Use ports/network.ts instead of fetch"],
    ["new WebSocket(url)", "Use ports/network.ts instead of WebSocket"],
    ["new Worker(url)", "Use a port (src/ports) instead of Worker"],
    ["console.log(1)", "Use ports/reporter.ts instead of console.log"],
    ["(console as Console).log(1)", "Use ports/reporter.ts instead of console"],
    [
      "globalThis.setTimeout(f)",
      "Use the global by its own name, or a port, instead of globalThis.setTimeout",
    ],
  ];
  for (const [code, message] of cases) {
    assert.deepEqual(lint("no-ambient", path, code), [message], code);
  }
});

Deno.test("no-ambient: names that only look like it are fine", () => {
  const path = "src/region/a.ts";
  const cases = [
    "new Date(micros / 1000).toISOString(); Date.UTC(2020, 1);",
    "Math.max(1, 2); const { min } = Math;",
    "AbortSignal.any([a, b]); queueMicrotask(f); structuredClone(a);",
    "link.fetch(1); this.console.log(1); clock.setTimeout(1);",
    "const row = { fetch: 1, console: 2 }; class A { fetch() {} #console = 1; process = 2; }",
    "function f(fetch: Fetch) { return fetch(1); }",
    "function f({ crypto, a: [console = 1], ...Deno }: X) { crypto(); console; Deno.x; }",
    "const process = 1; process + 1;",
    `import { fetch } from "./rows.ts"; fetch(1);`,
    "try { f(); } catch (self) { g(self); }",
    "type T = typeof setTimeout; let d: Date; let c: Console; type X = { fetch: Worker };",
    "for (const self of list) self.go();",
    "class Worker {} new Worker();",
    "x instanceof Date; label: for (;;) break label;",
    "export { local as fetch }; const local = 1;",
    "enum Kind { process, console }",
  ];
  for (const code of cases) good("no-ambient", path, code);
});

Deno.test("no-ambient: a local binding hides the global in its own scope only", () => {
  const code = "function f(fetch: F) { return fetch(1); }\nconst x = () => fetch(2);";
  bad("no-ambient", "src/region/a.ts", code, /instead of fetch/);
  const later = "fetch(2);\nfunction f(fetch: F) { return fetch(1); }";
  bad("no-ambient", "src/region/a.ts", later, /instead of fetch/);
  const block = "{ const console = 1; console; }\nconsole.log(1);";
  bad("no-ambient", "src/region/a.ts", block, /instead of console/);
});

Deno.test("no-ambient: modules of input, output and chance are refused, pure ones are fine", () => {
  const path = "src/cluster/a.ts";
  for (const name of ["net", "fs", "fs/promises", "sqlite", "child_process", "timers", "os"]) {
    bad("no-ambient", path, `import { x } from "node:${name}";`, /do input and output/);
  }
  bad("no-ambient", path, `import mysql from "mysql2/promise";`, /import packages/);
  bad("no-ambient", path, `import zk from "node-zookeeper-client";`, /import packages/);
  bad("no-ambient", path, `import x from "npm:crc-32";`, /import packages/);
  bad("no-ambient", path, `const x = await import("node:net");`, /do input and output/);
  bad("no-ambient", path, `export { connect } from "node:net";`, /do input and output/);
  bad(
    "no-ambient",
    path,
    `import { randomBytes } from "node:crypto";`,
    /randomBytes of node:crypto/,
  );
  bad("no-ambient", path, `import * as c from "node:crypto";`, /by name/);
  good("no-ambient", path, `import { createHash } from "node:crypto";`);
  good("no-ambient", path, `import { Buffer } from "node:buffer";`);
  good("no-ambient", path, `import { str } from "crc-32";`);
});

Deno.test("no-ambient: adapters, the command line, tests and scripts may touch the world", () => {
  const code = `import net from "node:net"; Deno.cwd(); setTimeout(f, 1); console.log(Date.now());`;
  for (
    const path of ["src/adapters/a.ts", "src/cli/a.ts", "src/region/a_test.ts", "scripts/a.ts"]
  ) {
    good("no-ambient", path, code);
  }
  good(
    "no-ambient",
    "src/sim/world.ts",
    `import { setImmediate } from "node:timers"; setImmediate(f);`,
  );
  bad("no-ambient", "src/sim/world.ts", "setTimeout(f, 1);", /ports\/clock.ts/);
});

Deno.test("no-ambient: only main.ts ends the process", () => {
  bad("no-ambient", "src/cli/a.ts", "Deno.exit(1);", /Return an exit code/);
  bad("no-ambient", "src/adapters/a.ts", "process.exit(1);", /Return an exit code/);
  good("no-ambient", "main.ts", "Deno.exit(1);");
});

Deno.test("function-length: sixty lines at most, a test's story a hundred", () => {
  const functionOf = (count: number) => `function f() {\n${lines(count - 2)}}\n`;
  const testOf = (count: number) => `Deno.test("a", () => {\n${lines(count - 2)}});\n`;
  const named = (count: number) => `Deno.test({ name: "a", fn: () => {\n${lines(count - 2)}} });\n`;
  good("function-length", "src/base/a.ts", functionOf(60));
  bad("function-length", "src/base/a.ts", functionOf(61), /61 lines: split it to at most 60/);
  bad("function-length", "scripts/a.ts", `const f = () => {\n${lines(60)}};`, /62 lines/);
  bad("function-length", "src/base/a.ts", `class A {\n  f() {\n${lines(60)}}}`, /62 lines/);
  good("function-length", "src/base/a_test.ts", testOf(100));
  bad("function-length", "src/base/a_test.ts", testOf(101), /101 lines: split it to at most 100/);
  good("function-length", "src/base/a_test.ts", named(100));
  bad("function-length", "src/base/a_test.ts", functionOf(61), /at most 60/);
});

Deno.test("function-length: a contract suite, which only registers tests, is no function to split", () => {
  const suite = `export function suite() {\n${`Deno.test("a", () => {});\n`.repeat(80)}}\n`;
  good("function-length", "tests/contract/clock.ts", suite);
  good("function-length", "tests/contract/clock.ts", suite.replaceAll("Deno.test", "test"));
  good("function-length", "tests/contract/clock.ts", suite.replaceAll("Deno.test", "clockTest"));
  bad("function-length", "src/base/a.ts", suite, /82 lines/);
});

Deno.test("file-length: four hundred lines at most, everywhere", () => {
  for (const path of ["src/base/a.ts", "src/base/a_test.ts", "scripts/a.ts", "tests/e2e/a.ts"]) {
    good("file-length", path, lines(400));
    bad("file-length", path, lines(401), /401 lines/);
  }
});

Deno.test("no-barrel: files that only pass on what others hold are refused", () => {
  const path = "src/base/a.ts";
  bad("no-barrel", path, `export { a } from "./b.ts";\nexport { c } from "./d.ts";`, /passes on/);
  bad("no-barrel", path, `import { a } from "./b.ts";\nexport { a };`, /passes on/);
  bad("no-barrel", path, `export const a = 1;\nexport * from "./b.ts";`, /instead of export \*/);
  bad("no-barrel", "src/base/mod.ts", `export const a = 1;`, /barrels/);
  bad("no-barrel", "src/base/index.ts", `export const a = 1;`, /barrels/);
  good("no-barrel", path, `import { a } from "./b.ts";\nexport const c = a;`);
  good("no-barrel", path, `import "./b.ts";\na();`);
});

Deno.test("deno lint: fails on planted faults, and passes the same tree without them", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/scripts/lint`, { recursive: true });
    await Deno.mkdir(`${root}/src/master`, { recursive: true });
    const plugins = ["lint_plugin.ts"];
    for await (const each of Deno.readDir(`${ROOT}scripts/lint`)) plugins.push(`lint/${each.name}`);
    for (const each of plugins) {
      await Deno.copyFile(`${ROOT}scripts/${each}`, `${root}/scripts/${each}`);
    }
    const config = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
    await Deno.writeTextFile(`${root}/deno.json`, JSON.stringify({ lint: config.lint }));
    await Deno.writeTextFile(`${root}/src/master/fine.ts`, `export const fine = 1;\n`);
    assert.deepEqual(await denoLint(root), { code: 0, rules: [] });

    const faults = `import { x } from "../region/x.ts";\nexport const t = Date.now() + x;\n`;
    await Deno.writeTextFile(`${root}/src/master/bad.ts`, faults);
    const long = `export function long(work: () => void) {\n${lines(400)}}\n`;
    await Deno.writeTextFile(`${root}/src/master/long.ts`, long);
    await Deno.writeTextFile(`${root}/src/master/mod.ts`, `export { fine } from "./fine.ts";\n`);
    const rules = ["file-length", "function-length", "layers", "no-ambient", "no-barrel"];
    assert.deepEqual(await denoLint(root), { code: 1, rules });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

async function denoLint(cwd: string): Promise<{ code: number; rules: readonly string[] }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["lint"],
    cwd,
    env: { NO_COLOR: "1" },
    stderr: "piped",
    stdout: "piped",
  });
  const { code, stderr } = await command.output();
  const found = new TextDecoder().decode(stderr).matchAll(/^error\[minisql\/([a-z-]+)\]/gm);
  return { code, rules: [...new Set([...found].map((match) => match[1] ?? ""))].toSorted() };
}
