/** Runs the seeds it is sent, one after the other. */
/// <reference lib="webworker" />
import { runSeed, type SeedOrder } from "./seeds.ts";

self.addEventListener("message", (event: MessageEvent<SeedOrder>) => {
  runSeed(event.data).then(
    (report) => self.postMessage({ report }),
    (error) => self.postMessage({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
