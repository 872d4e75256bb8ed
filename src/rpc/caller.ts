/** The caller's end of one link: calls with deadlines, each ending exactly once. */
import type { Clock } from "../ports/clock.ts";
import type { Incoming, Link } from "../ports/network.ts";
import {
  decodeServerLine,
  encodeCall,
  encodeCancel,
  encodeMore,
  misfit,
  type ServerFrame,
  WITHIN_MS_MAX,
} from "../protocol/codec.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { fitsLine, LINE_BYTES_MAX } from "../protocol/framing.ts";
import {
  type Answer,
  type CallEvent,
  type CallName,
  callSpec,
  type EventsCall,
  type Request,
  type RowsCall,
} from "../protocol/messages.ts";
import { Deadlines } from "./deadlines.ts";
import { IncomingStream } from "./incoming_stream.ts";
import { RPC_LIMITS, type RpcLimits } from "./limits.ts";

export interface CallOptions {
  /** The call ends by then, one way or another. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Rows or events, then the answer. Leaving the loop early cancels the call. */
export type RowsReply<N extends RowsCall> = IncomingStream<Answer<N>, "rows">;
export type EventsReply<N extends EventsCall> = IncomingStream<Answer<N>, "events", CallEvent<N>>;

interface Pending {
  readonly op: CallName;
  readonly stream: IncomingStream<unknown, "rows" | "events", unknown> | null;
  readonly timeoutMs: number | null;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: MinisqlError) => void;
  readonly release: () => void;
}

export class Caller {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #limits: RpcLimits;
  readonly #pending = new Map<number, Pending>();
  readonly #deadlines: Deadlines;
  #nextId = 1;
  #heard = true;
  #ended: string | null = null;

  constructor(link: Link, deps: { readonly clock: Clock }, limits: Partial<RpcLimits> = {}) {
    this.#link = link;
    this.#clock = deps.clock;
    this.#limits = { ...RPC_LIMITS, ...limits };
    this.#deadlines = new Deadlines(deps.clock, (id) => this.#expire(id));
    void this.#read();
    this.#watch();
  }

  /** Resolves once the link is gone, with the reason. Calls under way have then failed. */
  get closed(): Promise<string> {
    return this.#link.closed;
  }

  get usable(): boolean {
    return this.#ended === null;
  }

  get underWay(): number {
    return this.#pending.size;
  }

  /** Calls an operation that answers with one line. */
  call<N extends Exclude<CallName, RowsCall | EventsCall>>(
    op: N,
    request: Request<N>,
    options: CallOptions = {},
  ): Promise<Answer<N>> {
    return this.#start(op, request, options, null) as Promise<Answer<N>>;
  }

  /** Calls an operation whose answer is preceded by rows. */
  rows<N extends RowsCall>(op: N, request: Request<N>, options: CallOptions = {}): RowsReply<N> {
    return this.#stream(op, request, options) as RowsReply<N>;
  }

  /** Calls an operation whose answer is preceded by events; it lasts until cancelled. */
  events<N extends EventsCall>(
    op: N,
    request: Request<N>,
    options: CallOptions = {},
  ): EventsReply<N> {
    return this.#stream(op, request, options) as EventsReply<N>;
  }

  /** Ends the link. Calls under way fail with OUTCOME_UNKNOWN. */
  close(): void {
    this.#link.close();
  }

  #stream<N extends RowsCall | EventsCall>(op: N, request: Request<N>, options: CallOptions) {
    const stream = new IncomingStream<unknown, "rows" | "events", unknown>({
      window: this.#limits.streamWindow,
    });
    stream.follow(this.#start(op, request, options, stream));
    return stream;
  }

  #start<N extends CallName>(
    op: N,
    request: Request<N>,
    options: CallOptions,
    stream: Pending["stream"],
  ): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const refusal = this.#refusal(op, options);
    if (refusal !== null) {
      reject(refusal);
      return promise;
    }
    const id = this.#nextId++;
    // Events go on until somebody has enough of them.
    const lasts = callSpec(op)?.event !== undefined;
    const limit = options.timeoutMs ?? (lasts ? null : this.#limits.callMs);
    const timeoutMs = limit === null
      ? null
      : Math.min(WITHIN_MS_MAX, Math.max(1, Math.ceil(limit)));
    const line = encodeCall(id, op, timeoutMs, request);
    if (!fitsLine(line)) {
      const why = `Cannot send ${op}: it is longer than a line may be, ${LINE_BYTES_MAX} bytes`;
      reject(new MinisqlError("FRAME_TOO_LARGE", why));
      return promise;
    }
    stream?.begin({
      taken: (lines) => this.#link.send(encodeMore(id, lines)),
      left: () => this.#giveUp(id, readerLeft),
    });
    const release = this.#listen(id, options.signal);
    this.#pending.set(id, { op, stream, timeoutMs, resolve, reject, release });
    if (timeoutMs !== null) this.#deadlines.set(id, timeoutMs);
    this.#link.send(line);
    return promise;
  }

  #refusal(op: CallName, options: CallOptions): MinisqlError | null {
    if (this.#ended !== null) {
      return new MinisqlError("UNAVAILABLE", `Cannot send ${op}: the link is gone: ${this.#ended}`);
    }
    // Whether the peer lives must be found out however much it has to do.
    if (op !== "ping" && this.#pending.size >= this.#limits.callsMax) {
      const why = `Cannot send ${op}: ${this.#limits.callsMax} calls are under way on this link`;
      return new MinisqlError("UNAVAILABLE", why);
    }
    if (options.signal?.aborted) return cancelled(op, options.signal);
    return null;
  }

  /** Gives the call up when the signal aborts; the answer takes the ear off again. */
  #listen(id: number, signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {};
    const aborted = () => this.#giveUp(id, (op) => cancelled(op, signal));
    signal.addEventListener("abort", aborted, { once: true });
    return () => signal.removeEventListener("abort", aborted);
  }

  #expire(id: number): void {
    this.#giveUp(id, (op, timeoutMs) => {
      const why = `Cannot finish ${op}: no answer within ${timeoutMs} ms`;
      return new MinisqlError("TIMEOUT", why);
    });
  }

  #giveUp(id: number, error: (op: CallName, timeoutMs: number | null) => MinisqlError): void {
    const pending = this.#settle(id);
    if (pending === undefined) return;
    this.#link.send(encodeCancel(id));
    pending.reject(error(pending.op, pending.timeoutMs));
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#deadlines.clear(id);
    pending?.release();
    return pending;
  }

  async #read(): Promise<void> {
    let why = "";
    for (let line = await this.#link.receive(); line !== null; line = await this.#link.receive()) {
      this.#heard = true;
      why = this.#take(line);
      if (why !== "") break;
    }
    this.#link.close();
    this.#ended = why === "" ? await this.#link.closed : why;
    for (const [id, { op }] of [...this.#pending]) {
      const text = `Cannot tell how ${op} ended: the link was lost: ${this.#ended}`;
      this.#settle(id)?.reject(new MinisqlError("OUTCOME_UNKNOWN", text));
    }
    this.#deadlines.close();
  }

  /** Handles one line; the answer says why the link must end, or is empty. */
  #take(line: Incoming): string {
    if (typeof line !== "string") return `a line from the server is ${line.fault}`;
    const frame = decodeServerLine(line);
    if (frame.kind === "bad") return `a line from the server makes no sense: ${frame.why}`;
    if (frame.kind === "error" && frame.id === null) {
      return `${frame.error.code}: ${frame.error.message}`;
    }
    const pending = this.#pending.get(frame.id as number);
    // Lines of a call given up are still on their way for a while.
    return pending === undefined ? "" : this.#deliver(frame, pending);
  }

  #deliver(frame: ServerFrame, pending: Pending): string {
    const id = frame.id as number;
    const spec = callSpec(pending.op);
    switch (frame.kind) {
      case "error":
        this.#settle(id)?.reject(frame.error);
        return "";
      case "answer": {
        const why = spec === null ? "no such op" : misfit(spec.answer, frame.answer, "ok");
        if (why !== null) return `the answer to ${pending.op} makes no sense: ${why}`;
        this.#settle(id)?.resolve(frame.answer);
        return "";
      }
      case "rows":
        return pending.stream?.takeRows(frame.columns, frame.rows) ?? "rows where none belong";
      case "event": {
        const why = spec?.event === undefined
          ? "an event where none belongs"
          : misfit(spec.event, frame.event, "event");
        return why ?? pending.stream?.takeEvent(frame.event) ?? "";
      }
    }
  }

  /** A silent link is pinged; one that stays silent is given up. */
  #watch(): void {
    const { pingAfterMs, pingAnswerMs } = this.#limits;
    let stop = () => {};
    let quiet = 0;
    const look = () => {
      quiet = this.#heard ? 0 : quiet + 1;
      this.#heard = false;
      if (quiet < LOOKS) stop = this.#clock.after(pingAfterMs / LOOKS, look);
      else void this.call("ping", {}, { timeoutMs: pingAnswerMs }).then(look, giveUp);
    };
    // Whatever came instead of the answer shows that the peer lives.
    const giveUp = () => this.#heard ? look() : this.#link.close();
    look();
    void this.#link.closed.then(() => stop());
  }
}

function readerLeft(op: CallName): MinisqlError {
  return new MinisqlError("CANCELLED", `Cannot finish ${op}: its reader went away`);
}

/** A silent link is noticed after its limit, or at most one part in so many later. */
const LOOKS = 4;

function cancelled(op: CallName, signal: AbortSignal | undefined): MinisqlError {
  const reason: unknown = signal?.reason;
  if (reason instanceof MinisqlError) return reason;
  return new MinisqlError("CANCELLED", `Cannot finish ${op}: the caller cancelled it`);
}
