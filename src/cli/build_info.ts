/** What this program was built from, and how it runs. */
import config from "../../deno.json" with { type: "json" };

export interface BuildInfo {
  readonly version: string;
  /** The commit it was built from; null where it runs from its sources. */
  readonly commit: string | null;
  /** `source`: deno run main.ts. `archive`: one file that unpacks. `compiled`: deno compile. */
  readonly form: "source" | "archive" | "compiled";
  readonly target: string;
  readonly deno: string;
  readonly v8: string;
}

/** `scripts/build.ts` puts this in front of the bundle. */
const STAMP = Symbol.for("minisql.build");

export function buildInfo(): BuildInfo {
  const stamp = (globalThis as { [STAMP]?: { readonly commit?: string } })[STAMP];
  return {
    version: config.version,
    commit: stamp?.commit ?? null,
    form: Deno.build.standalone ? "compiled" : stamp === undefined ? "source" : "archive",
    target: Deno.build.target,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
}
