/**
 * Fails over real processes under load, and judges the copies afterwards:
 *
 *   deno task failover [--kills 50] [--stop] [--writers 16] [--masters 1] [--session-timeout 2s]
 *
 * Three region servers, each beside a MariaDB of its own, ZooKeeper and a master. Writers insert
 * ids and increment counters; the region server of the primary is killed, or stopped, and comes
 * back. Ends with exit code 1 where a write was lost or doubled, copies differ, or a writer was told an
 * error.
 */
import type { Client } from "../src/client/api.ts";
import { build } from "./build.ts";
import { BUILD_FOLDER } from "./build/root.ts";
import { copyIn } from "./failover/copies.ts";
import { Journal } from "./failover/journal.ts";
import { type FailoverOptions, failoverOptions } from "./failover/options.ts";
import { errorsIn, report } from "./failover/report.ts";
import { type Strike, Striker } from "./failover/strikes.ts";
import { judge, type Verdict } from "./failover/verdict.ts";
import { createCounters, TABLE, write } from "./failover/writers.ts";
import { MinisqlCluster } from "./services/minisql.ts";
import { clientsOf, Operator } from "./services/minisql_clients.ts";
import { waitUntil } from "./services/wait.ts";

const REGIONS = 3;
const SETTLE_LIMIT_MS = 10_000;

async function main(options: FailoverOptions): Promise<number> {
  const program = `${BUILD_FOLDER}/failover`;
  await build({ output: program, say: (line) => console.log(line) });
  const { masters, sessionTimeout } = options;
  const cluster = await MinisqlCluster.start({
    ...{ program, masters, sessionTimeout },
    regions: REGIONS,
    settings: { "innodb-log-file-size": "256M" },
  });
  try {
    return await runOn(cluster, options);
  } finally {
    await cluster.stop();
  }
}

async function runOn(cluster: MinisqlCluster, options: FailoverOptions): Promise<number> {
  const operator = new Operator(cluster);
  const clients = clientsOf(cluster, "writer", options.writers);
  try {
    await operator.allRegistered();
    await createCounters(operator.client, options.writers);
    const journal = new Journal();
    const striker = new Striker({ operator, journal, stops: options.stops });
    const strikes = await strikeUnderLoad(striker, { clients, journal, count: options.strikes });
    await operator.allInSync(TABLE);
    const verdict = await judgeSettled(cluster, journal);
    for (const line of report({ options, strikes, journal, verdict })) console.log(line);
    return verdict.faults.length === 0 && errorsIn(journal) === 0 ? 0 : 1;
  } finally {
    await Promise.all([operator.client, ...clients].map((client) => client.close()));
  }
}

async function strikeUnderLoad(
  striker: Striker,
  { clients, journal, count }: {
    readonly clients: readonly Client[];
    readonly journal: Journal;
    readonly count: number;
  },
): Promise<readonly Strike[]> {
  const ending = new AbortController();
  const writers = Promise.all(
    clients.map((client, writer) => write(writer, client, journal, ending.signal)),
  );
  // An error of a writer must not wait for the end of the strikes to be told.
  const failed = writers.then(() => new Promise<never>(() => {}));
  const strikes: Strike[] = [];
  try {
    for (let number = 1; number <= count; number++) {
      const strike = await Promise.race([striker.strike(), failed]);
      strikes.push(strike);
      const [outage, healed] = [strike.outageMs, strike.healedMs].map((ms) => ms.toFixed(0));
      console.log(
        `${number} of ${count}: ${strike.server}, no write for ${outage} ms, ` +
          `in sync again after ${healed} ms`,
      );
    }
  } finally {
    ending.abort();
  }
  await writers;
  return strikes;
}

/** Slaves apply what is committed a moment later than it is acknowledged. */
async function judgeSettled(cluster: MinisqlCluster, journal: Journal): Promise<Verdict> {
  const copies = cluster.regions.map(({ mariadb }) => copyIn(mariadb));
  let verdict = await judge(copies, journal);
  await waitUntil(SETTLE_LIMIT_MS, async () => {
    if (verdict.faults.length > 0) verdict = await judge(copies, journal);
    return verdict.faults.length === 0;
  });
  return verdict;
}

Deno.exit(await main(failoverOptions(Deno.args)));
