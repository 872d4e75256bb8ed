/** Makes one JavaScript file of the program, its packages and its assets. */
import { BUILD_FOLDER } from "./root.ts";
import { run } from "./run.ts";

export interface Stamp {
  readonly commit: string | null;
}

/**
 * Not minified: the stack of a crash report names functions. Read at run time by
 * `src/cli/build_info.ts`.
 */
export async function bundle(entry: string, stamp: Stamp): Promise<string> {
  await Deno.mkdir(BUILD_FOLDER, { recursive: true });
  const path = `${BUILD_FOLDER}/minisql.js`;
  const args = ["bundle", "--quiet", "--platform=deno", "--keep-names", `--output=${path}`, entry];
  const { success, stderr } = await run(Deno.execPath(), args);
  if (!success) throw new Error(`Cannot bundle ${entry}: ${stderr.trim()}`);
  const code = await Deno.readTextFile(path);
  const info = JSON.stringify(stamp.commit === null ? {} : { commit: stamp.commit });
  await Deno.writeTextFile(path, `globalThis[Symbol.for("minisql.build")] = ${info};\n${code}`);
  return path;
}
