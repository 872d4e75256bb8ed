/** The looks at a cluster that there are: for the shell's SHOW, its commands, and subcommands. */
import type { ClusterAdmin } from "../../client/api.ts";
import type { Answer, Request } from "../../protocol/messages.ts";
import {
  eventsView,
  jobsView,
  mastersView,
  regionsView,
  serversView,
  statusTable,
  statusView,
  tablesView,
  type View,
} from "../views.ts";
import { mastersOf, type MasterState } from "./masters.ts";

export interface LookOptions {
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Masters that we were told of. */
  readonly masters: readonly { readonly host: string; readonly port: number }[];
}

/** What was seen: for people, and as it was answered. */
export interface Seen {
  readonly view: View;
  /** The same as a plain table, where the view has more than that. */
  readonly table: View;
  readonly answer: unknown;
  readonly isWell: boolean;
}

export interface Look {
  readonly name: string;
  readonly summary: string;
  see(admin: ClusterAdmin, options: LookOptions): Promise<Seen>;
}

type Looked = "status" | "servers" | "meta" | "regions" | "events" | "jobs";

interface LookSpec<N extends Looked> {
  readonly name: string;
  readonly op: N;
  readonly summary: string;
  readonly view: (answer: Answer<N>, now: number) => View;
  readonly table?: (answer: Answer<N>, now: number) => View;
  readonly isWell?: (answer: Answer<N>) => boolean;
}

function look<N extends Looked>(spec: LookSpec<N>): Look {
  return {
    name: spec.name,
    summary: spec.summary,
    async see(admin, { now, signal, timeoutMs }) {
      const options = timeoutMs === undefined ? { signal } : { signal, timeoutMs };
      const answer = await admin.master<N>(spec.op, {} as Request<N>, options);
      return {
        view: spec.view(answer, now),
        table: (spec.table ?? spec.view)(answer, now),
        answer,
        isWell: spec.isWell?.(answer) ?? true,
      };
    },
  };
}

export const STATUS = look({
  name: "status",
  op: "status",
  summary: "Is the cluster well? A verdict, in one sentence",
  view: statusView,
  table: statusTable,
  isWell: ({ verdict }) => verdict.healthy,
});

const MASTERS: Look = {
  name: "masters",
  summary: "List masters: who leads, who stands by",
  async see(admin, options) {
    const masters: readonly MasterState[] = await mastersOf(admin, options);
    const view = mastersView(masters);
    const isWell = masters.every(({ state }) => state !== "unreachable");
    return { view, table: view, answer: { masters }, isWell };
  },
};

export const LOOKS: readonly Look[] = [
  STATUS,
  MASTERS,
  look({ name: "servers", op: "servers", summary: "List region servers", view: serversView }),
  look({ name: "tables", op: "meta", summary: "List tables and their copies", view: tablesView }),
  look({
    name: "regions",
    op: "regions",
    summary: "List regions and in-sync sets",
    view: regionsView,
  }),
  look({
    name: "events",
    op: "events",
    summary: "List what happened, newest last",
    view: eventsView,
  }),
  look({ name: "jobs", op: "jobs", summary: "List long operations", view: jobsView }),
];
