/** The limits of a conversation, in one place. */

export const RPC_LIMITS = {
  /** A caller that has not said hello by then is hung up on. */
  helloMs: 10_000,
  /** A caller pings a link it has not heard from for so long… */
  pingAfterMs: 10_000,
  /** …and gives it up when nothing at all comes back for so long after. */
  pingAnswerMs: 10_000,
  /** A server hangs up on a caller it has not heard from for so long. */
  silenceMs: 60_000,
  /** Calls under way on one link; more are refused. */
  callsMax: 4096,
  /** Lines of a stream on the way that the receiver has not taken yet. */
  streamWindow: 16,
  /** Rows are gathered into lines of about this many bytes. */
  rowsLineBytes: 64 * 1024,
  /** What a call without a limit of its own may take. */
  callMs: 30_000,
  /** What was answered last gets so long to go out before a link is closed. */
  finishMs: 1000,
} as const;

export type RpcLimits = { readonly [K in keyof typeof RPC_LIMITS]: number };
