/** README.md holds what it says: its commands run, its session is what a terminal shows. */
import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import { ROOT } from "../../scripts/build/root.ts";
import { startMariadb } from "../../scripts/services/mariadb.ts";
import { startZookeeper } from "../../scripts/services/zookeeper.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { variableName } from "../../src/cli/flags.ts";
import { Binary, finished } from "../support/binary.ts";
import { type Block, conversation, readmeBlocks, settingsOf, skeleton } from "../support/readme.ts";
import { Terminal } from "../support/terminal.ts";
import { freeOffset } from "../support/up.ts";
import { until } from "../support/wait.ts";

const BUILD_MS = 120_000;
const SCENE_MS = 60_000;
/** How a demonstration ends is the same every time; how it goes is not. */
const LAST_WORDS = 4;

const blocks = await readmeBlocks();
const of = (language: string) => blocks.filter((block) => block.language === language);

function iniWith(pattern: RegExp): Block {
  const block = of("ini").find(({ text }) => pattern.test(text));
  assert.ok(block !== undefined, String(pattern));
  return block;
}

/** Types a line of the shell, and answers with the lines that came of it. */
async function enter(terminal: Terminal, line: string): Promise<readonly string[]> {
  await terminal.press("C-l");
  await terminal.shows(/^[^\n]*\[minisql\]!?>$/, SCENE_MS);
  await terminal.type(line);
  await terminal.press("Enter");
  const literal = line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const ended = new RegExp(`> ${literal}\\n[^]*\\[minisql\\]!?>$`);
  const [, ...lines] = (await terminal.shows(ended, SCENE_MS)).split("\n").slice(0, -1);
  return lines.filter((each) => each !== "");
}

/** Runs a block of shell commands; fails with what they said when one of them fails. */
async function runShell(text: string, cwd: string, env: Record<string, string>): Promise<string> {
  const child = new Deno.Command("bash", {
    args: ["-euo", "pipefail", "-c", text],
    cwd,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, out, err } = await finished(child);
  assert.equal(code, 0, `${text}\n${out}${err}`);
  return out;
}

Deno.test("README: the first command opens the shell it shows, and the others work beside it", async () => {
  const [first, ...others] = of("sh");
  assert.equal(first?.text, "scripts/up");
  const folder = await Deno.makeTempDir({ prefix: "minisql-readme-" });
  await Deno.symlink(`${ROOT}minisql`, `${folder}/minisql`);
  const offset = freeOffset();
  const masters = `127.0.0.1:${9090 + Number(offset)}`;
  const env = { MINISQL_PORT_OFFSET: offset, XDG_STATE_HOME: `${folder}/state` };
  {
    const size = { columns: 250, rows: 100 };
    await using terminal = await Terminal.start([first.text], { ...size, env, cwd: ROOT });
    const begin = await terminal.shows(/\[minisql\]> $|\[minisql\]>$/, BUILD_MS);
    const shown = new Set(begin.split("\n").map(skeleton));
    for (const block of of("text")) {
      const { above, exchanges } = conversation(block);
      if (exchanges.length === 0) continue;
      for (const line of above) {
        // Other ports than the usual ones must be said.
        const isThere = [...shown].some((each) => each.startsWith(skeleton(line)));
        assert.ok(isThere, `${line}\nis not in\n${begin}`);
      }
      for (const { typed, shown: expected } of exchanges) {
        const lines = await enter(terminal, typed);
        if (!typed.startsWith("\\demo")) {
          assert.deepEqual(lines.map(skeleton), expected.map(skeleton), typed);
          continue;
        }
        const end = skeleton(expected.at(-1) ?? "").split(" ").slice(-LAST_WORDS).join(" ");
        assert.ok(lines.some((line) => skeleton(line).endsWith(end)), lines.join("\n"));
      }
    }
    for (const { text } of others) await runShell(text, folder, { MINISQL_MASTERS: masters });
    await terminal.type("exit");
    await terminal.press("Enter");
    await terminal.shows(/\[ended 0\]/, SCENE_MS);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("README: masters and region servers run on a database as it says to prepare it", async () => {
  const settings = settingsOf(iniWith(/^\[mariadbd\]/));
  await using mariadb = await startMariadb({ settings });
  await using zookeeper = await startZookeeper();
  const [sql] = of("sql");
  assert.ok(sql !== undefined);
  const { host, port, user, password } = mariadb;
  const admin = await createConnection({ host, port, user, password, multipleStatements: true });
  await admin.query(sql.text);
  await admin.end();
  await using binary = await Binary.build("archive");
  const passwords = [...sql.text.matchAll(/IDENTIFIED BY '(.*)'/g)].map(([, text = ""]) => text);
  const files = ["mysql", "catalog"].map((name) => `${binary.folder}/${name}.password`);
  for (const [at, file] of files.entries()) await Deno.writeTextFile(file, passwords[at] ?? "");
  const own = settingsOf(iniWith(/^MINISQL_ZOOKEEPER=/));
  const env = {
    ...own,
    MINISQL_ZOOKEEPER: zookeeper.connect,
    MINISQL_CATALOG: own["MINISQL_CATALOG"]?.replace("db1", `${host}:${port}`) ?? "",
    MINISQL_MYSQL: own["MINISQL_MYSQL"]?.replace(/socket=.*/, `socket=${mariadb.socket}`) ?? "",
    MINISQL_MYSQL_PASSWORD_FILE: files[0] ?? "",
    MINISQL_CATALOG_PASSWORD_FILE: files[1] ?? "",
    MINISQL_DATA_DIR: `${binary.folder}/data`,
    MINISQL_ADVERTISE: "127.0.0.1",
  };
  const masters = `127.0.0.1:${9090 + Number(freeOffset())}`;
  const servers = [
    binary.spawn(["master", "--listen", masters], { env }),
    binary.spawn(["region", "--listen", "127.0.0.1:0"], { env }),
  ];
  await until("the region server has joined", async () => {
    const { out } = await binary.run(["status", "--masters", masters, "--timeout", "1s"]);
    return /1 of 1 servers online/.test(out);
  }, 30_000);
  const looked = await binary.run(["servers", "--masters", masters]);
  assert.match(looked.out, new RegExp(`^r1 .* ${own["MINISQL_ZONE"]} +online +mariadb `, "m"));
  for (const server of servers) server.kill("SIGTERM");
  for (const server of servers) assert.equal((await finished(server)).code, 0);
});

Deno.test("README: its service files name commands and settings that there are", () => {
  const unit = settingsOf(iniWith(/^\[Unit\]/));
  const shared = settingsOf(iniWith(/^MINISQL_ZOOKEEPER=/));
  const [, name] = /^\/usr\/local\/bin\/minisql (\w+)$/.exec(unit["ExecStart"] ?? "") ?? [];
  assert.equal(name, "region");
  // It drains, and ends within 25 s.
  assert.ok(Number(unit["TimeoutStopSec"]) >= 30);
  const settings = [...unit["Environment"]?.matchAll(/(MINISQL_\w+)=/g) ?? []].map(([, each]) =>
    each
  );
  const known = ["master", "region"].flatMap((command) => {
    const flags = COMMANDS.find((each) => each.name === command)?.flags ?? {};
    return Object.entries(flags).flatMap(([flag, { kind }]) => {
      const variable = variableName(flag);
      return kind === "secret" ? [variable, `${variable}_FILE`] : [variable];
    });
  });
  for (const each of [...settings, ...Object.keys(shared)]) {
    assert.ok(known.includes(each ?? ""), each);
  }
});

Deno.test("README: the ports it tells of are those that servers take", async () => {
  const text = await Deno.readTextFile(`${ROOT}README.md`);
  for (const [command, port] of [["master", 9090], ["region", 9091]] as const) {
    const flag = COMMANDS.find((each) => each.name === command)?.flags["listen"];
    assert.ok(flag?.kind === "address" && flag.default === `0.0.0.0:${port}`);
    assert.match(text, new RegExp(`^\\| ${port} `, "m"));
  }
});
