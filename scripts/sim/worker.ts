/** Runs the seeds it is sent, one after the other. */
/// <reference lib="webworker" />
import { runSeed, type SeedOrder } from "./seeds.ts";

// Errors are everyday business there, and gathering where each comes from takes its time.
Error.stackTraceLimit = 0;

self.addEventListener("message", (event: MessageEvent<SeedOrder>) => {
  runSeed(event.data).then(
    (report) => self.postMessage({ report }),
    (error) => self.postMessage({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
