/** `deno compile`: the program inside Deno's own small runtime. */
import { PERMISSIONS } from "./permissions.ts";
import { run } from "./run.ts";
import { removeIfThere, temporaryBeside } from "./temporary.ts";

export type Compiled =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string };

/**
 * Compiles the bundle. DENORT_BIN, where set, names the runtime file to use. The file is made beside
 * its place and then moved there: deno does not write over a file that it has not made.
 */
export async function compile(program: string, output: string): Promise<Compiled> {
  const temporary = temporaryBeside(output);
  const args = ["compile", "--quiet", "--no-config", "--no-remote", "--no-npm", ...PERMISSIONS];
  try {
    const { success, stderr } = await run(Deno.execPath(), [
      ...args,
      `--output=${temporary}`,
      program,
    ]);
    if (!success) return { ok: false, reason: stderr.trim() };
    await Deno.rename(temporary, output);
    return { ok: true };
  } finally {
    await removeIfThere(temporary);
  }
}

/** Whether the runtime could not be fetched, as on a machine without the internet. */
export function runtimeMissing(reason: string): boolean {
  return /denort/.test(reason) && /Setting up base binary|error sending request/.test(reason);
}
