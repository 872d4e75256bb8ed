/** Remembers what a built file was built from. */
import { BUILD_FOLDER } from "./root.ts";
import type { Form } from "../build.ts";

interface Note {
  readonly key: string;
  readonly form: Form;
}

interface State {
  readonly [output: string]: Note & { readonly size: number; readonly modified: number };
}

const PATH = `${BUILD_FOLDER}/state.json`;

/** The form of a file built from just this, untouched since; null where there is none. */
export async function isUpToDate(output: string, key: string): Promise<Form | null> {
  const note = (await readState())[await realPath(output) ?? ""];
  if (note === undefined || note.key !== key) return null;
  const { size, mtime } = await Deno.stat(output);
  return note.size === size && note.modified === mtime?.getTime() ? note.form : null;
}

export async function remember(output: string, note: Note): Promise<void> {
  const { size, mtime } = await Deno.stat(output);
  const path = await Deno.realPath(output);
  const kept: Record<string, State[string]> = {};
  for (const [other, each] of Object.entries(await readState())) {
    if (await realPath(other) !== null) kept[other] = each;
  }
  kept[path] = { ...note, size, modified: mtime?.getTime() ?? 0 };
  await Deno.mkdir(BUILD_FOLDER, { recursive: true });
  await Deno.writeTextFile(PATH, JSON.stringify(kept, null, 2));
}

/** A state that cannot be read is no state: the build is then done. */
async function readState(): Promise<State> {
  try {
    return JSON.parse(await Deno.readTextFile(PATH));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return {};
    throw error;
  }
}

async function realPath(path: string): Promise<string | null> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
