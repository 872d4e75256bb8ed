/** The server's end of one link: hello first, then calls, each answered exactly once. */
import { Deferred } from "../base/deferred.ts";
import type { Clock } from "../ports/clock.ts";
import type { Incoming, Link } from "../ports/network.ts";
import {
  type CallerFrame,
  decodeCallerLine,
  encodeAnswer,
  encodeError,
} from "../protocol/codec.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { fitsLine, LINE_BYTES_MAX } from "../protocol/framing.ts";
import type { CallContext, CallerInfo, Handler } from "../protocol/handlers.ts";
import { type Answer, type CallName, callSpec, type Request } from "../protocol/messages.ts";
import { Deadlines } from "./deadlines.ts";
import { RPC_LIMITS, type RpcLimits } from "./limits.ts";
import { OutgoingStream } from "./outgoing_stream.ts";
import { ServingCall } from "./serving_call.ts";

/** Any handler, once its operation's types are out of sight. */
type AnyHandler = (request: unknown, context: CallContext) => Promise<object>;

export interface ServingDeps {
  readonly clock: Clock;
}

export interface ServingOptions {
  /** What this server answers. Operations of other receivers get BAD_REQUEST. */
  readonly handlers: { readonly [K in CallName]?: Handler<K> };
  /** Looks at the hello and answers it, or throws UNAUTHENTICATED with what does not fit. */
  readonly hello: (request: Request<"hello">, from: string) => Promise<Answer<"hello">>;
  /** Told of anything thrown that is not a MinisqlError: a defect of this program. */
  readonly onDefect: (error: unknown, op: string) => void;
  readonly limits?: Partial<RpcLimits>;
}

type Call = CallerFrame & { readonly kind: "call" };

/** A silent caller is noticed after its limit, or at most one part in so many later. */
const LOOKS = 4;

/** Stands in for the caller of a hello: nobody knows yet who it is. */
const STRANGER: CallerInfo = {
  role: "client",
  name: "",
  user: null,
  rid: null,
  incarnation: null,
  from: "",
};

export class Serving {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #options: ServingOptions;
  readonly #limits: RpcLimits;
  readonly #running = new Map<number, ServingCall>();
  readonly #deadlines: Deadlines;
  #caller: CallerInfo | null = null;
  #greeting = false;
  /** Settled once the hello under way has been answered; null while there is none. */
  #greeted: Deferred<void> | null = null;
  #drained: Deferred<void> | null = null;
  #heard = true;

  constructor(link: Link, deps: ServingDeps, options: ServingOptions) {
    this.#link = link;
    this.#clock = deps.clock;
    this.#options = options;
    this.#limits = { ...RPC_LIMITS, ...options.limits };
    this.#deadlines = new Deadlines(
      deps.clock,
      (id) => this.#abort(id, "TIMEOUT", "its time is up"),
    );
  }

  /** Who is calling; null before hello. */
  get caller(): CallerInfo | null {
    return this.#caller;
  }

  /** Serves until the link ends; then every call still under way is aborted. */
  async run(): Promise<void> {
    const stopHello = this.#clock.after(this.#limits.helloMs, () => {
      if (this.#caller === null) this.#hangUp("no hello came in time");
    });
    const stopWatch = this.#watchSilence();
    try {
      for (
        let line = await this.#link.receive();
        line !== null;
        line = await this.#link.receive()
      ) {
        this.#heard = true;
        this.#take(line);
        // What is sent right behind the hello is not to be refused for having been quick.
        if (this.#greeted !== null) {
          await Promise.race([this.#greeted.promise, this.#link.closed]);
        }
        this.#greeted = null;
      }
    } finally {
      stopHello();
      stopWatch();
      this.#link.close();
      this.#deadlines.close();
      for (const id of [...this.#running.keys()]) this.#abort(id, "CANCELLED", "the link is gone");
    }
  }

  /** Says goodbye: takes no more calls, lets those under way end within the limit, then closes. */
  async drain(graceMs: number): Promise<void> {
    this.#drained = new Deferred();
    if (this.#running.size === 0) this.#drained.resolve();
    const giveUp = this.#clock.after(graceMs, () => this.#drained?.resolve());
    await Promise.race([this.#drained.promise, this.#link.closed]);
    giveUp();
    await this.#link.finish(this.#limits.finishMs);
  }

  /** Looks a few times in each limit whether anything came, which is cheaper than noting when. */
  #watchSilence(): () => void {
    let stop = () => {};
    let quiet = 0;
    const look = () => {
      quiet = this.#heard ? 0 : quiet + 1;
      this.#heard = false;
      if (quiet >= LOOKS) return this.#link.close();
      stop = this.#clock.after(this.#limits.silenceMs / LOOKS, look);
    };
    look();
    return () => stop();
  }

  #take(line: Incoming): void {
    if (typeof line !== "string") return this.#takeFault(line.fault);
    const frame = decodeCallerLine(line);
    if (frame.kind === "bad") {
      return this.#sendError(frame.id, new MinisqlError("BAD_REQUEST", frame.why));
    }
    if (frame.kind === "cancel") return this.#abort(frame.id, "CANCELLED", "the caller cancelled");
    if (frame.kind === "more") return this.#running.get(frame.id)?.stream?.granted(frame.lines);
    this.#takeCall(frame);
  }

  #takeFault(fault: "utf8" | "too_long"): void {
    if (fault === "utf8") {
      const why = "Cannot read the line: it is not UTF-8";
      return this.#sendError(null, new MinisqlError("BAD_REQUEST", why));
    }
    const why = `Cannot read the line: it is longer than ${LINE_BYTES_MAX} bytes`;
    this.#sendError(null, new MinisqlError("FRAME_TOO_LARGE", why));
    void this.#link.finish(this.#limits.finishMs);
  }

  #takeCall(call: Call): void {
    const refusal = this.#refusal(call);
    if (refusal !== null) return this.#sendError(call.id, refusal);
    const running = new ServingCall(this.#caller ?? STRANGER, call.within);
    const spec = callSpec(call.op);
    if (spec?.rows === true || spec?.event !== undefined) {
      running.streamsTo(
        new OutgoingStream(this.#link, call.id, running, this.#limits),
      );
    }
    this.#running.set(call.id, running);
    if (call.within !== null) this.#deadlines.set(call.id, call.within);
    void this.#answer(call, running);
  }

  #refusal(call: Call): MinisqlError | null {
    if (this.#running.has(call.id)) {
      return new MinisqlError("BAD_REQUEST", `Cannot use id ${call.id}: its call is under way`);
    }
    if (this.#drained !== null) {
      return new MinisqlError("UNAVAILABLE", "Cannot take the call: this server is shutting down");
    }
    if (this.#running.size >= this.#limits.callsMax) {
      const why = `Cannot take the call: ${this.#limits.callsMax} are under way on this link`;
      return new MinisqlError("UNAVAILABLE", why);
    }
    if (call.op === "hello") {
      if (!this.#greeting) {
        this.#greeting = true;
        this.#greeted = new Deferred();
        return null;
      }
      return new MinisqlError("BAD_REQUEST", "Cannot say hello: it has been said");
    }
    if (this.#caller === null) {
      return new MinisqlError("UNAUTHENTICATED", `Cannot do ${call.op}: say hello first`);
    }
    if (call.op !== "ping" && this.#options.handlers[call.op] === undefined) {
      return new MinisqlError("BAD_REQUEST", `Cannot do ${call.op}: it is not this server's to do`);
    }
    return null;
  }

  async #answer(call: Call, running: ServingCall): Promise<void> {
    let line: string;
    try {
      line = encodeAnswer(call.id, await this.#perform(call, running));
      if (!fitsLine(line)) throw tooLarge(call.op);
    } catch (error) {
      line = encodeError(call.id, this.#translate(error, call.op));
    }
    this.#running.delete(call.id);
    this.#deadlines.clear(call.id);
    this.#link.send(line);
    if (call.op === "hello") this.#greeted?.resolve();
    if (this.#running.size === 0) this.#drained?.resolve();
    if (call.op === "hello" && this.#caller === null) void this.#link.finish(this.#limits.finishMs);
  }

  async #perform(call: Call, running: ServingCall): Promise<object> {
    if (call.op === "ping") return {};
    if (call.op === "hello") return await this.#greet(call.request as Request<"hello">);
    const handler = this.#options.handlers[call.op] as unknown as AnyHandler;
    const answer = await handler(call.request, running);
    await running.stream?.end();
    return answer;
  }

  async #greet(request: Request<"hello">): Promise<object> {
    const from = `${this.#link.remote.host}:${this.#link.remote.port}`;
    const answer = await this.#options.hello(request, from);
    this.#caller = {
      role: request.role,
      name: request.name,
      user: request.user ?? null,
      rid: request.rid ?? null,
      incarnation: request.incarnation ?? null,
      from,
    };
    return answer;
  }

  #translate(error: unknown, op: string): MinisqlError {
    if (error instanceof MinisqlError) return error;
    this.#options.onDefect(error, op);
    return new MinisqlError(
      "INTERNAL",
      `Cannot do ${op}: a defect, which the server's log tells of`,
    );
  }

  /** Aborts the call's signal with the error that it is to be answered with. */
  #abort(id: number, code: "CANCELLED" | "TIMEOUT", why: string): void {
    this.#running.get(id)?.abort(new MinisqlError(code, `Cannot finish the call: ${why}`));
  }

  #hangUp(why: string): void {
    this.#sendError(null, new MinisqlError("UNAUTHENTICATED", `Cannot keep the link: ${why}`));
    void this.#link.finish(this.#limits.finishMs);
  }

  #sendError(id: number | null, error: MinisqlError): void {
    this.#link.send(encodeError(id, error));
  }
}

function tooLarge(op: string): MinisqlError {
  const why =
    `Cannot send the answer to ${op}: it is longer than a line may be, ${LINE_BYTES_MAX} bytes`;
  return new MinisqlError("UNSUPPORTED", why);
}
