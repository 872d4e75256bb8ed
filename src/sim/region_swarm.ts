/** One seed: a whole cluster, its own mix of faults, a stormy phase, a calm one, a verdict. */
import { SeededRandom } from "../adapters/seeded_random.ts";
import type { ClusterEvent } from "../protocol/events.ts";
import type { RegionState } from "../protocol/model.ts";
import type { ReadLevel } from "../protocol/calls/region.ts";
import type { RegionLimits } from "../region/limits.ts";
import { accusationFault } from "./checks/accusations.ts";
import { leadersFault, type Said } from "./checks/leaders.ts";
import { RegionCluster, type RegionClusterOptions } from "./region_cluster.ts";
import type { RegionHost } from "./region_host.ts";
import type { ReadQuestion } from "./region_history.ts";
import { copiesFault, historyFault, unsettled } from "./region_outcome.ts";
import { RegionStorm } from "./region_storm.ts";
import { CLIENTS, LISTS, PROOF, REGISTERS } from "./region_workload.ts";
import type { RunOptions as SeedOptions, RunReport } from "./master_swarm.ts";
import { drawRates } from "./storm_rates.ts";
import { refuse, Violation } from "./violation.ts";
import { World } from "./world.ts";

export interface RegionRunOptions extends Omit<SeedOptions, "defects"> {
  readonly spoil?: RegionClusterOptions["spoil"];
  /** Kinds of faults that are left out, to see what the others do. */
  readonly without?: readonly string[];
}

const SESSION_MS = 2000;
const START_MS = 20_000;
const STORM_MS = 5000;
const CALM_MS = 60_000;
/** What a message to the coordination service takes, by seed: nothing is quickest to simulate. */
const COORDINATION_MS = [0, 1, 0, 40, 0, 150];
/** So many lines are held up at most, by up to so long. */
const JITTER_SHARE_MAX = 0.05;
const JITTER_MS = 150;
/** For so long writes may stand still when a server is lost: it is noticed, and the client goes on. */
const CORE_MS = 15_000;
/** Between two looks at whether a cluster has settled. */
const LOOK_MS = 50;
/** Of what a database does; the rest takes no time, so that runs are short. */
const SLOW_OPERATIONS = 0.2;
/** In so many runs one server stays away when the others have calmed down. */
const STRAGGLERS = 0.3;

export async function runRegionSeed(options: RegionRunOptions): Promise<RunReport> {
  const { seed, settle, echo, spoil } = options;
  const world = new World({
    ...{ seed, settle, sessionTimeoutMs: SESSION_MS, delayMs: [0.3, 2] },
    coordinationMs: COORDINATION_MS[seed % COORDINATION_MS.length] ?? 0,
  });
  if (echo !== undefined) world.listen(echo);
  const shape = drawShape(world.random);
  const rates = drawRates(world.random, options.without);
  const settings = JSON.stringify({ ...shape.told, ...rates });
  world.trace(settings);
  world.network.jitter(shape.told.jitter, JITTER_MS);
  const cluster = new RegionCluster(world, { ...shape.options, ...(spoil ? { spoil } : {}) });
  const storm = new RegionStorm(cluster, rates);
  // An operator who ends sessions by force makes two masters believe in themselves for a while.
  if (rates.expire === 0) world.always(() => checkOneMaster(cluster));
  const violation = await verdict(cluster, storm);
  await cluster.workload.close();
  world.close();
  return {
    ...{ seed, settings, violation },
    digest: world.digest,
    steps: world.steps,
    virtualMs: world.clock.now(),
    faults: storm.faults,
  };
}

/** What kind of cluster it is, and how hard it works. */
function drawShape(random: SeededRandom): {
  readonly options: RegionClusterOptions;
  readonly told: { readonly jitter: number };
} {
  const told = {
    masters: 1 + Math.floor(random.next() * 2),
    servers: random.next() < 0.8 ? 3 : 4,
    sessions: 2 + Math.floor(random.next() * 3),
    thinkMs: 80 + Math.floor(random.next() * 250),
    entriesKept: random.next() < 0.5 ? 2000 : 10,
    databaseMs: random.next() < 0.5 ? 0 : random.next() * 8,
    syncMs: random.next() < 0.5 ? 0 : random.next() * 5,
    jitter: random.next() < 0.5 ? 0 : random.next() * JITTER_SHARE_MAX,
    readers: random.next() < 0.5 ? 0 : 1,
  };
  const { entriesKept, databaseMs, ...rest } = told;
  const own = new SeededRandom(Math.floor(random.next() * 2 ** 50));
  const limits: Partial<RegionLimits> = {
    ...{ entriesKept, checkpointMs: 2000, transactionIdleMs: 3000, rereadMs: 2000 },
  };
  const isSlow = () => databaseMs > 0 && own.next() < SLOW_OPERATIONS;
  const options = { ...rest, limits, databaseMs: () => isSlow() ? databaseMs * own.next() : 0 };
  return { options, told };
}

async function verdict(cluster: RegionCluster, storm: RegionStorm): Promise<Violation | null> {
  const { world, workload } = cluster;
  try {
    for (const process of cluster.processes) cluster.start(process);
    await begin(cluster);
    workload.start();
    await storm.blow(STORM_MS);
    storm.calm();
    if (world.random.next() < STRAGGLERS) await core(cluster);
    workload.stop();
    await settled(cluster);
    await ended(cluster);
    await jobsDone(cluster);
    await proveService(cluster);
    await settled(cluster);
    refuse("safety", copiesFault(cluster));
    refuse("safety", historyFault(cluster));
    refuse("safety", leadersFault(said(cluster)));
    if (!wasTampered(cluster)) refuse("safety", accusationFault(told(cluster)));
    checkReports(cluster);
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  } finally {
    world.trace("over");
  }
}

/** Work that takes its time in the made-up world; raises its error. */
async function within<T>(
  cluster: RegionCluster,
  what: string,
  work: Promise<T>,
  limitMs: number,
): Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
  work.then((value) => outcome = { value }, (error) => outcome = { error });
  await cluster.world.until(() => outcome !== null, limitMs);
  const ended = outcome as { readonly value: T } | { readonly error: unknown } | null;
  if (ended === null) throw new Violation("liveness", `${what} takes longer than ${limitMs} ms`);
  if ("value" in ended) return ended.value;
  if (ended.error instanceof Violation) throw ended.error;
  throw new Violation("liveness", `${what} fails: ${(ended.error as Error).message}`);
}

/** Before the storm: the master knows all servers, all tables are made, the first rows are in. */
async function begin(cluster: RegionCluster): Promise<void> {
  const { hosts, workload, world } = cluster;
  const { admin } = workload.client;
  await goesOn(cluster, "all servers join", async () => {
    const { servers } = await admin.master("servers", {}, { timeoutMs: 5000 });
    if (servers.filter(({ status }) => status === "online").length === hosts.length) return;
    await world.clock.sleep(LOOK_MS);
    throw new Error("some are not online");
  });
  await within(cluster, "making tables", workload.prepare(), START_MS);
}

async function settled(cluster: RegionCluster): Promise<void> {
  const { world } = cluster;
  const until = world.clock.now() + CALM_MS;
  let why = unsettled(cluster);
  while (why !== null && world.clock.now() < until) {
    await world.advance(LOOK_MS);
    why = unsettled(cluster);
  }
  if (why !== null) throw new Violation("liveness", `${why}, ${CALM_MS} ms after the storm`);
}

/**
 * While one server stays away for good, be it dead, held or cut off, the others must go on without
 * it: they elect, they copy, they take writes. Then it comes back.
 */
async function core(cluster: RegionCluster): Promise<void> {
  const { world, hosts, workload } = cluster;
  const { network, random } = world;
  const pick = <T>(items: readonly T[]) => items[Math.floor(random.next() * items.length)] as T;
  const straggler = hosts.find((host) => isLacking(cluster, host)) ?? pick(hosts);
  const { process, name } = straggler;
  const names = [...cluster.processes.map((each) => each.name), ...CLIENTS];
  const how = pick(["dead", "held", "cut off"]);
  world.trace(`${name} is ${how} for good`);
  if (how === "dead") straggler.crash();
  else if (how === "held") process.pause();
  else for (const other of names) if (other !== name) network.part(name, other);
  const session = workload.client.session();
  const since = world.clock.now();
  for (const [at, sql] of PROOFS.entries()) {
    await goesOn(cluster, `a write without ${name}`, () => session.query(`${sql} -- core ${at}`));
  }
  const took = world.clock.now() - since;
  world.trace(`writes go on after ${took.toFixed(0)} ms`);
  if (took > CORE_MS) {
    throw new Violation("liveness", `writes without ${name} take ${took.toFixed(0)} ms to go on`);
  }
  network.mendAll();
  process.resume();
  straggler.start();
}

/**
 * Of three copies one may be wrong, or away: with both at once nobody can tell what is right. With a
 * log that was damaged, and not copied anew yet, the one that is away may be the last to have all.
 */
function isLacking({ regions }: RegionCluster, host: RegionHost): boolean {
  const { rid, incarnation, tampered, isLogHurt } = host;
  const isInSync = ({ isr }: RegionState) =>
    isr.some((member) => member.rid === rid && member.incarnation === incarnation);
  return tampered.size > 0 || (isLogHurt && !regions.every(isInSync));
}

/** Tries again and again until it is done once. */
async function goesOn(
  cluster: RegionCluster,
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  let done = false;
  let last = "";
  const until = cluster.world.clock.now() + CALM_MS;
  while (!done) {
    const attempt = work().then(() => done = true, (error) => last = (error as Error).message);
    await within(cluster, what, attempt, CALM_MS);
    if (!done && cluster.world.clock.now() > until) {
      throw new Violation("liveness", `${what} fails for ${CALM_MS} ms: ${last}`);
    }
  }
}

/** What operators have ordered has ended, well or not. */
async function jobsDone(cluster: RegionCluster): Promise<void> {
  const { admin } = cluster.workload.client;
  await goesOn(cluster, "all jobs end", async () => {
    const { jobs } = await admin.master("jobs", {}, { timeoutMs: 5000 });
    const job = jobs.find(({ state }) => state === "running");
    if (job === undefined) return;
    await cluster.world.clock.sleep(500);
    throw new Error(`job ${job.id}, ${job.kind} of ${job.subject}, is not finished`);
  });
}

/** Every request has ended, one way or another. */
async function ended({ world, workload: { history } }: RegionCluster): Promise<void> {
  if (await world.until(() => history.ended === history.begun, 10_000)) return;
  throw new Violation("liveness", `${history.begun - history.ended} requests have not ended`);
}

/** Writes to each region, to rows that nothing else depends on. */
const PROOFS = [
  `UPDATE reg SET n = n + 1 WHERE id = ${PROOF}`,
  `UPDATE lst SET v = CONCAT(v, '.') WHERE id = ${PROOF}`,
  "INSERT INTO tok (token, made) VALUES ('proof', '')",
  "DELETE FROM tok WHERE token = 'proof'",
];

/** In the calm every region is written and read, at every level. */
async function proveService(cluster: RegionCluster): Promise<void> {
  const { workload } = cluster;
  const session = workload.client.session();
  for (const sql of PROOFS) {
    await within(cluster, `the write ${sql}`, session.query(sql), 10_000);
  }
  const registers = REGISTERS.map((id) => ({ kind: "register", id } as const));
  const lists = LISTS.map((id) => ({ kind: "list", id } as const));
  const questions: readonly (readonly [ReadLevel, ReadQuestion])[] = [
    ...[...registers, ...lists].map((what) => ["latest", what] as const),
    ["recount", { kind: "bank" }],
    ["recount", { kind: "tokens" }],
    ["voted", { kind: "tokens" }],
    ["fast", { kind: "bank" }],
  ];
  for (const [level, what] of questions) {
    const asked = workload.ask("end", session, what, level);
    if (await within(cluster, `a ${level} read`, asked, 10_000)) continue;
    throw new Violation("liveness", `a ${level} read of ${what.kind} fails in the calm`);
  }
  for (const level of ["fast", "voted", "latest"] as const) {
    const asked = workload.askBoth("end", session, level);
    if (await within(cluster, `a ${level} read of both regions`, asked, 10_000)) continue;
    throw new Violation("liveness", `a ${level} read of both regions fails in the calm`);
  }
}

/** At no instant would two masters act. */
function checkOneMaster({ acting }: RegionCluster): void {
  if (acting.length > 1) throw new Violation("safety", `${acting.join(" and ")} would both act`);
}

/** Rows were changed behind a server's back, be they put right again or not. */
function wasTampered({ hosts }: RegionCluster): boolean {
  return hosts.some(({ tampered, repairedAt }) => tampered.size + repairedAt.size > 0);
}

function told({ world: { reporter } }: RegionCluster): readonly ClusterEvent[] {
  return reporter.events.map(({ event }) => event);
}

function said({ world: { reporter } }: RegionCluster): readonly Said[] {
  return reporter.lines.map(({ message, fields }) => ({
    process: String(fields["process"]),
    message,
  }));
}

/** Nobody has come upon a defect of its own. */
function checkReports({ world }: RegionCluster): void {
  const defect = world.reporter.lines.find(({ message }) => message.startsWith("A defect"));
  if (defect === undefined) return;
  const { message, fields } = defect;
  throw new Violation("safety", `${message}: ${(fields["error"] as Error | undefined)?.stack}`);
}
