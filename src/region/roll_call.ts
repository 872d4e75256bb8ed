/** Which of the other replicas answer, apart from a primary that is to be taken over from. */
import { minInSyncOf } from "../cluster/route.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionState } from "../protocol/model.ts";
import type { Directory } from "./directory.ts";
import { peersAmong } from "./peers.ts";
import type { Member } from "./primary/quorum.ts";

export interface RollCall {
  /** None does, without whom nothing could be committed: whoever asked may be cut off itself. */
  readonly isAlone: boolean;
  /** Whether it does, as the process that is in sync. */
  readonly answers: (member: Member) => boolean;
}

export async function callRoll(
  state: RegionState,
  self: number,
  directory: Directory,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RollCall> {
  const asked = peersAmong(state.replicas, self, directory)
    .filter(({ rid }) => rid !== state.primary);
  const heard = new Set<number>();
  await Promise.all(asked.map(async ({ rid, call }) => {
    try {
      await call("ping", {}, { timeoutMs, signal });
      heard.add(rid);
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
    }
  }));
  return {
    isAlone: asked.length > 0 && heard.size === 0 && minInSyncOf(state) > 1,
    answers: ({ rid, incarnation }) =>
      heard.has(rid) && directory.server(rid)?.incarnation === incarnation,
  };
}
