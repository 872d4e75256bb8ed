/** Which faults there are, and how often each begins in a run. */
import type { SeededRandom } from "../adapters/seeded_random.ts";

/** How often in a thousand moments each fault begins, at most. */
const FAULTS = {
  /** kill -9; the whole machine; all of them at once. */
  crash: 25,
  power: 15,
  blackout: 3,
  pause: 25,
  /** Between two hosts, both ways or one; between one and all others. */
  part: 30,
  block: 20,
  isolate: 12,
  /** A primary and one client here, everybody else there, the service too in half of them. */
  split: 15,
  slow: 20,
  reset: 30,
  /** Between a process and the coordination service, or everybody and that. */
  coordinatorCut: 20,
  coordinatorSilent: 20,
  expire: 10,
  loseReply: 40,
  /** At a server's next change of a node: more than its answer is lost. */
  falter: 30,
  lag: 15,
  serviceAway: 5,
  catalogAway: 5,
  clockJump: 20,
  diskFull: 8,
  syncFails: 5,
  slowDisk: 12,
  engineKill: 12,
  /** The database alone stops as with its machine, and is started again under the process. */
  engineLoss: 12,
  engineFull: 6,
  lostCommit: 20,
  /** Only ever on one machine of a run, so that whole copies remain. */
  tamper: 40,
  rot: 8,
  /** Not faults, but what operators do: the primary's role or a copy moves, a schema changes. */
  handOver: 15,
  move: 8,
  alter: 5,
} as const;

export type StormRates = { readonly [K in keyof typeof FAULTS]: number };

/** Each kind of fault is absent from half of the runs, so that the others are seen without it. */
export function drawRates(random: SeededRandom, without: readonly string[] = []): StormRates {
  const rates = Object.entries(FAULTS).map(([name, most]) => {
    const rate = random.next() < 0.5 ? 0 : Math.ceil(random.next() * most);
    return [name, without.includes(name) ? 0 : rate];
  });
  return Object.fromEntries(rates);
}

export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS);
