/**
 * Changes rows behind the back of real servers, and looks for a voted read that shows it:
 *
 *   deno task tamper [--reads 1000000] [--readers 32] [--writers 4]
 *
 * Three region servers, each beside a MariaDB of its own, ZooKeeper and a master. Rows are edited,
 * deleted, inserted and swapped in one MariaDB by an ordinary client of it, a slave's and then the
 * primary's, while others read and write through the cluster; in every other round nobody writes.
 * Ends with exit code 1 where a read was wrong, and fails where a change is not noticed and put
 * right, row by row, within a minute.
 */
import { build } from "./build.ts";
import { BUILD_FOLDER } from "./build/root.ts";
import { MinisqlCluster } from "./services/minisql.ts";
import { clientsOf, Operator } from "./services/minisql_clients.ts";
import { Load } from "./tamper/load.ts";
import { type TamperOptions, tamperOptions } from "./tamper/options.ts";
import { report } from "./tamper/report.ts";
import { KINDS, type Strike, Tamperer, VICTIMS } from "./tamper/strikes.ts";
import { fillTable, ROWS, TABLE } from "./tamper/table.ts";

const REGIONS = 3;

async function main(options: TamperOptions): Promise<number> {
  const program = `${BUILD_FOLDER}/tamper`;
  await build({ output: program, say: (line) => console.log(line) });
  const cluster = await MinisqlCluster.start({ program, regions: REGIONS });
  try {
    return await runOn(cluster, options);
  } finally {
    await cluster.stop();
  }
}

async function runOn(cluster: MinisqlCluster, options: TamperOptions): Promise<number> {
  const operator = new Operator(cluster);
  const readers = clientsOf(cluster, "reader", options.readers);
  const writers = clientsOf(cluster, "writer", options.writers);
  try {
    await operator.allRegistered();
    await fillTable(operator.client);
    const tamperer = new Tamperer(operator);
    await operator.allInSync(TABLE);
    const load = new Load();
    const since = performance.now();
    load.start(readers, writers);
    const strikes = await Promise.race([strikeUnder(load, tamperer, options), load.failed]);
    await load.end();
    const seconds = (performance.now() - since) / 1000;
    await operator.allInSync(TABLE);
    for (const line of report({ options, strikes, load, seconds })) console.log(line);
    return load.wrong === 0 ? 0 : 1;
  } finally {
    await Promise.all([operator.client, ...readers, ...writers].map((client) => client.close()));
  }
}

/** Whole rounds, until there were reads enough. */
async function strikeUnder(
  load: Load,
  tamperer: Tamperer,
  { reads }: TamperOptions,
): Promise<readonly Strike[]> {
  const strikes: Strike[] = [];
  for (let round = 1; load.reads < reads; round++) {
    load.isWriting = round % 2 === 1;
    for (const victim of VICTIMS) {
      for (const kind of KINDS) {
        const strike = await tamperer.strike(kind, victim);
        strikes.push(strike);
        const { server, noticedMs, repairedMs, rows, reason } = strike;
        console.log(
          `${kind} on the ${victim} ${server}, ${load.isWriting ? "" : "not "}writing: noticed ` +
            `after ${noticedMs} ms, ${rows} rows put right after ${repairedMs} ms (${reason})`,
        );
        if (rows >= ROWS) throw new Error("The whole table was copied for a row or two");
      }
    }
    console.log(`${load.reads} reads, ${load.wrong} wrong`);
  }
  return strikes;
}

Deno.exit(await main(tamperOptions(Deno.args)));
