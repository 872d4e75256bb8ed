/** Names of segment files: their number, padded so that they sort. */

const NAME = /^(\d{8,15})\.log$/;

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, "0")}.log`;
}

/** The number of a segment file; null for any other file. */
export function segmentNumber(name: string): number | null {
  const match = NAME.exec(name);
  const segment = Number(match?.[1] ?? 0);
  return segment > 0 && segmentName(segment) === name ? segment : null;
}
