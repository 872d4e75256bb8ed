/** `deno compile`: the program inside Deno's own small runtime. */
import { PERMISSIONS } from "./permissions.ts";
import { run } from "./run.ts";

export type Compiled =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string };

/** Compiles the bundle. DENORT_BIN, where set, names the runtime file to use. */
export async function compile(program: string, output: string): Promise<Compiled> {
  const args = ["compile", "--quiet", "--no-config", "--no-remote", "--no-npm", ...PERMISSIONS];
  const { success, stderr } = await run(Deno.execPath(), [...args, `--output=${output}`, program]);
  return success ? { ok: true } : { ok: false, reason: stderr.trim() };
}

/** Whether the runtime could not be fetched, as on a machine without the internet. */
export function runtimeMissing(reason: string): boolean {
  return /denort/.test(reason) && /Setting up base binary|error sending request/.test(reason);
}
