/** A copy of the source with a bug in it, in a folder of its own. */
import { type Mutant, mutated } from "./mutants.ts";

const ROOT = new URL("../../", import.meta.url);
/** What a run of the simulator needs. */
const PARTS = ["deno.json", "deno.lock", "init.sql", "src", "scripts/sim.ts", "scripts/sim"];

/** Makes the folder anew; a mutant of null leaves the source as it is. */
export async function plant(folder: string, mutant: Mutant | null): Promise<void> {
  for (const part of PARTS) await copy(new URL(part, ROOT), `${folder}/${part}`);
  for (const file of new Set(mutant?.edits.map(({ file }) => file))) {
    const path = `${folder}/${file}`;
    if (mutant !== null) {
      await Deno.writeTextFile(path, mutated(mutant, file, await Deno.readTextFile(path)));
    }
  }
}

async function copy(from: URL, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) {
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from.href.replace(/\/$/, "")}/${name}`), `${to}/${name}`);
  }
}
