/** Which port is whose in a cluster on one machine. */

const MASTER_PORT = 9090;
/** The next master's is so much higher, which leaves room for region servers in between. */
const MASTER_STEP = 100;
const REGION_PORT = 9091;

export const MASTERS_MAX = 9;
export const REGIONS_MAX = 20;
/** So that the highest port is still one. */
export const PORT_OFFSET_MAX = 55_000;

/** Masters are at 9090, 9190, 9290, … */
export function masterPort(number: number, offset: number): number {
  return MASTER_PORT + (number - 1) * MASTER_STEP + offset;
}

/** Region servers are at 9091, 9092, 9093, … */
export function regionPort(number: number, offset: number): number {
  return REGION_PORT + number - 1 + offset;
}
