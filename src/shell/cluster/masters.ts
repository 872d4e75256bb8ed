/** Which masters there are, as far as one can be told of them: the one that leads knows no more. */
import type { ClusterAdmin } from "../../client/api.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { LookOptions } from "./looks.ts";

export interface MasterState {
  /** Only the one that leads tells its name. */
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
  { masters, signal, timeoutMs }: LookOptions,
): Promise<readonly MasterState[]> {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const { master } = await admin.master("status", {}, { signal, ...limit });
  const others = masters.filter(({ host, port }) => host !== master.host || port !== master.port);
  const states = others.map(async (address): Promise<MasterState> => {
    const facts = { id: null, ...address, term: null, since: null };
    try {
      await admin.server(address, "ping", {}, { signal, timeoutMs: PING_MS });
      return { ...facts, state: "stands by" };
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      return { ...facts, state: "unreachable" };
    }
  });
  const { id, host, port, term, since } = master;
  return [{ id, host, port, state: "leads", term, since }, ...await Promise.all(states)];
}
