/** What somebody sees who types `\demo` in the shell of `minisql up`, in a terminal. */
import assert from "node:assert/strict";
import { Binary } from "../support/binary.ts";
import { Terminal } from "../support/terminal.ts";
import { freeOffset } from "../support/up.ts";

const START_MS = 30_000;
/** All of it is to be seen within a minute. */
const SCENE_MS = 60_000;

class DemoShell {
  readonly #terminal: Terminal;

  private constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  static async start(binary: Binary, ...args: readonly string[]): Promise<DemoShell> {
    const command = [binary.path, "up", "--port-offset", freeOffset(), ...args];
    const env = binary.environment;
    const terminal = await Terminal.start(command, { columns: 250, rows: 60, env });
    const shell = new DemoShell(terminal);
    await shell.#prompt(START_MS);
    return shell;
  }

  /** Types a line, and answers with what came of it, once the prompt is back. */
  async enter(line: string): Promise<string> {
    await this.#terminal.press("C-l");
    await this.#prompt(START_MS);
    await this.#terminal.type(line);
    await this.#terminal.press("Enter");
    const screen = await this.#prompt(SCENE_MS, line);
    return screen.slice(screen.indexOf(`> ${line}\n`) + line.length);
  }

  /** Types a line and, when it has run for a while, Ctrl-C; answers with what came of it. */
  async interrupt(line: string, afterMs: number): Promise<string> {
    await this.#terminal.type(line);
    await this.#terminal.press("Enter");
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.#terminal.press("C-c");
    return await this.#prompt(SCENE_MS, line);
  }

  async leave(): Promise<string> {
    await this.#terminal.type("exit");
    await this.#terminal.press("Enter");
    return await this.#terminal.shows(/\[ended \d+\]/, START_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#terminal[Symbol.asyncDispose]();
  }

  /** Waits for an empty prompt at the end of the screen, below the line where one was typed. */
  async #prompt(limitMs: number, typed: string | null = null): Promise<string> {
    const line = typed?.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const above = line === undefined ? "^" : `${line}[^]*\\n`;
    return await this.#terminal.shows(new RegExp(`${above}[^\\n]*\\[minisql\\]!?>$`, "m"), limitMs);
  }
}

function test(title: string, args: readonly string[], body: (shell: DemoShell) => Promise<void>) {
  Deno.test(`demo: ${title}`, async () => {
    await using binary = await Binary.build("archive");
    await using shell = await DemoShell.start(binary, ...args);
    await body(shell);
    assert.match(await shell.leave(), /Bye\n(?:.*\n)*.*\[ended 0\]/);
  });
}

/** The server that leads the table, by the words of `\demo` alone. */
async function primaryOf(shell: DemoShell, table: string): Promise<string> {
  const said = await shell.enter("\\demo");
  const line = said.split("\n").find((each) =>
    new RegExp(`^r\\d: is the primary of [^;]*\\b${table}\\b`).test(
      each.split(" and has ")[0] ?? "",
    )
  );
  assert.ok(line !== undefined, said);
  return line.slice(0, 2);
}

test("alone it says who is what, and what can be done", [], async (shell) => {
  const said = await shell.enter("\\demo");
  assert.match(said, /^m1: is the master that leads$/m);
  for (const name of ["r1", "r2", "r3"]) {
    assert.match(said, new RegExp(`^${name}: (is the primary of|has a copy of) `, "m"));
  }
  for (const action of ["kill", "restart", "pause", "partition", "heal", "corrupt", "load on"]) {
    assert.match(said, new RegExp(`^\\\\demo ${action} `, "m"));
  }
  assert.match(await shell.enter("\\demo kil r1"), /ERROR.*did you mean \\demo kill\?/);
  assert.match(await shell.enter("\\demo kill r9"), /ERROR.*say one of m1, r1, r2, r3/);
});

test("a primary that dies is replaced, and comes back", [], async (shell) => {
  const dead = await primaryOf(shell, "orders");
  const killed = await shell.enter(`\\demo kill ${dead}`);
  assert.match(killed, new RegExp(`${dead} is killed, as by kill -9: it is the primary of`));
  const next = /orders: (r\d) is the primary now/.exec(killed)?.[1];
  assert.ok(next !== undefined && next !== dead, killed);
  assert.match(killed, /\+\d+ ms {2}a write to \w+ was answered by r\d after \d+ ms/);
  assert.match(killed, new RegExp(`\\\\demo restart ${dead} brings it back`));
  assert.match(await shell.enter("SELECT COUNT(*) AS n FROM orders;"), /\| +40 \|/);
  const refused = await shell.enter(`\\demo kill ${dead}`);
  assert.match(refused, new RegExp(`ERROR.*${dead} is dead: \\\\demo restart ${dead}`));
  const back = await shell.enter(`\\demo restart ${dead}`);
  assert.match(back, new RegExp(`${dead} is in sync wherever it has a copy`));
});

test("a copy that lies is caught, repaired and let back in", [], async (shell) => {
  const primary = await primaryOf(shell, "orders");
  for (const victim of ["r1", "r2", "r3"].filter((name) => name !== primary).slice(0, 1)) {
    const said = await shell.enter(`\\demo corrupt orders ${victim}`);
    assert.match(said, /\w+ was .* and is .* there now/);
    assert.match(said, /\d+ reads? meanwhile, none of them wrong/);
    assert.match(
      said,
      new RegExp(
        `${victim} (?:is out-voted on orders \\d:\\d|finds its own copy of orders changed) ` +
          "after [\\d.]+ m?s; 1 row repaired; serving again",
      ),
    );
  }
});

test("a primary that lies is caught too", [], async (shell) => {
  const primary = await primaryOf(shell, "orders");
  const said = await shell.enter(`\\demo corrupt orders ${primary}`);
  assert.match(said, /\d+ reads? meanwhile, none of them wrong/);
  assert.match(said, new RegExp(`${primary} .*after [\\d.]+ m?s; 1 row repaired; serving again`));
});

test(
  "one that is held, and one that is cut off, are done without and come back",
  [],
  async (shell) => {
    const held = await primaryOf(shell, "orders");
    const paused = await shell.enter(`\\demo pause ${held} 4s`);
    assert.match(paused, /orders: r\d is the primary now/);
    assert.match(
      paused,
      new RegExp(`${held} goes on[^]*${held} is in sync wherever it has a copy`),
    );
    const cut = await primaryOf(shell, "orders");
    const parted = await shell.enter(`\\demo partition ${cut} 4s`);
    assert.match(parted, /orders: r\d is the primary now/);
    assert.match(
      parted,
      new RegExp(`${cut} can be reached again[^]*${cut} is in sync wherever it has a copy`),
    );
    assert.match(await shell.enter("SELECT COUNT(*) AS n FROM orders;"), /\| +40 \|/);
  },
);

test("without a master data flows on", [], async (shell) => {
  const killed = await shell.enter("\\demo kill master");
  assert.match(killed, /m1 is given up: there is no master/);
  assert.match(killed, /a write to \w+ was answered by r\d after/);
  assert.match(killed, /No master leads: reads and writes go on, CREATE and DROP wait\./);
  await shell.enter("\\demo restart master");
  assert.match(await shell.enter("CREATE TABLE t (id INT PRIMARY KEY);"), /Query OK/);
});

test("another master takes over", ["--masters", "2"], async (shell) => {
  assert.match(await shell.enter("\\demo kill master"), /m1 is killed[^]*m2 leads/);
});

test("a load goes on meanwhile, and tells what it met", [], async (shell) => {
  assert.match(await shell.enter("\\demo load on"), /Four users read and write/);
  const killed = await shell.enter("\\demo kill r2");
  assert.match(
    killed,
    /Load meanwhile: \d+ reads and \d+ writes, no errors; the slowest read took .*, the slowest write /,
  );
  assert.match(await shell.enter("\\demo restart r2"), /Load meanwhile: .*no errors/);
  await shell.enter("\\demo load off");
  assert.doesNotMatch(await shell.enter("SHOW TABLES;"), /demo_load/);
});

test(
  "Ctrl-C ends what the engine does in one go, though it keeps all of the process busy",
  [],
  async (shell) => {
    const joined = [..."abcdefghij"].map((name) => `products ${name}`).join(", ");
    const started = performance.now();
    const seen = await shell.interrupt(`select count(*) from ${joined};`, 1500);
    assert.match(seen, /\nERROR 1317 \(70100\): /);
    assert.ok(performance.now() - started < 15_000, "not at its deadline");
    assert.match(await shell.enter("select 1 as one;"), /\| one +\|/);
  },
);
