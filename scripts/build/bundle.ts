/** Makes one JavaScript file of the program, its packages and its assets. */
import { BuildError } from "./build_error.ts";
import { BUILD_FOLDER } from "./root.ts";
import { run } from "./run.ts";

export interface Stamp {
  readonly commit: string | null;
}

/** A bundle in a folder of its own, which goes when it is disposed of. */
export interface Bundle extends AsyncDisposable {
  readonly path: string;
}

/**
 * Not minified: the stack of a crash report names functions. But not told to keep every name, for
 * that sets one on each function whenever it is made: it took two fifths of a region server's time
 * for reads of many rows. The stamp is read at run time by `src/cli/build_info.ts`.
 */
export async function bundle(entry: string, stamp: Stamp): Promise<Bundle> {
  await Deno.mkdir(BUILD_FOLDER, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: BUILD_FOLDER, prefix: "bundle-" });
  const path = `${folder}/minisql.js`;
  const made = { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  try {
    const args = ["bundle", "--quiet", "--platform=deno", `--output=${path}`];
    const { success, stderr } = await run(Deno.execPath(), [...args, entry]);
    if (!success) throw new BuildError(`Cannot bundle ${entry}: ${stderr.trim()}`);
    const code = await Deno.readTextFile(path);
    const info = JSON.stringify(stamp.commit === null ? {} : { commit: stamp.commit });
    await Deno.writeTextFile(path, `globalThis[Symbol.for("minisql.build")] = ${info};\n${code}`);
    return made;
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}
