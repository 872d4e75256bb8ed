/** Each epoch of a region has one primary, which begins it once. */

/** What a region server says when it has taken over. */
const LEADS = /^Leads region (\S+) in epoch (\d+)$/;

export interface Said {
  readonly process: string;
  readonly message: string;
}

/** Of all that was reported, in order: which epoch was begun twice; null where none was. */
export function leadersFault(lines: Iterable<Said>): string | null {
  const leaders = new Map<string, string>();
  for (const { process, message } of lines) {
    const [, region, epoch] = LEADS.exec(message) ?? [];
    if (region === undefined || epoch === undefined) continue;
    const key = `${region} ${epoch}`;
    const before = leaders.get(key);
    if (before !== undefined) {
      return `epoch ${epoch} of ${region} was begun by ${before}, and again by ${process}`;
    }
    leaders.set(key, process);
  }
  return null;
}
