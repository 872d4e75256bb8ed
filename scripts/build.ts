/**
 * Builds `./minisql`, one file that runs on a machine without Deno.
 *
 *   deno task build [--archive | --compile] [--output FILE] [--force]
 *
 * `deno compile` makes it where its runtime file can be had (DENORT_BIN names one that is at hand).
 * Elsewhere it is a shell script with the runtime and the program compressed behind it.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildArchive } from "./build/archive.ts";
import { BuildError } from "./build/build_error.ts";
import { bundle } from "./build/bundle.ts";
import { compile, runtimeMissing } from "./build/compile.ts";
import { commitOf, sourcesKey } from "./build/sources.ts";
import { isUpToDate, remember } from "./build/state.ts";

export type Form = "archive" | "compiled";

export interface BuildOptions {
  /** Absolute: the tools run in the repository. */
  readonly output: string;
  /** The only form to build; where absent, compiled if that is possible. */
  readonly form?: Form;
  /** Builds even where nothing has changed. */
  readonly force?: boolean;
  readonly say: (line: string) => void;
}

/** Builds what is not up to date, and answers with the form of the result. */
export async function build(options: BuildOptions): Promise<Form> {
  const { output, say } = options;
  const started = performance.now();
  const key = await sourcesKey(options.form ?? "any");
  const current = options.force === true ? null : await isUpToDate(output, key);
  if (current !== null) {
    say(`${output} is up to date (${current})`);
    return current;
  }
  await using program = await bundle("main.ts", { commit: await commitOf() });
  const form = await make(program.path, options);
  await remember(output, { key, form });
  const { size } = await Deno.stat(output);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`Built ${output}: ${form}, ${(size / 1e6).toFixed(1)} MB, in ${seconds} s`);
  return form;
}

async function make(program: string, { output, form, say }: BuildOptions): Promise<Form> {
  if (form !== "archive") {
    const result = await compile(program, output);
    if (result.ok) return "compiled";
    if (form === "compiled" || !runtimeMissing(result.reason)) {
      throw new BuildError(`Cannot compile: ${result.reason}`);
    }
    say("The runtime of deno compile cannot be downloaded here: making a self-unpacking file");
  }
  await buildArchive(program, output);
  return "archive";
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      archive: { type: "boolean" },
      compile: { type: "boolean" },
      force: { type: "boolean" },
      output: { type: "string", default: "minisql" },
    },
  });
  const form = values.archive ? "archive" : values.compile ? "compiled" : undefined;
  try {
    await build({
      output: resolve(values.output),
      force: values.force ?? false,
      say: (line) => console.error(line),
      ...(form === undefined ? {} : { form }),
    });
  } catch (error) {
    // The tools have said what is wrong; where in this script it was noticed helps nobody.
    console.error(error instanceof BuildError ? error.message : error);
    Deno.exit(1);
  }
}
