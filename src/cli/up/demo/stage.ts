/** What a demonstration has to do with: the cluster, somebody who uses it, and somebody who watches. */
import type { Client } from "../../../client/api.ts";
import type { Clock } from "../../../ports/clock.ts";
import { MinisqlError } from "../../../protocol/errors.ts";
import type { ClusterEvent } from "../../../protocol/events.ts";
import type { EmbeddedCluster } from "../embedded_cluster.ts";
import type { Member } from "../member.ts";
import { isInSync, leaderIn, type RegionLayout, regionsIn } from "./layout.ts";
import { duration, list, type Names, told } from "./words.ts";

export interface StageParts {
  readonly cluster: EmbeddedCluster;
  readonly client: Client;
  readonly clock: Clock;
}

/** Shows one line. */
export type Say = (line: string) => Promise<void>;

/** Something shown while it happens: what the cluster tells of itself comes with its time. */
export interface Scene {
  readonly signal: AbortSignal;
  /** A line of the narrator's own, with the time since the scene began. */
  tell(line: string): void;
  /** Milliseconds since the scene began. */
  elapsed(): number;
  /** Resolves when the condition holds; false when it does not within the limit. */
  until(
    condition: () => boolean | Promise<boolean>,
    limitMs: number,
    everyMs?: number,
  ): Promise<boolean>;
}

const LOOK_EVERY_MS = 20;
/** One that leads answers at once. */
const LEADS_MS = 300;
const TIME_WIDTH = 9;

export class Stage implements Names {
  readonly cluster: EmbeddedCluster;
  readonly client: Client;
  readonly clock: Clock;

  constructor({ cluster, client, clock }: StageParts) {
    this.cluster = cluster;
    this.client = client;
    this.clock = clock;
  }

  server(rid: number): string {
    return this.cluster.memberOf(rid)?.name ?? `server ${rid}`;
  }

  tables(region: string): string {
    const found = this.regions().find(({ state }) => state.region === region);
    return found === undefined ? `region ${region}` : list(found.tables);
  }

  regions(): readonly RegionLayout[] {
    return regionsIn(this.cluster.tree);
  }

  /** The master that leads, as far as it is published. */
  leader(): Member | null {
    const id = leaderIn(this.cluster.tree);
    const member = this.cluster.masters.find(({ name }) => name === id);
    return member?.state === "running" ? member : null;
  }

  /** The name of the master that leads, from its own mouth; null where none answers. */
  async leads(): Promise<string | null> {
    try {
      const { master } = await this.client.admin.master("status", {}, { timeoutMs: LEADS_MS });
      return master.id;
    } catch (error) {
      if (error instanceof MinisqlError) return null;
      throw error;
    }
  }

  /** Whether the server is in sync wherever it has a copy. */
  isInSync(rid: number): boolean {
    return this.regions().every((region) =>
      !region.state.replicas.includes(rid) || isInSync(region, rid)
    );
  }

  /** Plays a scene: everything that the cluster tells meanwhile is shown. */
  async scene<T>(say: Say, signal: AbortSignal, play: (scene: Scene) => Promise<T>): Promise<T> {
    const begun = this.clock.now();
    let last: Promise<void> = Promise.resolve();
    const show = (at: number, line: string) => {
      const time = `+${duration(Math.max(0, at - begun))}`.padStart(TIME_WIDTH);
      last = last.then(() => say(`${time}  ${line}`));
      last.catch(() => {});
    };
    const seen = new Set<string>();
    const deaf = this.cluster.events.hear(({ at, event }) => {
      if (isNew(event, seen)) show(at, told(event, this));
    });
    const now = () => this.clock.now();
    try {
      return await play({
        signal,
        tell: (line) => show(now(), line),
        elapsed: () => now() - begun,
        until: async (condition, limitMs, everyMs = LOOK_EVERY_MS) => {
          const limit = now() + limitMs;
          while (!await condition()) {
            if (now() > limit) return false;
            await this.clock.sleep(everyMs, signal);
          }
          return true;
        },
      });
    } finally {
      deaf();
      await last;
    }
  }
}

/** Some things are told by several members, or more than once. */
function isNew(event: ClusterEvent, seen: Set<string>): boolean {
  const text = event.event === "copy.diverged"
    ? `${event.event} ${event.region} ${event.rid}`
    : JSON.stringify(event);
  if (seen.has(text)) return false;
  seen.add(text);
  return true;
}
