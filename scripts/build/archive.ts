/** A shell script with the runtime and the program behind it, compressed: see `stub.sh`. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import config from "../../deno.json" with { type: "json" };
import { PERMISSIONS } from "./permissions.ts";
import { BUILD_FOLDER, ROOT } from "./root.ts";
import { removeIfThere, temporaryBeside } from "./temporary.ts";

/** One of the files that are unpacked at the first start. */
interface Part {
  /** Tells its content: files of the same name in a cache are the same. */
  readonly id: string;
  readonly compressed: Uint8Array;
}

const ID_LENGTH = 16;
/** The runtime hardly shrinks at higher levels, which take twice the time. */
const RUNTIME_LEVEL = 6;

export async function buildArchive(program: string, output: string): Promise<void> {
  const runtime = await runtimePart();
  const bytes = await Deno.readFile(program);
  const app = { id: idOf(bytes), compressed: gzip(bytes, 9) };
  const stub = new TextEncoder().encode(await stubText(runtime, app));

  const temporary = temporaryBeside(output);
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o755 });
    for (const part of [stub, runtime.compressed, app.compressed]) await writeAll(file, part);
    await Deno.rename(temporary, output);
  } finally {
    await removeIfThere(temporary);
  }
}

/** Deno itself, compressed once for each version. */
async function runtimePart(): Promise<Part> {
  const bytes = await Deno.readFile(Deno.execPath());
  const id = idOf(bytes);
  const kept = `${BUILD_FOLDER}/runtime-${id}.gz`;
  try {
    return { id, compressed: await Deno.readFile(kept) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const compressed = gzip(bytes, RUNTIME_LEVEL);
  await Deno.mkdir(BUILD_FOLDER, { recursive: true });
  const temporary = temporaryBeside(kept);
  await Deno.writeFile(temporary, compressed);
  await Deno.rename(temporary, kept);
  return { id, compressed };
}

/** The stub with its own length worked out: the parts begin right behind it. */
async function stubText(runtime: Part, app: Part): Promise<string> {
  const template = await Deno.readTextFile(`${ROOT}scripts/build/stub.sh`);
  const values: Readonly<Record<string, string | number>> = {
    VERSION: config.version,
    TARGET: Deno.build.target,
    RUNTIME_ID: runtime.id,
    RUNTIME_SIZE: runtime.compressed.length,
    APP_ID: app.id,
    APP_SIZE: app.compressed.length,
    PERMISSIONS: PERMISSIONS.map((each) => `'${each}'`).join(" "),
  };
  const text = template.replace(
    /@([A-Z_]+)@/g,
    (whole, name: string) => name === "STUB_SIZE" ? whole : String(values[name] ?? whole),
  );
  // The number stands padded to the width of its place, so that it does not change the length.
  const place = "@STUB_SIZE@";
  const size = new TextEncoder().encode(text).length;
  return text.replace(place, String(size).padEnd(place.length));
}

function gzip(bytes: Uint8Array, level: number): Uint8Array {
  return gzipSync(bytes, { level });
}

function idOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, ID_LENGTH);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
}
