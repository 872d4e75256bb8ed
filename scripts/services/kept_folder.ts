/** What a data folder that outlives its servers remembers: how they were reached. */

export interface Kept {
  readonly ports: readonly number[];
  readonly password: string;
}

const FILE = "service.json";

/** Makes the folder when it is new. */
export async function readKept(dir: string): Promise<Kept | null> {
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  try {
    return JSON.parse(await Deno.readTextFile(`${dir}/${FILE}`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

export async function writeKept(dir: string, kept: Kept): Promise<void> {
  await Deno.writeTextFile(`${dir}/${FILE}`, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
}
