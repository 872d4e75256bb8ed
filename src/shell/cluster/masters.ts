/** Which masters there are: those that take part, and those that we were told of in vain. */
import type { ClusterAdmin } from "../../client/api.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { LookOptions } from "./looks.ts";

export interface MasterState {
  /** Unknown of one that cannot be reached. */
  readonly id: string | null;
  readonly host: string;
  readonly port: number;
  readonly state: "leads" | "stands by" | "unreachable";
  readonly term: number | null;
  readonly since: number | null;
}

const PING_MS = 2000;

export async function mastersOf(
  admin: ClusterAdmin,
  { masters: told, signal, timeoutMs }: LookOptions,
): Promise<readonly MasterState[]> {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const { masters } = await admin.master("masters", {}, { signal, ...limit });
  const known = new Set(masters.map(({ host, port }) => `${host}:${port}`));
  const others = told.filter(({ host, port }) => !known.has(`${host}:${port}`));
  const lost = await Promise.all(others.map(async (address): Promise<readonly MasterState[]> => {
    try {
      await admin.server(address, "ping", {}, { signal, timeoutMs: PING_MS });
      // It is one of those that take part, under another name of its machine.
      return [];
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      return [{ id: null, ...address, state: "unreachable", term: null, since: null }];
    }
  }));
  const taking = masters.map((each): MasterState => ({
    ...each,
    state: each.term === null ? "stands by" : "leads",
  }));
  return [...taking, ...lost.flat()];
}
