/** What a statement is run with, beside its text: what was seen and set before it. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import type { Request } from "../protocol/messages.ts";
import type { Positions } from "./positions.ts";
import type { Statement } from "./statement.ts";

export interface Context {
  readonly positions: Positions;
  /** The level of reads that say no other. */
  level: ReadLevel;
  foreignKeyChecks: boolean;
  /** What LAST_INSERT_ID() says. */
  lastInsertId: string;
}

/** The fields that make a statement mean the same on a server as in its session. */
export function meaning(
  { usesLastInsertId }: Statement,
  { foreignKeyChecks, lastInsertId }: Context,
): Pick<Request<"query">, "foreignKeyChecks" | "lastInsertId"> {
  return {
    ...(foreignKeyChecks ? {} : { foreignKeyChecks: false }),
    ...(usesLastInsertId ? { lastInsertId } : {}),
  };
}
