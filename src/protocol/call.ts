/** How one operation of the protocol is declared. */
import type { Infer, ObjectShape, Shape } from "../base/shape.ts";

export type Receiver = "any" | "master" | "region";

// deno-lint-ignore ban-types
type AnyFields = {};

export interface CallSpec {
  /** Whose handler table has it. */
  readonly to: Receiver;
  /** What it does, in one sentence, for the protocol page. */
  readonly does: string;
  readonly request: ObjectShape<AnyFields>;
  readonly answer: ObjectShape<AnyFields>;
  /** Asked again, it does nothing that was not done: a client may send it anew when in doubt. */
  readonly repeatable?: true;
  /** Result rows come before the answer. */
  readonly rows?: true;
  /** Values of this shape come before the answer. */
  readonly event?: Shape<unknown>;
}

export type RequestOf<S extends CallSpec> = Infer<S["request"]>;
export type AnswerOf<S extends CallSpec> = Infer<S["answer"]>;
export type EventOf<S extends CallSpec> = S extends { readonly event: Shape<infer E> } ? E : never;
