/** The other replicas in sync, as those who can be asked. */
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionState } from "../protocol/model.ts";
import type { Directory } from "./directory.ts";
import type { Peer } from "./readable.ts";

export function peersOf(
  state: RegionState | null,
  self: number,
  directory: Directory,
): readonly Peer[] {
  const others = state?.isr.filter(({ rid }) => rid !== self) ?? [];
  return others.map(({ rid }) => ({
    rid,
    call: async (op, request, { timeoutMs, signal }) => {
      const channel = directory.channel(rid);
      if (channel === null) {
        throw new MinisqlError("UNAVAILABLE", `Nobody knows where server ${rid} is`);
      }
      const { caller } = await channel.connect(timeoutMs, signal);
      return await caller.call(op, request, {
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    },
  }));
}
