/** Point reads and ranges at each read level, beside a connection straight to one MariaDB. */
import { READ_LEVELS, type ReadLevel } from "../../src/protocol/calls/region.ts";
import { output } from "../services/commands.ts";
import { drive, warm } from "./load/drive.ts";
import { mariadbAlone } from "./load/mariadb_alone.ts";
import { minisql, type MinisqlSystem } from "./load/minisql_system.ts";
import { isWanted, type LoadOptions, loadOptions } from "./load/options.ts";
import { type Measured, ratios, sampleHead, sampleLine } from "./load/report.ts";
import type { LoadSystem } from "./load/system.ts";
import { CREATE_TABLE, fill, pointReads, RANGE_ROWS, rangeReads } from "./load/workload.ts";

const ROWS = 20_000;
const WARM_SECONDS = 3;

const QUESTIONS = [
  { name: "one row by its key", operation: pointReads(ROWS) },
  { name: `${RANGE_ROWS} rows by a range of keys`, operation: rangeReads(ROWS) },
];

/** `read [--seconds 5] [--clients 1,8,32,64] [--only NAME,...]`: names are levels, or `straight`. */
export async function run(args: readonly string[]): Promise<void> {
  const options = loadOptions(args);
  const cores = navigator.hardwareConcurrency;
  console.log(`reads from ${ROWS} rows, ${options.seconds} s each, ${cores} cores`);
  const straight = await measureStraight(options);
  const levels = await measureLevels(options);
  for (const [at, { name }] of QUESTIONS.entries()) {
    const one = straight.flatMap((each) => each[at] ?? []);
    const own = levels.flatMap((each) => each[at] ?? []);
    console.log(`\n${name}`);
    for (const [place, level] of own.entries()) {
      for (const line of ratios(level, [...one, ...own.slice(0, place)])) console.log(line);
    }
  }
}

async function measureStraight(options: LoadOptions): Promise<Measured[][]> {
  if (!isWanted("straight", options)) return [];
  const system = await mariadbAlone.start();
  try {
    await prepare(system);
    return [await answersOf("straight", system, options)];
  } finally {
    await system.stop();
  }
}

async function measureLevels(options: LoadOptions): Promise<Measured[][]> {
  const wanted = READ_LEVELS.filter((level) => isWanted(level, options));
  if (wanted.length === 0) return [];
  const system = await minisql.start();
  try {
    await prepare(system);
    const measured: Measured[][] = [];
    for (const level of wanted) {
      measured.push(await answersOf(level, atLevel(system, level), options));
    }
    await system.check();
    return measured;
  } finally {
    await system.stop();
  }
}

async function prepare(system: LoadSystem): Promise<void> {
  const connection = await system.connect();
  await connection.run(CREATE_TABLE);
  await fill(connection, ROWS);
  await connection.close();
  await output("sync", []);
}

/** The same cluster, asked at one level. */
function atLevel(system: MinisqlSystem, level: ReadLevel): LoadSystem {
  return {
    name: level,
    // They may change with a restart.
    get processes() {
      return system.processes;
    },
    connect: () => system.connect(level),
    check: () => system.check(),
    stop: () => system.stop(),
  };
}

/** What it measured for each question. */
async function answersOf(
  name: string,
  system: LoadSystem,
  options: LoadOptions,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const { name: question, operation } of QUESTIONS) {
    console.log(`\n${question}\n${sampleHead("read")}`);
    const clients = Math.max(...options.clients);
    await warm(system, { clients, seconds: WARM_SECONDS, operation });
    const samples = [];
    for (const clients of options.clients) {
      const sample = await drive(system, { clients, seconds: options.seconds, operation });
      console.log(sampleLine(name, sample));
      samples.push(sample);
    }
    measured.push({ name, samples });
  }
  return measured;
}
