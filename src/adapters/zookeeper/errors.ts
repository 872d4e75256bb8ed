/** ZooKeeper's error codes in the words of the coordinator port. */
import type { CoordinatorError, CoordinatorErrorCode } from "../../ports/coordinator.ts";
import { failure } from "../coordinator/failure.ts";
import type { Request } from "../coordinator/transport.ts";
import type { LibraryError } from "./library.ts";

/** A request that was never written; no server answers with this. */
export const NOT_SENT = 1;

/** Another connection has taken the session over, and it is none of this client's. */
const SESSION_MOVED = -118;

const CODES: ReadonlyMap<number, CoordinatorErrorCode> = new Map([
  [NOT_SENT, "suspended"],
  [-4, "connection_loss"],
  [-101, "no_node"],
  [-102, "forbidden"],
  [-103, "bad_version"],
  [-108, "ephemeral_parent"],
  [-110, "node_exists"],
  [-111, "not_empty"],
  [-112, "session_ended"],
  [-114, "forbidden"],
  [-115, "forbidden"],
  [SESSION_MOVED, "session_ended"],
  [-124, "forbidden"],
]);

export function convertError(request: Request, { code }: LibraryError): CoordinatorError {
  const known = CODES.get(code);
  if (known === undefined) {
    return failure(request, "refused", `ZooKeeper answered with error ${code}`);
  }
  return failure(request, known);
}

/** Why a session ended, when this error ended it. */
export function endReason({ code }: LibraryError): string {
  return code === SESSION_MOVED ? "taken over by another connection" : "expired";
}
