/** `deno task bench NAME`: runs the benchmark `scripts/bench/NAME.ts`. */
const BENCHES = ["protocol", "log", "engine", "write", "read"] as const;

const USAGE = `deno task bench NAME, one of ${BENCHES.join(", ")}; write and read take
  --seconds N  --clients 1,8,32,64  --only NAME,...  and read --rounds 30`;

const [name = "", ...args] = Deno.args;
const found = BENCHES.find((each) => each === name);
if (found === undefined) {
  console.error(`Cannot run benchmark ${JSON.stringify(name)}\n\n${USAGE}`);
  Deno.exit(2);
}
const { run } = await import(new URL(`./${found}.ts`, import.meta.url).href) as {
  readonly run: (args: readonly string[]) => Promise<void>;
};
try {
  await run(args);
} catch (error) {
  // What was asked for cannot be done; anything else is a defect, and shows where.
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  Deno.exit(2);
}
Deno.exit(0);
