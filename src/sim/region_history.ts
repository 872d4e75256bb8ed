/** What clients did and were told, kept so that it can be judged in the end. */
import type { ReadLevel, Receipt } from "../protocol/calls/region.ts";
import type { RegisterOperation } from "./checks/register.ts";
import type { Seen } from "./checks/sessions.ts";
import type { ListRead, Outcome, TokenWrite } from "./checks/tokens.ts";

/** What moves between two rows of the bank, and the token it leaves. */
export interface Transfer extends TokenWrite {
  readonly from: number;
  readonly to: number;
}

/** One read, and what the answer stands on. */
export interface CheckedRead {
  readonly level: ReadLevel;
  readonly receipt: Receipt;
  /** From the tables as they stood: what should have been found. */
  readonly what: ReadQuestion;
  readonly found: string;
  /** The position that the session had seen before. */
  readonly after: number;
  /** When it was asked, and what of each region had been acknowledged to somebody by then. */
  readonly called: number;
  readonly acknowledged: ReadonlyMap<string, number>;
}

export type ReadQuestion =
  | { readonly kind: "register"; readonly id: number }
  | { readonly kind: "list"; readonly id: number }
  | { readonly kind: "bank" }
  | { readonly kind: "tokens" };

export class RegionHistory {
  readonly registers = new Map<number, RegisterOperation[]>();
  readonly counters = new Map<number, TokenWrite[]>();
  readonly appends = new Map<number, TokenWrite[]>();
  readonly listReads = new Map<number, ListRead[]>();
  readonly tokens: TokenWrite[] = [];
  readonly transfers: Transfer[] = [];
  readonly sessions = new Map<string, Seen[]>();
  /** Operations begun, and those whose end is known to the client. */
  begun = 0;
  ended = 0;
  readonly outcomes: Record<Outcome, number> = { done: 0, refused: 0, unknown: 0 };
  reads = 0;
  /** Parts of reads that another server than the one asked has sent. */
  gathered = 0;
  readonly refusals = new Map<string, number>();

  /** The last position that a session was told of. */
  reached(session: string, region: string): number {
    const answers = this.sessions.get(session) ?? [];
    return answers.findLast((each) => each.region === region)?.seq ?? 0;
  }

  seen(session: string, kind: "read" | "write", receipt: Receipt, at: number): void {
    const { region, epoch, seq } = receipt;
    push(this.sessions, session, { region, kind, epoch, seq, at });
  }
}

export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
