/** `deno task bench NAME`: runs the benchmark `scripts/bench/NAME.ts`. */
const BENCHES = ["protocol", "log", "engine", "write", "read"] as const;

const [name = "", ...args] = Deno.args;
const found = BENCHES.find((each) => each === name);
if (found === undefined) {
  console.error(`Cannot run benchmark ${JSON.stringify(name)}: there are ${BENCHES.join(", ")}`);
  Deno.exit(2);
}
const { run } = await import(new URL(`./${found}.ts`, import.meta.url).href) as {
  readonly run: (args: readonly string[]) => Promise<void>;
};
await run(args);
Deno.exit(0);
