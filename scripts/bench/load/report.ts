/** Samples as tables: what each system did, and how one stands to the others. */
import type { Sample } from "./drive.ts";

export interface Measured {
  readonly name: string;
  readonly samples: readonly Sample[];
}

const NAME_WIDTH = 22;
const CELL_WIDTH = 11;

function line(name: string, cells: readonly string[], note = ""): string {
  const padded = cells.map((cell) => cell.padStart(CELL_WIDTH)).join("");
  return `${name.padEnd(NAME_WIDTH)}${padded}${note === "" ? "" : `  ${note}`}`;
}

export function sampleHead(unit: string): string {
  return line("", ["clients", `${unit}/s`, "p50 ms", "p99 ms"], `CPU microseconds a ${unit}`);
}

export function sampleLine(name: string, { clients, perSecond, p50, p99, cpuMicros }: Sample) {
  const cells = [String(clients), whole(perSecond), p50.toFixed(2), p99.toFixed(2)];
  const cpu = [...cpuMicros].map(([process, micros]) => `${process} ${whole(micros)}`);
  return line(name, cells, cpu.join(", "));
}

/** How `own` stands to each of the others with the same number of clients: above 1 is more. */
export function* ratios(own: Measured, others: readonly Measured[]): Iterable<string> {
  const of = (what: string, value: (sample: Sample) => number) =>
    others.map((other) => {
      const cells = own.samples.map((sample) => {
        const beside = other.samples.find(({ clients }) => clients === sample.clients);
        return beside === undefined ? "" : `x${(value(sample) / value(beside)).toFixed(2)}`;
      });
      return line(`  ${other.name}`, cells, what);
    });
  yield line(`${own.name} against`, own.samples.map(({ clients }) => `${clients} clients`));
  yield* of("throughput", ({ perSecond }) => perSecond);
  yield* of("p50", ({ p50 }) => p50);
  yield* of("p99", ({ p99 }) => p99);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
