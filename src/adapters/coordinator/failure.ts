/** The words of failed requests, alike for every coordination service. */
import { unreachable } from "../../base/assert.ts";
import { CoordinatorError, type CoordinatorErrorCode } from "../../ports/coordinator.ts";
import type { Request } from "./transport.ts";

/** What the request does, after "Cannot". */
export function wordsOf(request: Request): string {
  switch (request.op) {
    case "create":
      return `create ${request.path}`;
    case "set":
      return `set ${request.path} at version ${request.version}`;
    case "delete":
      return request.version === null
        ? `delete ${request.path}`
        : `delete ${request.path} at version ${request.version}`;
    case "get":
    case "observe":
      return `read ${request.path}`;
    case "children":
      return `list ${request.path}`;
    case "probe":
      return "probe the coordination service";
    default:
      return unreachable(request);
  }
}

/** The error for a request that ended with `code`. `detail` is what the service said, if anything. */
export function failure(
  request: Request,
  code: CoordinatorErrorCode,
  detail?: string,
): CoordinatorError {
  const state = detail ?? stateOf(request, code);
  return new CoordinatorError(code, `Cannot ${wordsOf(request)}: ${state}`);
}

function stateOf(request: Request, code: CoordinatorErrorCode): string {
  switch (code) {
    case "no_node":
      return request.op === "create" ? "its parent does not exist" : "it does not exist";
    case "node_exists":
      return "it exists already";
    case "bad_version":
      return "another version is current";
    case "not_empty":
      return "it has children";
    case "ephemeral_parent":
      return "its parent is ephemeral";
    case "connection_loss":
      return "the connection was lost before the answer came";
    case "suspended":
      return "the session is suspended";
    case "session_ended":
      return "the session has ended";
    case "too_large":
      return "it is too large";
    case "forbidden":
      return "the service does not allow it";
    case "refused":
      return "the service refused it";
    default:
      return unreachable(code);
  }
}
