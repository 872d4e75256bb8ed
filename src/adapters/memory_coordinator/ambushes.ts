/** Faults that lie in wait for a request: the next one that fits springs them. */
import type { CoordinatorErrorCode } from "../../ports/coordinator.ts";
import type { Op, Request } from "../coordinator/transport.ts";

/** Absent fields fit any request. */
export interface RequestMatch {
  readonly client?: string;
  readonly op?: Op;
  readonly path?: string;
}

export type Ambush =
  | { readonly kind: "lose_reply"; readonly applied: boolean; readonly sprung: () => void }
  | { readonly kind: "refuse"; readonly code: CoordinatorErrorCode };

export class Ambushes {
  #waiting: { readonly match: RequestMatch; readonly ambush: Ambush }[] = [];

  /** How many have not been sprung. */
  get size(): number {
    return this.#waiting.length;
  }

  lay(match: RequestMatch, ambush: Ambush): void {
    this.#waiting.push({ match, ambush });
  }

  /** The oldest one that fits, which is then used up. Probes are only met by their name. */
  take(client: string, request: Request): Ambush | null {
    const path = request.op === "probe" ? undefined : request.path;
    const at = this.#waiting.findIndex(({ match }) =>
      (match.client ?? client) === client && (match.path ?? path) === path &&
      (match.op === undefined ? request.op !== "probe" : match.op === request.op)
    );
    return at < 0 ? null : this.#waiting.splice(at, 1)[0]?.ambush ?? null;
  }
}
