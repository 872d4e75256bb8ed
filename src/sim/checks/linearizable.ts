/**
 * Whether operations on one thing, overlapping as they may, could have happened one after the
 * other, each at some moment between its call and its return (Wing and Gong's search, with Lowe's
 * memory of what was tried). What was called and never known to end may have happened at any time
 * after its call, or never: then it happens after everything else.
 */

export interface Operation<I, O> {
  readonly input: I;
  /** Null where the answer is not known. */
  readonly output: O | null;
  readonly called: number;
  /** Infinity where it is not known to have ended. */
  readonly returned: number;
}

export interface Model<S, I, O> {
  readonly initial: S;
  /** The state after the operation, or null if it cannot have that answer in this state. */
  step(state: S, input: I, output: O | null): { readonly state: S } | null;
  /** The same text for the same state. */
  key(state: S): string;
}

interface Entry {
  readonly op: number;
  readonly at: number;
  readonly isCall: boolean;
  /** Of a call: where it returns. */
  match: Entry | null;
  next: Entry | null;
  prev: Entry | null;
}

/** Null if there is such an order; else the longest beginning of one that was found, by index. */
export function linearize<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
): readonly number[] | null {
  const head = chain(operations);
  const done: { readonly entry: Entry; readonly state: S }[] = [];
  const linearized = new Bits(operations.length);
  const tried = new Set<string>();
  let longest: readonly number[] = [];
  let state = model.initial;
  let entry = head.next;
  while (head.next !== null) {
    if (entry?.isCall) {
      const next = attempt(model, operations, entry, state);
      linearized.set(entry.op);
      const key = next === null ? "" : `${linearized.key}|${model.key(next.state)}`;
      if (next !== null && !tried.has(key)) {
        tried.add(key);
        done.push({ entry, state });
        state = next.state;
        lift(entry);
        entry = head.next;
        continue;
      }
      linearized.clear(entry.op);
      entry = entry.next;
      continue;
    }
    // Something has returned that nothing can be put before any more: take back the last choice.
    if (done.length > longest.length) longest = done.map((each) => each.entry.op);
    const last = done.pop();
    if (last === undefined) return longest;
    state = last.state;
    linearized.clear(last.entry.op);
    unlift(last.entry);
    entry = last.entry.next;
  }
  return null;
}

function attempt<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  entry: Entry,
  state: S,
): { readonly state: S } | null {
  const { input, output } = operations[entry.op] as Operation<I, O>;
  return model.step(state, input, output);
}

/** Calls and returns in the order of time, behind a head that is neither. */
function chain(operations: readonly Operation<unknown, unknown>[]): Entry {
  const entries: Entry[] = operations.flatMap(({ called, returned }, op) => {
    const end: Entry = { op, at: returned, isCall: false, match: null, next: null, prev: null };
    return [{ op, at: called, isCall: true, match: end, next: null, prev: null }, end];
  });
  // At one moment calls come first: what touches overlaps.
  entries.sort((a, b) => a.at === b.at ? Number(b.isCall) - Number(a.isCall) : a.at - b.at);
  const head: Entry = { op: -1, at: -1, isCall: false, match: null, next: null, prev: null };
  let last = head;
  for (const entry of entries) {
    last.next = entry;
    entry.prev = last;
    last = entry;
  }
  return head;
}

/** Takes a call and its return out of the chain; they remember where they were. */
function lift(call: Entry): void {
  for (const entry of [call, call.match]) {
    if (entry === null) continue;
    if (entry.prev !== null) entry.prev.next = entry.next;
    if (entry.next !== null) entry.next.prev = entry.prev;
  }
}

function unlift(call: Entry): void {
  for (const entry of [call.match, call]) {
    if (entry === null) continue;
    if (entry.prev !== null) entry.prev.next = entry;
    if (entry.next !== null) entry.next.prev = entry;
  }
}

class Bits {
  readonly #words: Uint32Array;

  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  get key(): string {
    return this.#words.join(".");
  }

  set(at: number): void {
    this.#words[at >> 5] = (this.#words[at >> 5] ?? 0) | (1 << (at & 31));
  }

  clear(at: number): void {
    this.#words[at >> 5] = (this.#words[at >> 5] ?? 0) & ~(1 << (at & 31));
  }
}
