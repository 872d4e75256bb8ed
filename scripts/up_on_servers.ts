/**
 * What `minisql up` runs in one process, as separate processes of ./minisql on private ZooKeeper and
 * MariaDB servers: for `scripts/up --engine mysql --coordinator zookeeper`.
 */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { masterPort, MASTERS_MAX, regionPort, REGIONS_MAX } from "../src/cli/up/ports.ts";
import { writeReady } from "../src/cli/up/ready_file.ts";
import { createRunFolder, removeFolder } from "./services/run_folder.ts";
import { ServiceError } from "./services/service_error.ts";
import { ensureInstalled } from "./services/install.ts";
import { addressOf, ServerCluster } from "./up_on_servers/server_cluster.ts";
import { loadSample } from "./up_on_servers/sample.ts";

const USAGE = `A cluster of separate processes, on private servers of this machine.

  scripts/up --engine mysql --coordinator zookeeper [options]

  --engine mysql|sqlite      what copies are kept in: a MariaDB server for each, or files (mysql)
  --coordinator zookeeper    processes of their own need it, so it is always this
  --masters N, --regions N   how many (1 and 3)
  --data DIR                 keep everything there; without it data is gone at the end
  --port-offset N            add so much to each port
  --sample none|shop         tables to play with (shop with a shell, none without)
  --ready-file FILE          written as JSON once the cluster can be used
  --no-shell                 open no shell, also at a terminal`;

interface Options {
  readonly engine: "mysql" | "sqlite";
  readonly masters: number;
  readonly regions: number;
  readonly data: string | null;
  readonly portOffset: number;
  readonly sample: "none" | "shop" | null;
  readonly readyFile: string | null;
  readonly shell: boolean;
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: "string", default: "mysql" },
      coordinator: { type: "string", default: "zookeeper" },
      masters: { type: "string", default: "1" },
      regions: { type: "string", default: "3" },
      data: { type: "string" },
      "port-offset": { type: "string", default: "0" },
      sample: { type: "string" },
      "ready-file": { type: "string" },
      shell: { type: "boolean", default: true },
      help: { type: "boolean", short: "?" },
    },
    allowNegative: true,
  });
  if (values.help === true) return null;
  oneOf("--coordinator", values.coordinator, ["zookeeper"]);
  return {
    engine: oneOf("--engine", values.engine, ["mysql", "sqlite"]),
    masters: count("--masters", values.masters, 1, MASTERS_MAX),
    regions: count("--regions", values.regions, 1, REGIONS_MAX),
    data: values.data ?? null,
    portOffset: count("--port-offset", values["port-offset"], 0, 55_000),
    sample: values.sample === undefined ? null : oneOf("--sample", values.sample, ["none", "shop"]),
    readyFile: values["ready-file"] ?? null,
    shell: values.shell,
  };
}

function oneOf<const T extends string>(flag: string, text: string, values: readonly T[]): T {
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  throw new ServiceError(`Cannot use ${flag}="${text}": it must be ${values.join(" or ")}`);
}

function count(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new ServiceError(`Cannot use ${flag}="${text}": it must be a number from ${min} to ${max}`);
}

/** Runs it all, and answers with the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  const told = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => told.resolve(signal));
  }
  await ensureInstalled();
  const temporary = options.data === null ? await createRunFolder("up") : null;
  const folder = temporary ?? resolve(options.data ?? ".");
  try {
    return await runIn(folder, options, told.promise);
  } finally {
    if (temporary !== null) await removeFolder(temporary);
  }
}

async function runIn(folder: string, options: Options, told: Promise<string>): Promise<number> {
  const hasShell = options.shell && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  const { portOffset } = options;
  const started = performance.now();
  await using cluster = await ServerCluster.start({
    folder,
    isKept: options.data !== null,
    engine: options.engine,
    masterPorts: range(options.masters).map((number) => masterPort(number, portOffset)),
    regionPorts: range(options.regions).map((number) => regionPort(number, portOffset)),
    say: (line) => console.log(line),
  });
  const sample = options.sample ?? (hasShell ? "shop" : "none");
  if (sample === "shop") await loadSample(cluster.masters.map(({ address }) => address));
  const masters = cluster.masters.map(addressOf).join(",");
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`The cluster is ready after ${seconds} s, in ${folder}. Each pid may be killed:`);
  console.log(`  kill -9 ${cluster.regions[0]?.pid}; ./minisql events --masters ${masters}`);
  if (!hasShell) console.log(`  ./minisql shell --masters ${masters}`);
  await tellReady(options.readyFile, cluster, folder);
  try {
    if (!hasShell) {
      console.log(`${await told}: stopping`);
      return 0;
    }
    return await cluster.shell();
  } finally {
    if (options.readyFile !== null) await removeFolder(options.readyFile);
  }
}

async function tellReady(
  path: string | null,
  cluster: Pick<ServerCluster, "masters" | "regions">,
  data: string,
): Promise<void> {
  if (path === null) return;
  await writeReady(path, {
    pid: Deno.pid,
    cluster: "minisql",
    masters: cluster.masters.map(addressOf),
    regions: cluster.regions.map(addressOf),
    data,
  });
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, at) => at + 1);
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  const isExpected = error instanceof ServiceError || error instanceof TypeError &&
      "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  console.error(isExpected ? `scripts/up: ${(error as Error).message}` : error);
  Deno.exit(isExpected ? 2 : 1);
}
