/**
 * What every server's log holds, on disk and on its way there: what has one epoch and position is
 * one entry everywhere, with the same before it; what was acknowledged is on disk; and whoever has
 * promised an epoch acknowledges nothing of an older one.
 */

export interface BookedEntry {
  readonly epoch: number;
  readonly seq: number;
  readonly body: string;
}

/** One region's log on one server. */
export class BookedLog {
  readonly entries = new Map<number, BookedEntry>();
  /** The position before the first entry, and where the log ends. */
  base = 0;
  baseEpoch = 0;
  last = 0;
  /** Entries up to it are asked for by nobody any more, whether or not they are there. */
  letGo = 0;
  promised = 0;

  epochAt(seq: number): number | null {
    if (seq === this.base) return this.baseEpoch;
    return this.entries.get(seq)?.epoch ?? null;
  }

  append(entry: BookedEntry): void {
    this.entries.set(entry.seq, entry);
    this.last = entry.seq;
  }

  cut(seq: number): void {
    for (let at = this.last; at > seq; at--) this.entries.delete(at);
    this.last = Math.min(this.last, seq);
  }

  reset(seq: number, epoch: number): void {
    this.entries.clear();
    this.base = this.last = seq;
    this.baseEpoch = epoch;
  }
}

interface Known {
  readonly body: string;
  readonly previous: number | null;
  readonly server: string;
}

export class LogBook {
  readonly #known = new Map<string, Known>();
  /** The highest epoch each server has answered in, by region. */
  readonly #promised = new Map<string, number>();

  /** An entry has been appended behind one of that epoch. What is wrong, or null. */
  appended(
    server: string,
    region: string,
    entry: BookedEntry,
    previous: number | null,
  ): string | null {
    const key = `${region} ${entry.epoch} ${entry.seq}`;
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, { body: entry.body, previous, server });
      return null;
    }
    const place = `entry ${entry.seq} of epoch ${entry.epoch} in ${region}`;
    if (known.body !== entry.body) {
      return `${place} is one thing on ${known.server} and another on ${server}`;
    }
    if (previous !== null && known.previous !== null && previous !== known.previous) {
      return `${place} comes after epoch ${known.previous} on ${known.server} and after ` +
        `${previous} on ${server}`;
    }
    return null;
  }

  /** A server has answered the primary of an epoch. What is wrong, or null. */
  answered(server: string, region: string, epoch: number): string | null {
    const key = `${server} ${region}`;
    const promised = this.#promised.get(key) ?? 0;
    if (epoch < promised) {
      return `${server} answered in epoch ${epoch} of ${region} after epoch ${promised}`;
    }
    this.#promised.set(key, epoch);
    return null;
  }

  /** What a server once promised counts as long as its disk does; a wiped one begins anew. */
  forget(server: string): void {
    for (const key of this.#promised.keys()) {
      if (key.startsWith(`${server} `)) this.#promised.delete(key);
    }
  }
}

/** Whether two logs agree as far as both go and it is committed; in words where not. */
export function matchFault(
  region: string,
  one: { readonly server: string; readonly log: BookedLog },
  other: { readonly server: string; readonly log: BookedLog },
  committed: number,
): string | null {
  const from = Math.max(...[one, other].flatMap(({ log }) => [log.base, log.letGo])) + 1;
  const to = Math.min(one.log.last, other.log.last, committed);
  for (let seq = from; seq <= to; seq++) {
    const [left, right] = [one.log.entries.get(seq), other.log.entries.get(seq)];
    if (left?.epoch === right?.epoch && left?.body === right?.body) continue;
    return `the logs of ${one.server} and ${other.server} part at ${seq} of ${region}, which is ` +
      `committed: epochs ${left?.epoch ?? "none"} and ${right?.epoch ?? "none"}`;
  }
  return null;
}
