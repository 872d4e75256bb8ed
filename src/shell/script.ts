/** Runs scripts: read in pieces, cut into statements, run one after the other. */
import { ScriptSplitter, type ScriptStatement } from "../client/sql_text.ts";
import type { Shell } from "./shell.ts";
import { ShellError } from "./shell_error.ts";
import { HEX_ADVICE, Utf8Text } from "./utf8.ts";

/** Files that run each other. */
const DEPTH_MAX = 20;

/** Runs statements until one fails, or all of them with `--force`; answers whether all went well. */
export async function runPieces(
  shell: Shell,
  pieces: AsyncIterable<Uint8Array>,
  file: string | null,
): Promise<boolean> {
  const splitter = new ScriptSplitter(shell.commands, shell.options.delimiter);
  const input = new Utf8Text(file ?? "the input", HEX_ADVICE);
  let isWell = true;
  for await (const piece of pieces) {
    const text = input.push(piece);
    // Whoever writes a line and waits for its answer gets it: whole lines wait for nothing.
    const end = text.lastIndexOf("\n") + 1;
    const lines = end > 0 ? splitter.push(text.slice(0, end), true) : [];
    isWell = await runAll(shell, lines, file) && isWell;
    if (isOver(shell, isWell)) return isWell;
    isWell = await runAll(shell, splitter.push(text.slice(end)), file) && isWell;
    if (isOver(shell, isWell)) return isWell;
  }
  const last = [...splitter.push(input.end()), ...splitter.end()];
  return await runAll(shell, last, file) && isWell;
}

export async function runText(shell: Shell, text: string): Promise<boolean> {
  const splitter = new ScriptSplitter(shell.commands, shell.options.delimiter);
  return await runAll(shell, [...splitter.push(text), ...splitter.end()], null);
}

export async function runAll(
  shell: Shell,
  found: readonly ScriptStatement[],
  file: string | null,
): Promise<boolean> {
  let isWell = true;
  for (const statement of found) {
    if (isOver(shell, isWell)) break;
    isWell = await shell.run(statement, file) && isWell;
  }
  return isWell;
}

function isOver(shell: Shell, isWell: boolean): boolean {
  shell.port.stop.throwIfAborted();
  return shell.isLeaving || !isWell && !shell.options.force;
}

export async function runFile(shell: Shell, path: string): Promise<void> {
  if (shell.depth >= DEPTH_MAX) {
    throw new ShellError(`Cannot run ${path}: ${DEPTH_MAX} files run each other already`);
  }
  const { pieces } = await shell.port.files.open(path);
  const { place } = shell;
  shell.depth++;
  try {
    await runPieces(shell, pieces, path);
  } finally {
    shell.depth--;
    shell.place = place;
  }
}
