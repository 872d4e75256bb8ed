/** The simulator is to be believed: one seed is one run, and bugs planted in masters are found. */
import assert from "node:assert/strict";
import { connected } from "../../src/cluster/election.ts";
import type { Catalog } from "../../src/ports/catalog.ts";
import type { Coordinator, Session } from "../../src/ports/coordinator.ts";
import { runMasterSeed, type RunReport } from "../../src/sim/master_swarm.ts";
import type { Defects } from "../../src/sim/master_cluster.ts";
import { settle } from "../support/wait.ts";

const SEEDS_MAX = 300;

/** The first seed whose run finds the planted bug. */
async function hunt(defects: () => Defects): Promise<RunReport | null> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const report = await runMasterSeed({ seed, settle, defects: defects() });
    if (report.violation !== null) return report;
  }
  return null;
}

/** The session as it is, but for what is said otherwise. */
function altered(session: Session, otherwise: Partial<Session>): Session {
  return new Proxy(session, {
    get(target, name) {
      if (Object.hasOwn(otherwise, name)) return otherwise[name as keyof Session];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function withSession(change: (session: Session) => Partial<Session>) {
  return (sound: Coordinator): Coordinator => ({
    open: async (signal) => {
      const session = await sound.open(signal);
      return altered(session, change(session));
    },
  });
}

Deno.test("simulator: a seed runs the same twice, and another differently", async () => {
  const digests: string[] = [];
  for (const seed of [11, 11, 12]) {
    digests.push((await runMasterSeed({ seed, settle })).digest);
  }
  assert.equal(digests[0], digests[1]);
  assert.notEqual(digests[0], digests[2]);
});

Deno.test("simulator: a master that never doubts its session is found out", async () => {
  const report = await hunt(() => ({
    coordinator: withSession((session) => {
      // Calls wait for what the state denies: else those who trust it would ask without end.
      const ready = () => connected(session, new AbortController().signal);
      return {
        state: "connected",
        certainUntil: Infinity,
        create: async (...args) => await ready().then(() => session.create(...args)),
        children: async (path) => await ready().then(() => session.children(path)),
        observe: async (path) => await ready().then(() => session.observe(path)),
      };
    }),
  }));
  assert.match(report?.violation?.message ?? "", /would both act/);
});

Deno.test("simulator: a catalog that gives numbers twice is found out", async () => {
  const report = await hunt(() => {
    let calls = 0;
    return {
      catalog: (sound: Catalog) => ({
        ...sound,
        nextRid: async (term) => {
          const rid = await sound.nextRid(term);
          return ++calls % 2 === 0 ? rid - 1 : rid;
        },
      }),
    };
  });
  assert.match(report?.violation?.message ?? "", /share a number|was given the numbers|online/);
});

Deno.test("simulator: jobs that the next master forgets are found out", async () => {
  const report = await hunt(() => ({
    catalog: (sound: Catalog) => ({
      ...sound,
      load: async () => ({ ...await sound.load(), jobs: [] }),
    }),
  }));
  assert.notEqual(report, null);
});

Deno.test("simulator: nodes left behind are found out", async () => {
  const report = await hunt(() => ({
    coordinator: withSession((session) => ({
      delete: async (path, version) => {
        if (!path.includes("/regions/")) await session.delete(path, version);
      },
    })),
  }));
  assert.match(report?.violation?.message ?? "", /region nodes are/);
});

Deno.test("simulator: an election that looks at the wrong neighbour is found out", async () => {
  const report = await hunt(() => ({
    coordinator: withSession((session) => ({
      // The queue seems shorter than it is: everybody believes to be first.
      children: async (path) => {
        const names = await session.children(path);
        return path.endsWith("/candidates") ? names.slice(-1) : names;
      },
    })),
  }));
  assert.notEqual(report, null);
});
