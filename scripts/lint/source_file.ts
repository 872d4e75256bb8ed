/** Which part of the repository a linted file belongs to. */
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface SourceFile {
  /** Relative to the repository, with forward slashes: `src/region/replica.ts`. */
  readonly path: string;
  /** The folder under `src/`, `main` and `mod` for these files, null for anything outside the layers. */
  readonly layer: string | null;
  readonly isTest: boolean;
}

export function sourceFile(filename: string): SourceFile {
  const absolute = filename.startsWith("file:") ? fileURLToPath(filename) : filename;
  const path = absolute.startsWith(ROOT) ? absolute.slice(ROOT.length) : absolute;
  return { path, layer: layerOf(path), isTest: path.endsWith("_test.ts") };
}

/** The layer of a path relative to the repository. */
export function layerOf(path: string): string | null {
  if (path === "main.ts" || path === "mod.ts") return path.slice(0, -".ts".length);
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

/** Where a relative import leads, relative to the repository; null for packages and other schemes. */
export function resolveImport(from: string, specifier: string): string | null {
  if (!/^\.{0,2}\//.test(specifier)) return null;
  const target = new URL(specifier, `file:///${from}`).pathname;
  return decodeURIComponent(target.slice(1));
}
