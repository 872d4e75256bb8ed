/** The table of handlers that a role must fill: one for each operation it answers, no more, no less. */
import type { Column, Row } from "./values.ts";
import type {
  Answer,
  CallEvent,
  CallName,
  CallsTo,
  EventsCall,
  Request,
  RowsCall,
} from "./messages.ts";

/** What a handler knows of the call it serves, beside the request. */
export interface CallContext {
  readonly caller: CallerInfo;
  /** Aborts when the caller cancels, its time is up, or its link is gone. */
  readonly signal: AbortSignal;
  /** Milliseconds the caller still waits, at the start of the call; null where it did not say. */
  readonly within: number | null;
}

/** Who said hello at the other end of the link. */
export interface CallerInfo {
  readonly role: Request<"hello">["role"];
  readonly name: string;
  readonly user: string | null;
  readonly rid: number | null;
  readonly incarnation: string | null;
  /** The address it calls from, as the network sees it. */
  readonly from: string;
}

/** Sends rows ahead of the answer. Resolves when the caller is ready for more; rejects when gone. */
export interface RowsContext extends CallContext {
  rows(columns: readonly Column[], rows: readonly Row[]): Promise<void>;
}

/** Sends events ahead of the answer, under the same rule. */
export interface EventsContext<N extends EventsCall> extends CallContext {
  event(event: CallEvent<N>): Promise<void>;
}

export type ContextOf<N extends CallName> = N extends RowsCall ? RowsContext
  : N extends EventsCall ? EventsContext<N>
  : CallContext;

export type Handler<N extends CallName> = (
  request: Request<N>,
  context: ContextOf<N>,
) => Promise<Answer<N>>;

/** A missing or a mistyped handler does not compile. */
export type Handlers<N extends CallName> = { readonly [K in N]: Handler<K> };

export type MasterHandlers = Handlers<CallsTo<"master">>;
export type RegionHandlers = Handlers<CallsTo<"region">>;
