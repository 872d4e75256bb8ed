/** The file that says, for programs, that a cluster is ready and how it is reached. */
import { array, type Infer, integer, object, text } from "../../base/shape.ts";

const readyShape = object({
  pid: integer(1),
  cluster: text(),
  /** `host:port` of each. */
  masters: array(text()),
  regions: array(text()),
  data: text(),
});

export type Ready = Infer<typeof readyShape>;

/** Whole from the first moment on: whoever sees it can read it. */
export async function writeReady(path: string, ready: Ready): Promise<void> {
  const temporary = `${path}.${Deno.pid}.tmp`;
  await Deno.writeTextFile(temporary, `${JSON.stringify(ready)}\n`);
  await Deno.rename(temporary, path);
}

/** Null while it is not there. */
export async function readFrom(path: string): Promise<Ready | null> {
  try {
    const value = JSON.parse(await Deno.readTextFile(path));
    return readyShape.fits(value) ? value : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}
