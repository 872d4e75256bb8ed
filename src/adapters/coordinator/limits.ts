/** What a node's path and data may be, alike for every coordination service. */
import { invariant } from "../../base/assert.ts";
import type { CoordinatorError } from "../../ports/coordinator.ts";
import { failure } from "./failure.ts";
import type { Request } from "./transport.ts";

/** Far below the megabyte at which ZooKeeper cuts the connection instead of answering. */
const NODE_BYTES_MAX = 64 * 1024;
const PATH_BYTES_MAX = 1024;

/** What ZooKeeper takes in no name: controls, surrogates and what is private or special. */
// deno-lint-ignore no-control-regex
const BAD_CHARACTER = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;

const encoder = new TextEncoder();

/** The error that a request ends with before it is sent, or null. */
export function limitFault(request: Request): CoordinatorError | null {
  if (request.op === "probe") return null;
  if (!isPath(request.path)) return failure(request, "refused", "no node may have this path");
  if ("version" in request && request.version !== null) {
    // The services take -1 for any version, which must never happen by mistake.
    invariant(
      Number.isInteger(request.version) && request.version >= 0,
      `not a version of ${request.path}: ${request.version}`,
    );
  }
  if (encoder.encode(request.path).length > PATH_BYTES_MAX) {
    return failure(request, "too_large", `its path is longer than ${PATH_BYTES_MAX} bytes`);
  }
  if (!("data" in request)) return null;
  const bytes = encoder.encode(request.data).length;
  if (bytes <= NODE_BYTES_MAX) return null;
  return failure(request, "too_large", `${bytes} bytes are more than ${NODE_BYTES_MAX}`);
}

function isPath(path: string): boolean {
  if (path === "/") return true;
  const [root, ...names] = path.split("/");
  return root === "" && names.length > 0 &&
    names.every((name) => name !== "" && name !== "." && name !== "..") &&
    !BAD_CHARACTER.test(path);
}
