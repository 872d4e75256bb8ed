/** Tells whether anything changed that a build depends on. */
import { createHash } from "node:crypto";
import { run } from "./run.ts";
import { ROOT } from "./root.ts";

const FILES = ["main.ts", "deno.json", "deno.lock", "init.sql", "scripts/build.ts"];
const FOLDERS = ["src", "scripts/build"];

/** A hash of the sources, the commit, the runtime and what was asked for. */
export async function sourcesKey(asked: string): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([asked, await commitOf(), Deno.version, Deno.build.target]));
  hash.update(Deno.env.get("DENORT_BIN") ?? "");
  const paths = [...FILES];
  for (const folder of FOLDERS) paths.push(...await filesUnder(folder));
  for (const path of paths.toSorted()) {
    const bytes = await Deno.readFile(ROOT + path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
    hash.update(`\0${path}\0${bytes?.length ?? "absent"}\0`);
    if (bytes !== null) hash.update(bytes);
  }
  return hash.digest("hex");
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(ROOT + folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) paths.push(...await filesUnder(path));
    else if (!path.endsWith("_test.ts")) paths.push(path);
  }
  return paths;
}

/** The commit that is checked out, marked where files differ from it; null outside of git. */
export async function commitOf(): Promise<string | null> {
  try {
    const { success, stdout } = await run("git", [
      "describe",
      "--always",
      "--dirty",
      "--abbrev=12",
    ]);
    return success ? stdout.trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
