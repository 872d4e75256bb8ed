/** The other replicas of a region, as those who can be asked. */
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionState } from "../protocol/model.ts";
import type { Caller } from "../rpc/caller.ts";
import type { Directory } from "./directory.ts";
import type { Peer } from "./readable.ts";

/** Those in sync. */
export function peersOf(
  state: RegionState | null,
  self: number,
  directory: Directory,
): readonly Peer[] {
  return peersAmong(state?.isr.map(({ rid }) => rid) ?? [], self, directory);
}

export function peersAmong(
  replicas: readonly number[],
  self: number,
  directory: Directory,
): readonly Peer[] {
  return replicas.filter((rid) => rid !== self).map((rid) => ({
    rid,
    call: async (op, request, { timeoutMs, signal }) => {
      const caller = await connectTo(directory, rid, { timeoutMs, signal });
      return await caller.call(op, request, {
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    },
  }));
}

/** A connection to another server, wherever it is now. */
export async function connectTo(
  directory: Directory,
  rid: number,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Caller> {
  const channel = directory.channel(rid);
  if (channel === null) {
    throw new MinisqlError("UNAVAILABLE", `Nobody knows where server ${rid} is`);
  }
  const { caller } = await channel.connect(timeoutMs, signal);
  return caller;
}
