/** A small program with the life of a real one, for tests of how processes end and log. */
import { openLogging } from "../../src/cli/logging.ts";
import type { CommandContext } from "../../src/cli/command.ts";
import { Process } from "../../src/cli/process.ts";
import { realEnvironment, realOutput, realSystem } from "../../src/cli/system.ts";

const [mode, logLevel = "info"] = Deno.args;

const code = await new Process(realSystem(), { graceMs: 60_000 }).run(async (control) => {
  const context: CommandContext = {
    out: realOutput("stdout", "auto"),
    err: realOutput("stderr", "auto"),
    process: control,
    environment: realEnvironment,
    commands: [],
  };
  const logging = openLogging({ logLevel, logFormat: "auto" }, context);
  const reporter = logging.reporter.child({ role: "test" });
  switch (mode) {
    case "reject":
      void Promise.reject(new TypeError("nobody awaits me"));
      break;
    case "throw":
      setTimeout(() => {
        throw new RangeError("nobody catches me");
      });
      break;
    case "log":
      reporter.part("rpc").log("debug", "quiet", { password: "hunter2" });
      reporter.log("info", "loud", { seq: 2n ** 60n, password: "hunter2" });
      return 0;
    case "flood":
      for (let line = 0; line < 50_000; line++) reporter.log("info", "x".repeat(100), { line });
      await context.out.line("flooded");
      return 0;
    case "reload":
      control.onReload(() => void context.out.line("reloaded"));
      break;
    default:
  }
  // A server waits like this: something keeps the process alive until it is asked to end.
  const alive = setInterval(() => {}, 1000);
  await context.out.line("ready");
  await control.stopped();
  clearInterval(alive);
  if (mode === "stuck") await new Promise(() => {});
  reporter.log("info", "done in good order");
  return 0;
});
Deno.exit(code);
