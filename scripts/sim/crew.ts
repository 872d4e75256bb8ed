/** Workers that run seeds side by side. */
import type { SeedOrder, SeedReport } from "./seeds.ts";

type Message = { readonly report: SeedReport } | { readonly error: string };

/**
 * Runs all orders on so many workers, and gives each report as it comes; `take` answers whether to
 * go on. What has begun when it says no is run to its end.
 */
export async function runAll(
  orders: Iterator<SeedOrder>,
  jobs: number,
  take: (report: SeedReport) => boolean,
): Promise<void> {
  let goesOn = true;
  const work = async () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url).href, { type: "module" });
    try {
      while (goesOn) {
        const { done, value } = orders.next();
        if (done) return;
        if (!take(await ask(worker, value))) goesOn = false;
      }
    } finally {
      worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function ask(worker: Worker, order: SeedOrder): Promise<SeedReport> {
  const { promise, resolve, reject } = Promise.withResolvers<SeedReport>();
  const fail = (why: string) => reject(new Error(`Cannot run ${order.kind} ${order.seed}: ${why}`));
  worker.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("report" in data) resolve(data.report);
    else fail(data.error);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  worker.postMessage(order);
  return await promise;
}
