/** One-row inserts into three copies, beside what else keeps one or three copies on this machine. */
import { output } from "../services/commands.ts";
import { drive, warm } from "./load/drive.ts";
import { galera } from "./load/galera.ts";
import { mariadbAlone } from "./load/mariadb_alone.ts";
import { minisql } from "./load/minisql_system.ts";
import { isWanted, type LoadOptions, loadOptions } from "./load/options.ts";
import { type Measured, ratios, sampleHead, sampleLine } from "./load/report.ts";
import { semiSync, semiSyncUnsynced } from "./load/semi_sync.ts";
import type { LoadSystem, LoadSystemKind } from "./load/system.ts";
import { CREATE_TABLE, inserts } from "./load/workload.ts";

const KINDS: readonly LoadSystemKind[] = [
  mariadbAlone,
  semiSyncUnsynced,
  semiSync,
  galera,
  minisql,
];

const WARM_SECONDS = 5;

/** `write [--seconds 5] [--clients 1,8,32,64] [--only NAME,...]` */
export async function run(args: readonly string[]): Promise<void> {
  const options = loadOptions(args, { seconds: 5, rounds: 1 });
  const cores = navigator.hardwareConcurrency;
  console.log(`inserts of one row, each a transaction, ${options.seconds} s each, ${cores} cores`);
  console.log("acknowledged is what is:");
  for (const { name, durability } of KINDS) console.log(`  ${name}: ${durability}`);
  console.log(`\n${sampleHead("write")}`);
  const measured: Measured[] = [];
  for (const kind of KINDS) {
    if (!isWanted(kind.name, options)) continue;
    const missing = await kind.missing();
    if (missing === null) measured.push(await measure(kind, options));
    else console.log(`${kind.name} is left out: ${missing}`);
  }
  const own = measured.at(-1);
  if (own === undefined) return;
  console.log("");
  for (const line of ratios(own, measured.slice(0, -1))) console.log(line);
}

async function measure(kind: LoadSystemKind, options: LoadOptions): Promise<Measured> {
  // What the system before has left to be written would be written at this one's expense.
  await output("sync", []);
  const system = await kind.start();
  try {
    return { name: kind.name, samples: await samplesOf(system, options) };
  } finally {
    await system.stop();
  }
}

async function samplesOf(system: LoadSystem, options: LoadOptions): Promise<Measured["samples"]> {
  const first = await system.connect();
  await first.run(CREATE_TABLE);
  await first.close();
  const operation = inserts();
  await warm(system, { clients: Math.max(...options.clients), seconds: WARM_SECONDS, operation });
  const samples = [];
  for (const clients of options.clients) {
    const sample = await drive(system, { clients, seconds: options.seconds, operation });
    console.log(sampleLine(system.name, sample));
    samples.push(sample);
  }
  await system.check();
  return samples;
}
