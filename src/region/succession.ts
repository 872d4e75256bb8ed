/** Whether a replica takes over, and the state with which it does. Pure. */
import { minInSyncOf } from "../cluster/route.ts";
import type { RegionState } from "../protocol/model.ts";
import type { Member } from "./primary/quorum.ts";

export interface Heir {
  readonly self: Member;
  /** The highest epoch this replica has promised to. */
  readonly promised: number;
  /** Why the copy may not lead; null where it may. */
  readonly unfit: string | null;
  /** Why the primary of the state is thought to be gone; null where it is not. */
  readonly suspicion: string | null;
}

/** Take over, after those who stand before it have had their turn. */
export interface Take {
  readonly kind: "take";
  readonly turn: number;
  readonly why: string;
}

/** What to do about who leads, as this replica sees it. */
export type Step =
  | { readonly kind: "none" }
  /** The node says that this very process leads. */
  | { readonly kind: "assume" }
  | Take;

const NONE: Step = { kind: "none" };

export function stepOf(state: RegionState, heir: Heir): Step {
  const { self, unfit } = heir;
  if (state.state !== "open") return NONE;
  const own = state.isr.find(({ rid }) => rid === self.rid);
  // Who is not in sync may lack what was acknowledged.
  if (own === undefined) return NONE;
  if (state.primary === self.rid && own.incarnation === self.incarnation) {
    return heir.promised <= state.epoch ? { kind: "assume" } : take(state, heir, "it has resigned");
  }
  if (unfit !== null) return NONE;
  if (state.primary === null) return take(state, heir, "nobody leads");
  if (state.primary === self.rid) return take(state, heir, "this server was restarted");
  return heir.suspicion === null ? NONE : take(state, heir, heir.suspicion);
}

/** Somebody else is in sync, who could put this server's copy right. */
export function hasOthers(state: RegionState | null, self: number | null): boolean {
  return state?.isr.some(({ rid }) => rid !== self) === true;
}

/** Nobody leads in it: whoever was to cannot. */
export function resigned(state: RegionState, promised: number): RegionState {
  return { ...state, epoch: Math.max(state.epoch, promised) + 1, primary: null };
}

/** Whether others keep the region now without this server, in no older epoch than it knows of. */
export function isLetGo(state: RegionState, rid: number, epoch: number): boolean {
  if (state.state !== "open" || state.isr.length === 0 || state.epoch < epoch) return false;
  return !state.replicas.includes(rid) && state.isr.every((member) => member.rid !== rid);
}

function take(state: RegionState, { self }: Heir, why: string): Step {
  const heirs = state.isr.map(({ rid }) => rid).filter((rid) => rid !== state.primary);
  const turn = state.primary === self.rid ? 0 : Math.max(0, heirs.indexOf(self.rid));
  return { kind: "take", turn, why };
}

/**
 * The next epoch's state. The old primary leaves, unless too few of those who answer would be left
 * to go on: it has all that was acknowledged, and may be back before those who do not answer.
 */
export function nextTerm(
  state: RegionState,
  { self, promised }: Pick<Heir, "self" | "promised">,
  answers: (member: Member) => boolean,
): RegionState {
  const others = state.isr.filter(({ rid }) => rid !== self.rid);
  const remaining = others.filter(({ rid }) => rid !== state.primary);
  const isEnough = remaining.filter(answers).length + 1 >= minInSyncOf(state);
  return {
    ...state,
    epoch: Math.max(state.epoch, promised) + 1,
    primary: self.rid,
    isr: [self, ...(isEnough ? remaining : others)],
  };
}
