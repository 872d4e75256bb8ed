/**
 * The protocol: every operation, declared once as a value. Types, validators, the handler tables
 * that roles must fill and the protocol page all come from here.
 */
import type { AnswerOf, CallSpec, EventOf, Receiver, RequestOf } from "./call.ts";
import { ANY_CALLS } from "./calls/any.ts";
import { GATHERING_CALLS } from "./calls/gathering.ts";
import { MASTER_CALLS } from "./calls/master.ts";
import { READING_CALLS } from "./calls/reading.ts";
import { REGION_CALLS } from "./calls/region.ts";
import { REPLICA_CALLS } from "./calls/replica.ts";

/** Rises when a peer of the version before could not understand what is sent. */
export const PROTOCOL_VERSION = 1;

export const CALLS = {
  ...ANY_CALLS,
  ...MASTER_CALLS,
  ...REGION_CALLS,
  ...REPLICA_CALLS,
  ...READING_CALLS,
  ...GATHERING_CALLS,
} as const;

export type CallName = keyof typeof CALLS;
export type Request<N extends CallName> = RequestOf<(typeof CALLS)[N]>;
export type Answer<N extends CallName> = AnswerOf<(typeof CALLS)[N]>;
export type CallEvent<N extends CallName> = EventOf<(typeof CALLS)[N]>;

/** The operations that a receiver answers, `hello` and `ping` left to the RPC layer. */
export type CallsTo<R extends Receiver> = {
  [N in CallName]: (typeof CALLS)[N]["to"] extends R ? N : never;
}[CallName];

/** Operations whose answer is preceded by rows. */
export type RowsCall = {
  [N in CallName]: (typeof CALLS)[N] extends { readonly rows: true } ? N : never;
}[CallName];

/** Operations whose answer is preceded by events. */
export type EventsCall = {
  [N in CallName]: (typeof CALLS)[N] extends { readonly event: unknown } ? N : never;
}[CallName];

/** Names that once meant something and must not come to mean something else. */
export const RESERVED_CALLS: readonly string[] = [];

/** The declaration of an operation; null for a name that is none, `constructor` included. */
export function callSpec(name: string): CallSpec | null {
  return Object.hasOwn(CALLS, name) ? CALLS[name as CallName] : null;
}
