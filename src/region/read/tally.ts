/** What a query's rows add up to on the other copies. */
import type { Request } from "../../protocol/messages.ts";
import type { Peer } from "../readable.ts";
import { contentOf } from "./content.ts";
import type { Part } from "./parts.ts";
import type { ReadStatement } from "./statement.ts";
import type { View } from "./snapshot.ts";
import type { Ballot } from "./verdict.ts";

export interface Asked {
  readonly parts: readonly Part[];
  readonly views: readonly View[];
  readonly statement: ReadStatement;
  readonly ordered: boolean;
  readonly timeoutMs: number;
}

/** Copies that answered, but on other contents: they may be compared at another moment. */
export interface Tallies {
  readonly asked: readonly Promise<Ballot>[];
  readonly elsewhere: number;
  /** Those that have not answered yet are silent from now on. */
  end(): void;
}

/** The replicas that hold all that is read. */
export function commonPeers(parts: readonly Part[]): readonly Peer[] {
  const [first, ...rest] = parts.map(({ replica }) => replica.peers());
  return (first ?? []).filter(({ rid }) =>
    rest.every((peers) => peers.some((peer) => peer.rid === rid))
  );
}

/** Asks every replica that holds all that is read. Silence and other contents count for nobody. */
export function askTallies(asking: Asked, signal: AbortSignal): Tallies {
  const ended = new AbortController();
  const options = {
    timeoutMs: asking.timeoutMs,
    signal: AbortSignal.any([signal, ended.signal]),
  };
  const mine = contentOf(asking.views.flatMap(({ fingerprints }) => fingerprints));
  const request = requestOf(asking);
  let elsewhere = 0;
  const ask = async (peer: Peer): Promise<Ballot> => {
    const silent: Ballot = { rid: peer.rid, content: null, isPrimary: false };
    try {
      const { fingerprints, rows, sum } = await peer.call("tally", request, options);
      if (contentOf(fingerprints.flat()) === mine) return { ...silent, content: `${rows}:${sum}` };
      elsewhere++;
    } catch {
      // It may be lost, slow, or of another epoch: it has nothing to say.
    }
    return silent;
  };
  return {
    asked: commonPeers(asking.parts).map(ask),
    get elsewhere() {
      return elsewhere;
    },
    end: () => ended.abort(),
  };
}

function requestOf({ parts, views, statement, ordered }: Asked): Request<"tally"> {
  return {
    parts: parts.map(({ replica, tables }, at) => ({
      region: replica.region,
      epoch: replica.epoch,
      seq: views[at]?.seq ?? 0,
      tables,
    })),
    sql: statement.sql,
    ordered,
  };
}
