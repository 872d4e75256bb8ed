/** Point reads and ranges at each read level, beside a connection straight to one MariaDB. */
import { READ_LEVELS } from "../../src/protocol/calls/region.ts";
import { output } from "../services/commands.ts";
import { type Drive, drive, type Sample, warm } from "./load/drive.ts";
import { mariadbAlone } from "./load/mariadb_alone.ts";
import { minisql } from "./load/minisql_system.ts";
import { isWanted, type LoadOptions, loadOptions } from "./load/options.ts";
import { type Measured, ratios, sampleHead, sampleLine } from "./load/report.ts";
import type { LoadSystem } from "./load/system.ts";
import { typical } from "./load/typical.ts";
import { CREATE_TABLE, fill, pointReads, RANGE_ROWS, rangeReads } from "./load/workload.ts";

const ROWS = 20_000;
const WARM_SECONDS = 3;

const QUESTIONS = [
  { name: "one row by its key", operation: pointReads(ROWS) },
  { name: `${RANGE_ROWS} rows by a range of keys`, operation: rangeReads(ROWS) },
];

/**
 * `read [--seconds 0.5] [--clients 1,8,32,64] [--rounds 30] [--only NAME,...]`: names are levels,
 * or `straight`. All that is compared is there at the same time and measured in short turns, round
 * after round, since what a machine gives changes from one moment to the next.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = loadOptions(args, { seconds: 0.5, rounds: 30 });
  const cores = navigator.hardwareConcurrency;
  const { seconds, rounds } = options;
  console.log(`reads from ${ROWS} rows, median of ${rounds} x ${seconds} s, ${cores} cores`);
  const started: LoadSystem[] = [];
  try {
    const systems = await start(options, started);
    for (const { name, operation } of QUESTIONS) {
      console.log(`\n${name}\n${sampleHead("read")}`);
      const measured = await measure(systems, options, operation);
      console.log("");
      for (const [place, one] of measured.entries()) {
        for (const line of ratios(one, measured.slice(0, place))) console.log(line);
      }
    }
    for (const system of started) await system.check();
  } finally {
    for (const system of started) await system.stop();
  }
}

/** Those that are wanted, filled: straight first, then each level of one cluster. */
async function start(options: LoadOptions, started: LoadSystem[]): Promise<readonly LoadSystem[]> {
  const systems: LoadSystem[] = [];
  if (isWanted("straight", options)) {
    const alone = await mariadbAlone.start();
    started.push(alone);
    systems.push(named("straight", alone, () => alone.connect()));
  }
  const levels = READ_LEVELS.filter((level) => isWanted(level, options));
  if (levels.length > 0) {
    const cluster = await minisql.start();
    started.push(cluster);
    systems.push(...levels.map((level) => named(level, cluster, () => cluster.connect(level))));
  }
  for (const system of started) await prepare(system);
  return systems;
}

async function prepare(system: LoadSystem): Promise<void> {
  const connection = await system.connect();
  await connection.run(CREATE_TABLE);
  await fill(connection, ROWS);
  await connection.close();
  await output("sync", []);
}

/** The same system by another name, asked in one way. */
function named(name: string, system: LoadSystem, connect: LoadSystem["connect"]): LoadSystem {
  return {
    name,
    // They may change with a restart.
    get processes() {
      return system.processes;
    },
    connect,
    check: () => system.check(),
    stop: () => system.stop(),
  };
}

async function measure(
  systems: readonly LoadSystem[],
  { clients, seconds, rounds }: LoadOptions,
  operation: Drive["operation"],
): Promise<readonly Measured[]> {
  for (const system of systems) {
    await warm(system, { clients: Math.max(...clients), seconds: WARM_SECONDS, operation });
  }
  const measured = systems.map(({ name }) => ({ name, samples: [] as Sample[] }));
  for (const count of clients) {
    const samples = systems.map((): Sample[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, system] of systems.entries()) {
        samples[at]?.push(await drive(system, { clients: count, seconds, operation }));
      }
    }
    for (const [at, { name, samples: each }] of measured.entries()) {
      const sample = typical(samples[at] ?? []);
      each.push(sample);
      console.log(sampleLine(name, sample));
    }
  }
  return measured;
}
