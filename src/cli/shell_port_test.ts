/** The shell's files and programs in the real world. */
import assert from "node:assert/strict";
import { ShellError } from "../shell/shell_error.ts";
import { realFiles } from "./shell_port.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-shell-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test("shell port: what is secret is only its owner's, also where it was others' before", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/state/minisql/history`;
    await realFiles.appendSecret(path, "one\n");
    assert.deepEqual([await modeOf(path), await modeOf(`${folder}/state/minisql`)], [0o600, 0o700]);
    await Deno.chmod(path, 0o644);
    await realFiles.appendSecret(path, "two\n");
    assert.equal(await modeOf(path), 0o600);
    assert.equal(await realFiles.read(path), "one\ntwo\n");
    await realFiles.replace(path, "three\n", true);
    assert.deepEqual([await modeOf(path), await realFiles.read(path)], [0o600, "three\n"]);
    const temporary = await realFiles.temporary(".sql");
    assert.match(temporary, /\.sql$/);
    assert.equal(await modeOf(temporary), 0o600);
    await realFiles.remove(temporary);
  });
});

Deno.test("shell port: files are read in pieces, written, appended to, moved and removed", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a`;
    for (const [text, how] of [["x".repeat(200_000), "anew"], ["y", "append"]] as const) {
      const sink = await realFiles.write(path, how);
      await sink.write(text);
      await sink.close();
    }
    await realFiles.move(path, `${folder}/b`);
    assert.equal(await realFiles.read(path), null);
    const { size, pieces } = await realFiles.open(`${folder}/b`);
    let length = 0;
    for await (const piece of pieces) length += piece.length;
    assert.deepEqual([size, length], [200_001, 200_001]);
    const sink = await realFiles.write(`${folder}/b`, "anew");
    await sink.close();
    assert.equal(await realFiles.read(`${folder}/b`), "");
    await realFiles.remove(`${folder}/b`);
    await realFiles.remove(`${folder}/b`);
  });
});

Deno.test("shell port: what cannot be done says which file and why", async () => {
  await inFolder(async (folder) => {
    const cases: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
      [() => realFiles.open(`${folder}/none`), /^Cannot read .*none: there is no such file$/],
      [
        () => realFiles.write(`${folder}/no/such`, "anew"),
        /^Cannot write .*such: there is no such file$/,
      ],
      [() => realFiles.read(folder), /^Cannot read .*: it is a directory$/],
    ];
    for (const [doing, message] of cases) {
      await assert.rejects(doing(), (error: unknown) => {
        assert.ok(error instanceof ShellError);
        assert.match(error.message, message);
        return true;
      });
    }
  });
});
