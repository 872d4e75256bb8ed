/**
 * A session on any transport: what may be sent and when, how long an answer is waited for, when
 * the session is suspended and when it has ended. Nothing of this is left to the technology.
 */
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import {
  CoordinatorError,
  type CoordinatorErrorCode,
  type NodeMode,
  type NodeValue,
  type Observed,
  type Session,
  type SessionState,
} from "../../ports/coordinator.ts";
import { failure } from "./failure.ts";
import { limitFault } from "./limits.ts";
import { Observations } from "./observations.ts";
import { SessionClock } from "./session_clock.ts";
import type { Answer, Answers, Op, Request, Transport, TransportListener } from "./transport.ts";

/** Parts of the session's timeout. A dead connection is noticed after three quarters at most. */
const PROBE_EVERY_PART = 1 / 4;
const ANSWER_LIMIT_PART = 1 / 2;

/**
 * Calls sent and not answered. More wait here for their turn: a burst of thousands would else make
 * the last of them, and the probe behind them, late for no fault of the service.
 */
const CALLS_SENT_MAX = 256;

interface Call {
  readonly request: Request;
  readonly answered: (answer: Answer) => void;
  readonly fail: (error: CoordinatorError) => void;
  cancelDeadline: () => void;
}

export class TransportSession implements Session {
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #life = new SessionClock();
  readonly #observations = new Observations();
  readonly #opened = new Deferred<void>();
  readonly #ended = new Deferred<string>();
  readonly #sent = new Set<Call>();
  /** Not sent yet, and never if the connection is lost first. */
  readonly #waiting = new Set<Call>();
  readonly #listeners = new Set<(state: SessionState) => void>();
  #sending = false;
  #id = "";
  #state: SessionState = "suspended";
  /** Why the session is suspended or ended. */
  #reason = "not connected yet";
  #cancelProbe = () => {};
  #cancelProbeLimit: (() => void) | null = null;
  #cancelSilence = () => {};
  /** Set once the session has ended: resolves when nothing of its transport is left. */
  #gone: Promise<void> | null = null;

  /** Nothing is sent before `opened`. `connect` makes the transport, which must not start yet. */
  constructor(clock: Clock, connect: (listener: TransportListener) => Transport) {
    this.#clock = clock;
    this.#transport = connect({
      connected: (session) => this.#connected(session),
      refused: (reason) => this.#reason = reason,
      lost: (reason) => this.#lost(reason),
      expired: (reason) => this.#end(reason),
      changed: (kind, path) => this.#observations.fire(kind, path),
    });
    this.#transport.start();
  }

  /** Resolves at the first connection; rejects with `suspended` if there will be none. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get id(): string {
    return this.#id;
  }

  get state(): SessionState {
    return this.#state;
  }

  get timeoutMs(): number {
    return this.#life.timeoutMs;
  }

  get certainUntil(): number {
    return this.#life.certainUntil;
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** How many wait for a change, for tests of what is left behind. */
  get observers(): number {
    return this.#observations.size;
  }

  onState(listener: (state: SessionState) => void): () => void {
    // One listener may be given twice; each giving is taken off by its own answer.
    const own = (state: SessionState) => listener(state);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  create(path: string, data: string, mode: NodeMode): Promise<string> {
    return this.#call({ op: "create", path, data, mode });
  }

  get(path: string): Promise<NodeValue> {
    return this.#call({ op: "get", path });
  }

  observe(path: string): Promise<Observed<NodeValue | null>> {
    return this.#call(
      { op: "observe", path },
      (value) => this.#observations.add("node", path, value),
    );
  }

  set(path: string, data: string, version: number): Promise<number> {
    return this.#call({ op: "set", path, data, version });
  }

  delete(path: string, version: number | null): Promise<void> {
    return this.#call({ op: "delete", path, version }, () => {});
  }

  children(path: string): Promise<readonly string[]> {
    return this.#call({ op: "children", path, watch: false }, sorted);
  }

  observeChildren(path: string): Promise<Observed<readonly string[]>> {
    return this.#call(
      { op: "children", path, watch: true },
      (names) => this.#observations.add("children", path, sorted(names)),
    );
  }

  close(): Promise<void> {
    if (this.#state === "connected") {
      this.#finish("closed", this.#transport.close(this.timeoutMs * ANSWER_LIMIT_PART));
    }
    this.#end("closed");
    return this.#gone ?? Promise.resolve();
  }

  /** Ends the session before it was opened. */
  giveUp(reason: string): void {
    this.#end(`${reason}: ${this.#reason}`);
  }

  /** `take` runs within the handling of the answer, before any event that follows it. */
  #call<O extends Op, T = Answers[O]>(
    request: Request<O>,
    take: (value: Answers[O]) => T = (value) => value as T,
  ): Promise<T> {
    const result = new Deferred<T>();
    const fault = limitFault(request) ?? this.#stateFault(request);
    if (fault !== null) {
      result.reject(fault);
      return result.promise;
    }
    this.#waiting.add({
      request,
      answered: (answer) => {
        if (answer.ok) result.resolve(take(answer.value as Answers[O]));
        else result.reject(answer.error);
      },
      fail: (error) => result.reject(error),
      cancelDeadline: () => {},
    });
    this.#sendWaiting();
    return result.promise;
  }

  #sendWaiting(): void {
    // An answer may come within the sending; the loop that sends then goes on by itself.
    if (this.#sending) return;
    this.#sending = true;
    for (const call of this.#waiting) {
      if (this.#sent.size >= CALLS_SENT_MAX) break;
      this.#waiting.delete(call);
      this.#send(call);
    }
    this.#sending = false;
  }

  #send(call: Call): void {
    const limitMs = this.timeoutMs * ANSWER_LIMIT_PART;
    call.cancelDeadline = this.#clock.after(
      limitMs,
      () => this.#transport.reconnect(`no answer within ${Math.round(limitMs)} ms`),
    );
    this.#sent.add(call);
    this.#transport.send(call.request, (answer) => {
      if (!this.#sent.delete(call)) return;
      call.cancelDeadline();
      call.answered(answer);
      this.#sendWaiting();
    });
  }

  #stateFault(request: Request): CoordinatorError | null {
    if (this.#state === "connected") return null;
    return this.#state === "ended"
      ? failure(request, "session_ended", `the session has ended: ${this.#reason}`)
      : failure(request, "suspended", `the session is suspended: ${this.#reason}`);
  }

  #connected(session: { id: string; timeoutMs: number; sentAt: number }): void {
    this.#id = session.id;
    this.#life.connected(session.sentAt, session.timeoutMs);
    this.#watchSilence();
    this.#probeAt(session.sentAt + this.timeoutMs * PROBE_EVERY_PART);
    this.#enter("connected");
    // Watches ended with the connection before this one.
    this.#observations.fireAll();
    this.#opened.resolve();
  }

  #lost(reason: string): void {
    this.#stopProbing();
    this.#reason = reason;
    this.#enter("suspended");
    this.#failCalls(this.#sent, "connection_loss", `the connection was lost: ${reason}`);
    this.#failCalls(this.#waiting, "suspended", `the session is suspended: ${reason}`);
  }

  #probeAt(moment: number): void {
    this.#cancelProbe();
    this.#cancelProbe = this.#clock.after(moment - this.#clock.now(), () => this.#probe());
  }

  #probe(): void {
    const sentAt = this.#clock.now();
    const next = sentAt + this.timeoutMs * PROBE_EVERY_PART;
    const limitMs = this.timeoutMs * ANSWER_LIMIT_PART;
    this.#cancelProbeLimit ??= this.#clock.after(
      limitMs,
      () => this.#transport.reconnect(`a probe was not answered within ${Math.round(limitMs)} ms`),
    );
    this.#transport.send({ op: "probe" }, (answer) => {
      if (this.#state !== "connected") return;
      this.#probeAt(next);
      // A refused probe proves nothing: its limit goes on, as if there were no answer.
      if (!answer.ok) return;
      this.#cancelProbeLimit?.();
      this.#cancelProbeLimit = null;
      this.#life.answered(sentAt);
    });
  }

  #stopProbing(): void {
    this.#cancelProbe();
    this.#cancelProbeLimit?.();
    this.#cancelProbeLimit = null;
  }

  /** Ends the session by the client's own clock, whatever the transport believes. */
  #watchSilence(): void {
    this.#cancelSilence();
    const leftMs = this.#life.silentUntil - this.#clock.now();
    if (leftMs <= 0) return this.#end(`no answer for ${this.timeoutMs} ms`);
    this.#cancelSilence = this.#clock.after(leftMs, () => this.#watchSilence());
  }

  #end(reason: string): void {
    if (this.#state !== "ended") this.#finish(reason, this.#transport.destroy());
  }

  #finish(reason: string, gone: Promise<void>): void {
    this.#gone = gone;
    this.#stopProbing();
    this.#cancelSilence();
    this.#reason = reason;
    this.#enter("ended");
    for (const calls of [this.#sent, this.#waiting]) {
      this.#failCalls(calls, "session_ended", `the session has ended: ${reason}`);
    }
    this.#observations.fireAll();
    this.#opened.reject(new CoordinatorError("suspended", `Cannot open a session: ${reason}`));
    this.#ended.resolve(reason);
  }

  #failCalls(calls: Set<Call>, code: CoordinatorErrorCode, detail: string): void {
    for (const call of calls) {
      calls.delete(call);
      call.cancelDeadline();
      call.fail(failure(call.request, code, detail));
    }
  }

  /** Listeners run on their own, so that their faults are theirs and they may call back in. */
  #enter(state: SessionState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener(state);
      });
    }
  }
}

function sorted(names: readonly string[]): readonly string[] {
  return [...names].sort();
}
