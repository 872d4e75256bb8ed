/** A cluster from its start to its end, in this process or in one of its own. */
import { FileDisk } from "../../adapters/file_disk.ts";
import { SystemClock } from "../../adapters/system_clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { CommandContext } from "../command.ts";
import { formatAddress } from "../../cluster/address.ts";
import { type LOG_FLAGS, openLogging } from "../logging.ts";
import type { ConfigOf } from "../flags.ts";
import { detach } from "./detach.ts";
import { EmbeddedCluster } from "./embedded_cluster.ts";
import { useCluster } from "./use.ts";
import { InterruptCounter } from "./interrupt_counter.ts";
import { masterPort } from "./ports.ts";
import { readFrom, writeReady } from "./ready_file.ts";
import { type OwnRecord, type Records, removeIfThere } from "./records.ts";
import { self } from "./self.ts";

export interface UpConfig extends ConfigOf<typeof LOG_FLAGS> {
  readonly masters: number;
  readonly regions: number;
  readonly data: string | null;
  readonly portOffset: number;
  readonly sample: "none" | "shop" | null;
  readonly readyFile: string | null;
  readonly shell: boolean;
  readonly engine: "sqlite" | "mysql";
  readonly coordinator: "memory" | "zookeeper";
  readonly cluster: string;
  readonly logFile: string | null;
}

/** Where everything is, and whether it goes with the cluster. */
interface Data {
  readonly path: string;
  readonly temporary: boolean;
}

/** Starts a cluster, lets it be used until that ends, and stops it. */
export async function runUp(
  config: UpConfig,
  context: CommandContext,
  records: Records,
): Promise<void> {
  const { out, process } = context;
  const hasShell = config.shell && Deno.stdin.isTerminal() && out.terminal.isTerminal;
  const clock = new SystemClock();
  await using ending = new AsyncDisposableStack();
  // Let go of last of all: until then it is there, for those who wait for its end.
  let record: OwnRecord | null = null;
  ending.defer(() => record?.close());
  const data = await openData(config.data);
  if (data.temporary) {
    process.onExit(() => removeIfThere(data.path));
    ending.defer(() => removeIfThere(data.path));
  }
  // The whole folder, before any part of it is opened.
  const lock = await FileDisk.open(data.path);
  ending.defer(() => lock.close());
  const logFile = config.logFile ?? (hasShell ? `${data.path}/minisql.log` : null);
  const { reporter } = openLogging(config, context, logFile);
  const started = clock.now();
  const pressed = new InterruptCounter();
  ending.defer(() => pressed.close());
  const deps = {
    ...{ clock, reporter, interrupts: () => pressed.count },
    ready: (line: string) => out.line(line),
  };
  const cluster = await EmbeddedCluster.start(deps, { ...config, folder: data.path })
    .catch(adviseOnPorts);
  ending.defer(() => cluster.stop());
  const masters = cluster.masterAddresses.map(formatAddress);
  record = await records.write(masterPort(1, config.portOffset), {
    ...{ pid: Deno.pid, cluster: config.cluster, masters, regions: config.regions },
    since: Math.floor(clock.wallMicros() / 1000),
    data: data.path,
    temporary: data.temporary,
    log: logFile,
  }).catch((error) => {
    if (!(error instanceof MinisqlError)) throw error;
    reporter.log("warning", `${error.message}; minisql up ls does not list it`);
    return null;
  });
  await out.line(readyLine(clock.now() - started, data));
  const sample = config.sample ?? (hasShell ? "shop" : "none");
  try {
    const ready = () => tellReady(config, cluster, data);
    await useCluster(cluster, { context, clock, hasShell, sample, ready });
  } finally {
    if (config.readyFile !== null) await removeIfThere(config.readyFile);
    const often = hasShell ? "twice" : "again";
    if (out.terminal.isTerminal) await out.line(`Stopping; Ctrl-C ${often} ends it at once`);
  }
}

async function tellReady(
  { readyFile, cluster: name }: UpConfig,
  cluster: EmbeddedCluster,
  data: Data,
): Promise<void> {
  if (readyFile === null) return;
  await writeReady(readyFile, {
    pid: Deno.pid,
    cluster: name,
    masters: cluster.masterAddresses.map(formatAddress),
    regions: cluster.regions.flatMap(({ address }) => address ?? []).map(formatAddress),
    data: data.path,
  });
}

function adviseOnPorts(error: unknown): never {
  if (!(error instanceof MinisqlError) || !/the address is in use/.test(error.message)) throw error;
  throw new MinisqlError(
    error.code,
    `${error.message}. Does another cluster run here (minisql up ls)? --port-offset 1000 gives ` +
      "this one other ports",
    { cause: error },
  );
}

function readyLine(ms: number, { path, temporary }: Data): string {
  const fate = temporary
    ? `Its data, in ${path}, is gone when it ends; --data DIR keeps it.`
    : `Its data is kept in ${path}.`;
  return `The cluster is ready after ${(ms / 1000).toFixed(2)} s. ${fate}`;
}

async function openData(asked: string | null): Promise<Data> {
  if (asked === null) {
    return { path: await Deno.makeTempDir({ prefix: "minisql-up-" }), temporary: true };
  }
  await Deno.mkdir(asked, { recursive: true });
  return { path: await Deno.realPath(asked), temporary: false };
}

/** Starts a cluster in the background, and says how it is reached and ended. */
export async function startDetached(
  config: UpConfig,
  { out, environment, process }: CommandContext,
  records: Records,
): Promise<void> {
  const port = masterPort(1, config.portOffset);
  const { readyFile, logFile } = await records.filesFor(port);
  const own = config.readyFile ?? readyFile;
  await removeIfThere(own);
  const program = self(environment);
  const pid = await detach({
    clock: new SystemClock(),
    self: program,
    args: argsOf(config),
    readyFile: own,
    logFile: config.logFile ?? logFile,
    signal: process.stop,
  });
  const ready = await readFrom(own);
  const masters = ready?.masters.join(",") ?? "";
  await out.line(`The cluster is ready: pid ${pid}, masters ${masters}, data in ${ready?.data}`);
  await out.line(`  ${program.name} shell --masters ${masters}`);
  await out.line(`  ${program.name} up stop ${port}`);
}

/** The configuration as it is given to another process. */
function argsOf(config: UpConfig): readonly string[] {
  return [
    ...["--cluster", config.cluster],
    ...["--masters", String(config.masters), "--regions", String(config.regions)],
    ...["--port-offset", String(config.portOffset)],
    ...["--log-level", config.logLevel, "--log-format", config.logFormat],
    ...(config.data === null ? [] : ["--data", config.data]),
    ...(config.sample === null ? [] : ["--sample", config.sample]),
  ];
}
