/** Changes of routes, pushed to those who hold the tables in their caches. */
import { orAborted } from "../base/abort.ts";
import { Deferred } from "../base/deferred.ts";
import type { EventsContext } from "../protocol/handlers.ts";
import type { Route } from "../protocol/model.ts";
import type { ClusterView } from "./view.ts";

/**
 * Serves one subscriber until it has enough. Changes that come while it is still taking the last
 * ones are merged: it is told how things are, not each step on the way.
 */
export async function serveSubscription(
  view: ClusterView,
  tables: readonly string[],
  context: EventsContext<"subscribe">,
): Promise<void> {
  const wanted = new Set(tables);
  let dirty = new Set(wanted);
  let woken = new Deferred<void>();
  const told = new Map<string, string>();
  const wake = () => woken.resolve();
  const stop = view.onRoutes((changed) => {
    // Many listen, and all tables may change at once: whichever are fewer are gone through.
    const [few, many] = changed.size < wanted.size ? [changed, wanted] : [wanted, changed];
    for (const table of few) if (many.has(table)) dirty.add(table);
    if (dirty.size > 0) wake();
  });
  context.signal.addEventListener("abort", wake, { once: true });
  try {
    while (true) {
      context.signal.throwIfAborted();
      if (dirty.size > 0) {
        const batch = dirty;
        dirty = new Set();
        const { routes, gone } = news(view, batch, told);
        if (routes.length + gone.length > 0) {
          // One who does not read must not keep a reign in memory that is over.
          await orAborted(context.event({ routes, gone }), context.signal);
        }
      } else {
        await woken.promise;
        woken = new Deferred();
      }
    }
  } finally {
    stop();
    context.signal.removeEventListener("abort", wake);
  }
}

/** How these tables are now, as far as it differs from what was told before. */
function news(view: ClusterView, tables: ReadonlySet<string>, told: Map<string, string>) {
  const routes = new Map<string, Route>();
  const gone: string[] = [];
  for (const table of tables) {
    const route = view.route(table);
    const words = JSON.stringify(route);
    if (told.get(table) === words) continue;
    told.set(table, words);
    if (route === null) gone.push(table);
    else routes.set(route.region, route);
  }
  return { routes: [...routes.values()], gone };
}
